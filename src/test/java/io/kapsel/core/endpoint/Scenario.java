package io.kapsel.core.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.core.endpoint.Endpoint.Answer;
import io.kapsel.core.endpoint.Endpoint.AttemptsEnded;
import io.kapsel.core.endpoint.Endpoint.Command;
import io.kapsel.core.endpoint.Endpoint.Created;
import io.kapsel.core.endpoint.Endpoint.Decision;
import io.kapsel.core.endpoint.Endpoint.Event;
import io.kapsel.core.endpoint.Endpoint.Finish;
import io.kapsel.core.endpoint.Endpoint.Finished;
import io.kapsel.core.endpoint.Endpoint.Offer;
import io.kapsel.core.endpoint.Endpoint.OfferAnswered;
import io.kapsel.core.endpoint.Endpoint.Offered;
import io.kapsel.core.endpoint.Endpoint.Release;
import io.kapsel.core.endpoint.Endpoint.Reply;
import io.kapsel.core.endpoint.Endpoint.Started;
import io.kapsel.core.endpoint.Endpoint.WebhooksAccepted;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * Given events, when a command, then events: the life of one endpoint told in its own words. A
 * webhook is a number; the first one accepted is 1 and has sequence 1. Jitter draws the middle
 * unless told otherwise, so that delays are the nominal ones.
 */
final class Scenario {
  static final long T0 = 1_800_000_000_000L;
  static final TenantId TENANT = new TenantId(7, 7);
  static final EndpointConfig CONFIG =
      new EndpointConfig(
          "orders",
          "https://example.com/hooks",
          SignatureSettings.NONE,
          IdempotencySettings.DEFAULT,
          RetryPolicy.DEFAULT,
          CircuitPolicy.DEFAULT,
          DeliverySettings.DEFAULT,
          false);

  static final Outcome OK = Outcome.delivered(200, "thanks");
  static final Outcome ERROR_500 =
      Outcome.failed(Outcome.Kind.FAILED, 500, ErrorCode.SERVER_ERROR, "500");
  static final Outcome BAD_400 =
      Outcome.failed(Outcome.Kind.REFUSED, 400, ErrorCode.CLIENT_ERROR, "400");
  static final Outcome GONE_410 =
      Outcome.failed(Outcome.Kind.GONE, 410, ErrorCode.ENDPOINT_GONE, "410");
  static final Outcome SLOW_DOWN_429 =
      Outcome.failed(Outcome.Kind.RATE_LIMITED, 429, ErrorCode.DELIVERY_RATE_LIMITED, "429");
  static final Outcome TIMED_OUT =
      Outcome.failed(Outcome.Kind.UNKNOWN, 0, ErrorCode.DELIVERY_TIMEOUT, "timeout");

  private final Life life;
  private Decision decision = new Decision(List.of(), new Endpoint.Done(), Flight.NONE);

  private Scenario(Life life) {
    this.life = life;
  }

  // ------------------------------------------------------------------------------- given

  /** An endpoint of the standard configuration with this past, recovered at its last event. */
  static Scenario given(Event... past) {
    return given(CONFIG, past);
  }

  static Scenario given(EndpointConfig config, Event... past) {
    return given(config, Limits.DEFAULT, past);
  }

  static Scenario given(EndpointConfig config, Limits limits, Event... past) {
    return given(config, limits, () -> 0.5, past);
  }

  static Scenario given(EndpointConfig config, Limits limits, Jitter jitter, Event... past) {
    Life life = new Life(T0, jitter, limits);
    life.recover(new Created(T0, TENANT, config));
    for (Event event : past) {
      life.at(Math.max(life.nowMillis(), atMillis(event)));
      life.recover(event);
    }
    life.look();
    return new Scenario(life);
  }

  static Scenario givenNothing() {
    return new Scenario(new Life(T0, () -> 0.5, Limits.DEFAULT));
  }

  // -------------------------------------------------------------------------------- when

  /** One command after another, at the time of the last step; what is said after is of the last. */
  Scenario when(Command... commands) {
    for (Command command : commands) decision = life.step(command);
    return this;
  }

  Scenario when(long atMillis, Command... commands) {
    life.at(atMillis);
    return when(commands);
  }

  /** The timer fires, or somebody else makes the shell look. */
  Scenario whenTimePasses(long atMillis) {
    return when(atMillis, new Endpoint.Wake());
  }

  Scenario whenItCrashes(long atMillis) {
    life.at(atMillis);
    life.crash();
    decision = new Decision(List.of(), new Endpoint.Done(), Flight.NONE);
    return this;
  }

  // -------------------------------------------------------------------------------- then

  Scenario then(Event... events) {
    assertEquals(List.of(events), decision.events());
    return this;
  }

  Scenario thenNothing() {
    return then();
  }

  Scenario andReply(Reply reply) {
    assertEquals(reply, decision.reply());
    return this;
  }

  Scenario andAnswers(Answer... answers) {
    return andReply(new OfferAnswered(List.of(answers)));
  }

  Scenario andRefusal(ErrorCode code) {
    Reply reply = decision.reply();
    if (!(reply instanceof Endpoint.Refused refused)) throw new AssertionError("got " + reply);
    assertEquals(code, refused.rejection().code());
    return this;
  }

  /** The attempts that started in the last step, in order. */
  Scenario andStarts(Started... attempts) {
    assertEquals(List.of(attempts), life.plan().attempts());
    return this;
  }

  Scenario andStartsNothing() {
    return andStarts();
  }

  /** The number of attempts that started in the last step. */
  Scenario andStarts(int attempts) {
    assertEquals(attempts, life.plan().attempts().size(), () -> "starts " + life.plan());
    return this;
  }

  Scenario andWakesAt(long atMillis) {
    assertEquals(OptionalLong.of(atMillis), life.plan().wakeAtMillis(), () -> relative(atMillis));
    return this;
  }

  Scenario andSleeps() {
    assertEquals(OptionalLong.empty(), life.plan().wakeAtMillis());
    return this;
  }

  Scenario andPending(int... webhooks) {
    assertEquals(
        Arrays.stream(webhooks).mapToObj(Scenario::id).toList(),
        life.state().backlog().inOrder().stream().map(Pending::id).toList());
    return this;
  }

  Scenario andIsDueAt(int webhook, long atMillis) {
    assertEquals(
        atMillis,
        life.state().backlog().find(id(webhook)).orElseThrow().dueAtMillis(),
        () -> relative(atMillis));
    return this;
  }

  Scenario andCircuit(Circuit circuit) {
    assertEquals(circuit, life.state().circuit());
    return this;
  }

  Scenario andInFlight(int attempts) {
    assertEquals(attempts, life.flight().attempts().size());
    return this;
  }

  State state() {
    return life.state();
  }

  Flight flight() {
    return life.flight();
  }

  List<Event> events() {
    return decision.events();
  }

  private static long atMillis(Event event) {
    return switch (event) {
      case Created created -> created.atMillis();
      case Endpoint.Configured configured -> configured.atMillis();
      case Endpoint.StatusChanged changed -> changed.atMillis();
      case WebhooksAccepted accepted -> accepted.atMillis();
      case AttemptsEnded ended -> ended.atMillis();
      case Endpoint.Retried retried -> retried.atMillis();
      case Endpoint.CircuitReset reset -> reset.atMillis();
      case Endpoint.HistoryConfirmed confirmed -> 0;
    };
  }

  private static String relative(long atMillis) {
    return "expected T0 + " + (atMillis - T0) + " ms";
  }

  // ------------------------------------------------------------------------------- words

  static long at(long afterMillis) {
    return T0 + afterMillis;
  }

  static long seconds(long seconds) {
    return seconds * 1_000;
  }

  static long minutes(long minutes) {
    return seconds(60 * minutes);
  }

  static long hours(long hours) {
    return minutes(60 * hours);
  }

  static WebhookId id(int webhook) {
    return id(webhook, T0);
  }

  static WebhookId id(int webhook, long createdAtMillis) {
    return new WebhookId(createdAtMillis << 16 | 0x7000, 1L << 63 | webhook);
  }

  static Offered webhook(int number) {
    return new Offered(id(number), null, 0, 0);
  }

  static Offered webhookMadeAt(long createdAtMillis, int number) {
    return new Offered(id(number, createdAtMillis), null, 0, 0);
  }

  static Offered webhook(int number, String key, String body) {
    return new Offered(id(number), key(key), body.hashCode(), 0);
  }

  static Offered webhookMadeAt(long createdAtMillis, int number, String key, String body) {
    return new Offered(id(number, createdAtMillis), key(key), body.hashCode(), 0);
  }

  static Offered inLane(long lane, int number) {
    return new Offered(id(number), null, 0, lane);
  }

  static KeyHash key(String key) {
    return new KeyHash(key.hashCode(), key.length());
  }

  static Offer offer(Offered... webhooks) {
    return new Offer(1, false, List.of(webhooks));
  }

  static Offer reconcile(Offered... webhooks) {
    return new Offer(0, true, List.of(webhooks));
  }

  static Offer offer(int... webhooks) {
    return offer(Arrays.stream(webhooks).mapToObj(Scenario::webhook).toArray(Offered[]::new));
  }

  static WebhooksAccepted accepted(int... webhooks) {
    return acceptedAt(
        T0, Arrays.stream(webhooks).mapToObj(Scenario::webhook).toArray(Offered[]::new));
  }

  static WebhooksAccepted accepted(Offered... webhooks) {
    return acceptedAt(T0, webhooks);
  }

  static WebhooksAccepted acceptedAt(long atMillis, Offered... webhooks) {
    return new WebhooksAccepted(
        atMillis, atMillis - Limits.DEFAULT.windowMillis(), List.of(webhooks));
  }

  static Answer yes() {
    return new Endpoint.Accepted();
  }

  static Answer duplicateOf(int webhook) {
    return new Endpoint.Duplicate(id(webhook));
  }

  static Answer no(ErrorCode code) {
    return new Endpoint.Declined(Rejection.of(code));
  }

  static Started attempt(int webhook, int number) {
    return new Started(webhook, id(webhook), number);
  }

  static Finish finish(Finished... attempts) {
    return new Finish(List.of(attempts));
  }

  static Finish finish(int webhook, int number, Outcome outcome) {
    return finish(finished(webhook, number, outcome));
  }

  static Finished finished(int webhook, int number, Outcome outcome) {
    return new Finished(webhook, answered(webhook, number, outcome));
  }

  private static Attempt answered(int webhook, int number, Outcome outcome) {
    return new Attempt(id(webhook), number, T0, 100, outcome);
  }

  static Release release(Started... attempts) {
    return new Release(List.of(attempts));
  }

  static Outcome retryAfter(Outcome outcome, long millis) {
    return new Outcome(
        outcome.kind(),
        outcome.status(),
        outcome.error(),
        outcome.message(),
        outcome.responseExcerpt(),
        millis);
  }

  static AttemptsEnded ended(long atMillis, long batch, Circuit circuit, Ended... ended) {
    return new AttemptsEnded(atMillis, batch, -1, List.of(ended), circuit);
  }

  static Ended delivered(int webhook, int number) {
    return new Ended(webhook, answered(webhook, number, OK), Verdict.DELIVERED, 0);
  }

  static Ended again(int webhook, int number, Outcome outcome, long nextAttemptAtMillis) {
    return new Ended(
        webhook, answered(webhook, number, outcome), Verdict.RETRY, nextAttemptAtMillis);
  }

  static Ended refused(int webhook, int number, Outcome outcome) {
    return new Ended(webhook, answered(webhook, number, outcome), Verdict.FAILED, 0);
  }

  static Ended deadLetter(int webhook, int number, Outcome outcome) {
    return new Ended(webhook, answered(webhook, number, outcome), Verdict.DEAD_LETTER, 0);
  }

  /** Failed {@code times} times already and due again, the circuit being untouched. */
  static Event[] failedBefore(int webhook, int times) {
    List<Event> events = new ArrayList<>(List.of(accepted(webhook)));
    for (int i = 1; i <= times; i++)
      events.add(ended(T0, i - 1, Circuit.CLOSED, again(webhook, i, ERROR_500, T0)));
    return events.toArray(Event[]::new);
  }

  // ----------------------------------------------------------------------------- circuit

  /** A closed circuit that has counted these outcomes, oldest first: S for success, F failure. */
  static Circuit closed(String outcomes) {
    long recent = 0;
    int streak = 0;
    for (int i = 0; i < outcomes.length(); i++) {
      boolean failure = outcomes.charAt(i) == 'F';
      recent = recent << 1 | (failure ? 1 : 0);
      streak = failure ? streak + 1 : 0;
    }
    return new Circuit(Circuit.Phase.CLOSED, streak, recent, outcomes.length(), 0, 0, 0);
  }

  static Circuit ramping(int ramp) {
    return new Circuit(Circuit.Phase.CLOSED, 0, 0, 0, 0, 0, ramp);
  }

  static Circuit open(long untilMillis) {
    return new Circuit(Circuit.Phase.OPEN, 0, 0, 0, untilMillis, 0, 0);
  }

  static Circuit halfOpen(long openedUntilMillis, int probesSucceeded) {
    return new Circuit(Circuit.Phase.HALF_OPEN, 0, 0, 0, openedUntilMillis, probesSucceeded, 0);
  }

  // ----------------------------------------------------------------------- configuration

  static EndpointConfig with(RetryPolicy retry) {
    return with(retry, CONFIG.circuit(), CONFIG.delivery());
  }

  static EndpointConfig with(CircuitPolicy circuit) {
    return with(CONFIG.retry(), circuit, CONFIG.delivery());
  }

  static EndpointConfig with(RetryPolicy retry, CircuitPolicy circuit, DeliverySettings delivery) {
    return new EndpointConfig(
        CONFIG.name(),
        CONFIG.url(),
        CONFIG.signature(),
        CONFIG.idempotency(),
        retry,
        circuit,
        delivery,
        false);
  }

  static EndpointConfig with(Ordering ordering, int maxInFlight, double ratePerSecond) {
    return with(CONFIG, ordering, maxInFlight, ratePerSecond);
  }

  static EndpointConfig with(
      EndpointConfig config, Ordering ordering, int maxInFlight, double ratePerSecond) {
    DeliverySettings delivery =
        new DeliverySettings(
            DeliverySettings.DEFAULT.timeoutMillis(),
            maxInFlight,
            ratePerSecond,
            ordering,
            "header:X-Order",
            List.of(),
            DeliverySettings.Forward.ALL,
            List.of(),
            true,
            config.delivery().signingSecrets());
    return with(config.retry(), config.circuit(), delivery);
  }

  static EndpointConfig with(Ordering ordering) {
    return with(ordering, 100, 0);
  }

  static EndpointConfig inFlightMax(int max) {
    return with(Ordering.PARALLEL, max, 0);
  }

  static EndpointConfig paced(double perSecond) {
    return with(Ordering.PARALLEL, 100, perSecond);
  }

  static EndpointConfig attemptsMax(int max) {
    RetryPolicy policy = RetryPolicy.DEFAULT;
    return with(
        new RetryPolicy(
            policy.strategy(),
            policy.baseDelayMillis(),
            policy.multiplier(),
            policy.maxDelayMillis(),
            policy.jitter(),
            max,
            List.of()));
  }

  static Limits queueMax(int max) {
    return limits(max, Limits.DEFAULT.windowKeysMax(), Limits.DEFAULT.outboxBatchesMax());
  }

  static Limits windowKeysMax(int max) {
    return limits(Limits.DEFAULT.queueMax(), max, Limits.DEFAULT.outboxBatchesMax());
  }

  static Limits outboxBatchesMax(int max) {
    return limits(Limits.DEFAULT.queueMax(), Limits.DEFAULT.windowKeysMax(), max);
  }

  static Limits limits(int queueMax, int windowKeysMax, int outboxBatchesMax) {
    Limits defaults = Limits.DEFAULT;
    return new Limits(
        queueMax,
        defaults.windowMillis(),
        windowKeysMax,
        defaults.offerAgeMillisMax(),
        defaults.attemptGraceMillis(),
        outboxBatchesMax,
        defaults.rotationOverlapMillis(),
        defaults.windowSegmentKeys());
  }

  /** The same with segments of so many keys. */
  static Limits withSegmentKeys(int keys, Limits limits) {
    return new Limits(
        limits.queueMax(),
        limits.windowMillis(),
        limits.windowKeysMax(),
        limits.offerAgeMillisMax(),
        limits.attemptGraceMillis(),
        limits.outboxBatchesMax(),
        limits.rotationOverlapMillis(),
        keys);
  }
}
