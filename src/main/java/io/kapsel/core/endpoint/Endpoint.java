package io.kapsel.core.endpoint;

import io.kapsel.core.endpoint.Flight.InFlight;
import io.kapsel.core.endpoint.KeyWindow.Seen;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;

/**
 * The whole life of a webhook at its endpoint, as pure functions. The shell persists the events
 * that {@link #decide} returns, folds them with {@link #evolve}, and then does what {@link #plan}
 * says. {@code plan} reads only the state and what is in flight, never the command that came
 * before: after a recovery it finds every duty again.
 */
public final class Endpoint {
  /** After attempts came back unsent the node is short of something: no use in asking at once. */
  private static final long RELEASE_PAUSE_MILLIS = 1_000;

  private Endpoint() {}

  // ---------------------------------------------------------------------------------- commands

  /** What the endpoint may be asked. */
  public sealed interface Command {}

  public record Create(TenantId tenant, EndpointConfig config) implements Command {}

  /**
   * @param expectedVersion refused when the version is another one; 0 for any
   */
  public record Configure(EndpointConfig config, long expectedVersion) implements Command {}

  /** Puts a new signing secret first; the old ones keep signing for the rotation overlap. */
  public record RotateSecret(DeliverySettings.SigningSecret secret) implements Command {}

  public record SetStatus(Status status) implements Command {}

  public record ResetCircuit() implements Command {}

  /**
   * Webhooks whose content is stored.
   *
   * @param settingsVersion the version of the settings under which they were verified
   * @param reconciled offered by the reconciler: their senders wait no longer
   */
  public record Offer(long settingsVersion, boolean reconciled, List<Offered> webhooks)
      implements Command {}

  /**
   * @param key null when the endpoint or the sender uses none
   */
  public record Offered(WebhookId id, @Nullable KeyHash key, long bodyHash, long laneKey) {}

  /** Which of these does the endpoint not know, neither pending nor on its way into history? */
  public record Inquire(List<WebhookId> webhooks) implements Command {}

  /**
   * A retry by hand, with a fresh budget.
   *
   * @param attempts finished attempts that history knows of
   */
  public record Retry(WebhookId id, long laneKey, int attempts) implements Command {}

  public record Finish(List<Finished> attempts) implements Command {}

  public record Finished(long sequence, Attempt attempt) {}

  /** Attempts that were never sent, for want of a permit or of their content's store. */
  public record Release(List<Started> attempts) implements Command {}

  /** History holds every outcome up to this batch. */
  public record Confirm(long batch) implements Command {}

  /** Time has passed. */
  public record Wake() implements Command {}

  /** About to fall asleep: persist what only memory knows. */
  public record Settle() implements Command {}

  // ------------------------------------------------------------------------------------ events

  /** What has happened. Every form that was ever written stays readable. */
  public sealed interface Event {}

  public record Created(long atMillis, TenantId tenant, EndpointConfig config) implements Event {}

  public record Configured(long atMillis, EndpointConfig config) implements Event {}

  public record StatusChanged(long atMillis, Status status, String reason) implements Event {}

  /**
   * @param windowFloorMillis keys older than this are forgotten
   */
  public record WebhooksAccepted(long atMillis, long windowFloorMillis, List<Offered> webhooks)
      implements Event {}

  /**
   * @param batch number of this batch of outcomes
   * @param confirmedBatch outcomes up to this batch are in history
   * @param circuit the circuit after these outcomes
   */
  public record AttemptsEnded(
      long atMillis, long batch, long confirmedBatch, List<Ended> ended, Circuit circuit)
      implements Event {}

  public record Retried(long atMillis, WebhookId id, long laneKey, int attempts) implements Event {}

  public record CircuitReset(long atMillis) implements Event {}

  public record HistoryConfirmed(long batch) implements Event {}

  // ----------------------------------------------------------------------------------- replies

  /** What the asker is told, after the events are durable. */
  public sealed interface Reply {}

  public record Done() implements Reply {}

  public record Refused(Rejection rejection) implements Reply {}

  /** One answer for each offered webhook, in order. */
  public record OfferAnswered(List<Answer> answers) implements Reply {}

  /** The settings have changed since these webhooks were verified; nothing was decided. */
  public record SettingsOutdated() implements Reply {}

  public record Unowned(List<WebhookId> webhooks) implements Reply {}

  /** What became of an offered webhook. */
  public sealed interface Answer {}

  public record Accepted() implements Answer {}

  public record Duplicate(WebhookId first) implements Answer {}

  public record Declined(Rejection rejection) implements Answer {}

  public record Decision(List<Event> events, Reply reply, Flight flight) {}

  // -------------------------------------------------------------------------------------- plan

  /** An attempt to start now. */
  public record Started(long sequence, WebhookId id, int number) {}

  /**
   * @param flight what is in flight once the attempts have started
   * @param wakeAtMillis when to look again, if nothing happens before
   */
  public record Plan(List<Started> attempts, Flight flight, OptionalLong wakeAtMillis) {}

  /** What is due now. The state must be of an endpoint that exists. */
  public static Plan plan(State state, Flight flight, long nowMillis, Limits limits) {
    boolean mayAttempt =
        state.status() == Status.ACTIVE
            && state.unconfirmed(flight.confirmedBatch()) < limits.outboxBatchesMax();
    int free = mayAttempt ? free(state, flight, nowMillis) : 0;
    Pace pace = new Pace(state.config().delivery().ratePerSecond(), flight.paceMillis(), nowMillis);
    List<Started> started = new ArrayList<>();
    TreePMap<Long, InFlight> attempts = flight.attempts();
    boolean probe = state.circuit().phase() != Circuit.Phase.CLOSED;
    long lostAtMillis =
        nowMillis + state.config().delivery().timeoutMillis() + limits.attemptGraceMillis();
    for (Pending pending : state.backlog().due(nowMillis, attempts, free)) {
      if (!pace.allows(nowMillis)) break;
      pace.spend(nowMillis);
      int number = pending.attempts() + 1;
      started.add(new Started(pending.sequence(), pending.id(), number));
      attempts =
          attempts.plus(pending.sequence(), new InFlight(number, probe, nowMillis, lostAtMillis));
    }
    Flight after = flight.with(attempts, pace.nextMillis());
    return new Plan(started, after, mayAttempt ? wakeAt(state, after, nowMillis) : loss(after));
  }

  private static int free(State state, Flight flight, long nowMillis) {
    int room = state.maxInFlight() - flight.attempts().size();
    return switch (state.circuit().phaseAt(nowMillis)) {
      case OPEN -> 0;
      case HALF_OPEN -> flight.probes() > 0 ? 0 : Math.min(1, room);
      case CLOSED -> {
        int ramp = state.circuit().ramp();
        yield ramp == 0 ? room : Math.min(room, ramp - flight.attempts().size());
      }
    };
  }

  private static OptionalLong wakeAt(State state, Flight flight, long nowMillis) {
    OptionalLong loss = loss(flight);
    long opensAgain =
        state.circuit().phaseAt(nowMillis) == Circuit.Phase.OPEN
            ? state.circuit().openUntilMillis()
            : nowMillis;
    if (opensAgain == nowMillis && free(state, flight, nowMillis) <= 0) return loss;
    Optional<Long> due = state.backlog().nextDueAtMillis(flight.attempts());
    if (due.isEmpty()) return loss;
    long paced = (long) Math.ceil(flight.paceMillis());
    long wake = Math.max(Math.max(due.get(), opensAgain), paced);
    return OptionalLong.of(loss.isPresent() ? Math.min(wake, loss.getAsLong()) : wake);
  }

  private static OptionalLong loss(Flight flight) {
    return flight.nextLossMillis();
  }

  /** A leaky bucket with room for a tenth of a second, so that timers may be coarse. */
  private static final class Pace {
    private static final double ROOM_MILLIS = 100;
    private final double intervalMillis;
    private double nextMillis;

    /** Held no longer than it can hold itself, whatever the rate was and the clock has done. */
    Pace(double ratePerSecond, double nextMillis, long nowMillis) {
      this.intervalMillis = ratePerSecond > 0 ? 1_000 / ratePerSecond : 0;
      this.nextMillis =
          Math.min(nextMillis, nowMillis + Math.max(intervalMillis, RELEASE_PAUSE_MILLIS));
    }

    boolean allows(long nowMillis) {
      return nowMillis >= nextMillis;
    }

    void spend(long nowMillis) {
      if (intervalMillis > 0)
        nextMillis = Math.max(nextMillis, nowMillis - ROOM_MILLIS) + intervalMillis;
    }

    double nextMillis() {
      return nextMillis;
    }
  }

  // ------------------------------------------------------------------------------------ decide

  /**
   * What a command means for an endpoint.
   *
   * @param state null when the endpoint was never created
   */
  public static Decision decide(
      @Nullable State state,
      Flight flight,
      Command command,
      long nowMillis,
      Jitter jitter,
      Limits limits) {
    if (state == null || state.status() == Status.DELETED)
      return decideAbsent(state, flight, command, nowMillis);
    return switch (command) {
      case Create create -> refuse(flight, ErrorCode.CONFLICT, "The endpoint exists already.");
      case Configure configure -> configure(state, flight, configure, nowMillis);
      case RotateSecret rotate -> rotate(state, flight, rotate, nowMillis, limits);
      case SetStatus set -> setStatus(state, flight, set.status(), nowMillis);
      case ResetCircuit reset -> done(flight.withoutProbes(), new CircuitReset(nowMillis));
      case Offer offer -> offer(state, flight, offer, nowMillis, limits);
      case Inquire inquire -> inquire(state, flight, inquire);
      case Retry retry -> retry(state, flight, retry, nowMillis, limits);
      case Finish finish -> finish(state, flight, finish.attempts(), nowMillis, jitter);
      case Release release -> release(flight, release, nowMillis);
      case Confirm confirm ->
          new Decision(List.of(), new Done(), flight.confirmed(confirm.batch()));
      case Wake wake -> finish(state, flight, lost(state, flight, nowMillis), nowMillis, jitter);
      case Settle settle -> settle(state, flight);
    };
  }

  private static Decision decideAbsent(
      @Nullable State state, Flight flight, Command command, long nowMillis) {
    return switch (command) {
      case Create create when state == null ->
          done(flight, new Created(nowMillis, create.tenant(), create.config()));
      case Offer offer ->
          new Decision(
              List.of(),
              new OfferAnswered(
                  offer.webhooks().stream()
                      .<Answer>map(w -> new Declined(Rejection.of(ErrorCode.INVALID_ENDPOINT)))
                      .toList()),
              flight);
      case Confirm confirm ->
          new Decision(List.of(), new Done(), flight.confirmed(confirm.batch()));
      case Settle settle when state != null -> settle(state, flight);
      case Inquire inquire when state != null -> inquire(state, flight, inquire);
      case Inquire inquire -> new Decision(List.of(), new Unowned(inquire.webhooks()), flight);
      case Create create -> refuse(flight, ErrorCode.NOT_FOUND);
      case Configure configure -> refuse(flight, ErrorCode.NOT_FOUND);
      case RotateSecret rotate -> refuse(flight, ErrorCode.NOT_FOUND);
      case SetStatus set -> refuse(flight, ErrorCode.NOT_FOUND);
      case ResetCircuit reset -> refuse(flight, ErrorCode.NOT_FOUND);
      case Retry retry -> refuse(flight, ErrorCode.NOT_FOUND);
      case Finish finish -> new Decision(List.of(), new Done(), flight);
      case Release release -> new Decision(List.of(), new Done(), flight);
      case Wake wake -> new Decision(List.of(), new Done(), flight);
      case Settle settle -> new Decision(List.of(), new Done(), flight);
    };
  }

  private static Decision inquire(State state, Flight flight, Inquire command) {
    List<WebhookId> unowned = command.webhooks().stream().filter(id -> !state.owns(id)).toList();
    return new Decision(List.of(), new Unowned(unowned), flight);
  }

  private static Decision configure(State state, Flight flight, Configure command, long nowMillis) {
    if (command.expectedVersion() != 0 && command.expectedVersion() != state.version())
      return refuse(flight, ErrorCode.PRECONDITION_FAILED, "The endpoint has changed meanwhile.");
    if (command.config().equals(state.config())) return new Decision(List.of(), new Done(), flight);
    return done(flight, new Configured(nowMillis, command.config()));
  }

  private static Decision rotate(
      State state, Flight flight, RotateSecret command, long nowMillis, Limits limits) {
    List<DeliverySettings.SigningSecret> secrets = new ArrayList<>();
    secrets.add(command.secret());
    for (DeliverySettings.SigningSecret old : state.config().delivery().signingSecrets()) {
      boolean current = old.expiresAtMillis() == 0;
      long expires = current ? nowMillis + limits.rotationOverlapMillis() : old.expiresAtMillis();
      if (expires > nowMillis && secrets.size() < DeliverySettings.SIGNING_SECRETS_MAX)
        secrets.add(new DeliverySettings.SigningSecret(old.secret(), expires));
    }
    return done(flight, new Configured(nowMillis, state.config().withSigningSecrets(secrets)));
  }

  private static Decision setStatus(State state, Flight flight, Status to, long nowMillis) {
    if (to == state.status()) return new Decision(List.of(), new Done(), flight);
    if (to == Status.DELETED && !state.backlog().isEmpty())
      return refuse(
          flight,
          ErrorCode.CONFLICT,
          "The endpoint has pending webhooks: " + state.backlog().size() + ".");
    if (to == Status.PAUSED && state.status() == Status.DISABLED)
      return refuse(flight, ErrorCode.CONFLICT, "The endpoint is disabled; enable it first.");
    return done(flight, new StatusChanged(nowMillis, to, ""));
  }

  private static Decision retry(
      State state, Flight flight, Retry command, long nowMillis, Limits limits) {
    if (state.status() == Status.DISABLED)
      return refuse(flight, ErrorCode.CONFLICT, "The endpoint is disabled; enable it first.");
    int attempts = command.attempts();
    for (AttemptsEnded batch : state.outbox().values())
      for (Ended ended : batch.ended())
        if (ended.attempt().webhook().equals(command.id())) {
          if (ended.verdict() == Verdict.DELIVERED)
            return refuse(flight, ErrorCode.CONFLICT, "The webhook is delivered already.");
          attempts = Math.max(attempts, ended.attempt().number());
        }
    if (!state.backlog().contains(command.id()) && state.backlog().size() >= limits.queueMax())
      return refuse(flight, ErrorCode.QUEUE_FULL);
    return done(flight, new Retried(nowMillis, command.id(), command.laneKey(), attempts));
  }

  private static Decision offer(
      State state, Flight flight, Offer offer, long nowMillis, Limits limits) {
    if (!offer.reconciled() && offer.settingsVersion() != state.version())
      return new Decision(List.of(), new SettingsOutdated(), flight);
    List<Answer> answers = new ArrayList<>(offer.webhooks().size());
    List<Offered> accepted = new ArrayList<>(offer.webhooks().size());
    TreeMap<KeyHash, Offered> keys = new TreeMap<>();
    TreeMap<WebhookId, Offered> ids = new TreeMap<>();
    for (Offered webhook : offer.webhooks()) {
      Answer answer = known(state, offer, webhook, keys, ids, nowMillis, limits);
      if (answer == null) {
        answer = admit(state, offer, webhook, accepted.size(), nowMillis, limits);
        if (answer instanceof Accepted) {
          accepted.add(webhook);
          ids.put(webhook.id(), webhook);
          if (webhook.key() != null) keys.put(webhook.key(), webhook);
        }
      }
      answers.add(answer);
    }
    List<Event> events =
        accepted.isEmpty()
            ? List.of()
            : List.of(
                new WebhooksAccepted(nowMillis, windowFloor(state, nowMillis, limits), accepted));
    return new Decision(events, new OfferAnswered(answers), flight);
  }

  /** The answer for a webhook that was accepted before, under its id or its key; else null. */
  private static @Nullable Answer known(
      State state,
      Offer offer,
      Offered webhook,
      Map<KeyHash, Offered> keysBefore,
      Map<WebhookId, Offered> idsBefore,
      long nowMillis,
      Limits limits) {
    if (idsBefore.containsKey(webhook.id()) || state.backlog().contains(webhook.id()))
      return new Accepted();
    if (offer.reconciled() && state.owns(webhook.id())) return new Accepted();
    KeyHash key = webhook.key();
    if (key == null) return null;
    Offered before = keysBefore.get(key);
    Optional<Seen> seen =
        before != null
            ? Optional.of(new Seen(before.id(), before.bodyHash()))
            : state.window().find(key, nowMillis - limits.windowMillis());
    return seen.map(
            first ->
                first.webhook().equals(webhook.id())
                    ? new Accepted()
                    : first.bodyHash() == webhook.bodyHash()
                        ? new Duplicate(first.webhook())
                        : new Declined(Rejection.of(ErrorCode.IDEMPOTENCY_KEY_REUSED)))
        .orElse(null);
  }

  private static Answer admit(
      State state,
      Offer offer,
      Offered webhook,
      int acceptedBefore,
      long nowMillis,
      Limits limits) {
    if (state.status() == Status.DISABLED)
      return new Declined(Rejection.of(ErrorCode.ENDPOINT_DISABLED));
    if (!offer.reconciled()
        && webhook.id().createdAtMillis() < nowMillis - limits.offerAgeMillisMax())
      return new Declined(
          Rejection.of(ErrorCode.DATABASE_UNAVAILABLE, "Storing the webhook took too long.")
              .withRetryAfterSeconds(5));
    if (state.backlog().size() + acceptedBefore >= limits.queueMax())
      return new Declined(Rejection.of(ErrorCode.QUEUE_FULL).withRetryAfterSeconds(1));
    return new Accepted();
  }

  private static long windowFloor(State state, long nowMillis, Limits limits) {
    return Math.max(
        nowMillis - limits.windowMillis(), state.window().floorForAtMost(limits.windowKeysMax()));
  }

  /**
   * How many idempotency keys an event makes the endpoint forget before their time, because the
   * window is full.
   *
   * @param before the state that the event meets; null before the first
   */
  public static int keysForgottenEarly(@Nullable State before, Event event, Limits limits) {
    return before != null && event instanceof WebhooksAccepted accepted
        ? before
            .window()
            .forgottenEarly(
                accepted.windowFloorMillis(), accepted.atMillis() - limits.windowMillis())
        : 0;
  }

  private static List<Finished> lost(State state, Flight flight, long nowMillis) {
    List<Finished> lost = new ArrayList<>();
    for (Map.Entry<Long, InFlight> entry : flight.lostAt(nowMillis)) {
      Pending pending = state.backlog().at(entry.getKey());
      InFlight attempt = entry.getValue();
      if (pending == null) continue;
      lost.add(
          new Finished(
              entry.getKey(),
              new Attempt(
                  pending.id(),
                  attempt.number(),
                  attempt.startedAtMillis(),
                  (int) (nowMillis - attempt.startedAtMillis()),
                  Outcome.failed(
                      Outcome.Kind.UNKNOWN,
                      0,
                      ErrorCode.DELIVERY_TIMEOUT,
                      "Nobody answered for the attempt."))));
    }
    return lost;
  }

  private static Decision release(Flight flight, Release command, long nowMillis) {
    Flight after = flight.pausedUntil(nowMillis + RELEASE_PAUSE_MILLIS);
    for (Started started : command.attempts())
      if (after.isCarrying(started.sequence(), started.number()))
        after = after.without(started.sequence());
    return new Decision(List.of(), new Done(), after);
  }

  private static Decision finish(
      State state, Flight flight, List<Finished> attempts, long nowMillis, Jitter jitter) {
    Circuit circuit = state.circuit();
    Flight after = flight;
    List<Ended> ended = new ArrayList<>(attempts.size());
    boolean gone = false;
    for (Finished finished : attempts) {
      InFlight carried = after.attempts().get(finished.sequence());
      if (carried == null || carried.number() != finished.attempt().number()) continue;
      after = after.without(finished.sequence());
      Pending pending = state.backlog().at(finished.sequence());
      if (pending == null || pending.attempts() + 1 != carried.number()) continue;
      Outcome outcome = finished.attempt().outcome();
      circuit =
          circuit.after(
              outcome.kind(),
              carried.probe(),
              nowMillis,
              state.config().circuit(),
              state.maxInFlight());
      ended.add(judge(state, pending, finished.attempt(), nowMillis, jitter));
      gone |= outcome.kind() == Outcome.Kind.GONE;
    }
    if (ended.isEmpty()) return new Decision(List.of(), new Done(), after);
    List<Event> events = new ArrayList<>(2);
    events.add(
        new AttemptsEnded(nowMillis, state.nextBatch(), flight.confirmedBatch(), ended, circuit));
    if (gone && state.status() != Status.DISABLED)
      events.add(new StatusChanged(nowMillis, Status.DISABLED, "destination_gone"));
    return new Decision(events, new Done(), after);
  }

  private static Ended judge(
      State state, Pending pending, Attempt attempt, long nowMillis, Jitter jitter) {
    Outcome outcome = attempt.outcome();
    RetryPolicy policy = state.config().retry();
    return switch (outcome.kind()) {
      case DELIVERED -> new Ended(pending.sequence(), attempt, Verdict.DELIVERED, 0);
      case REFUSED, GONE -> new Ended(pending.sequence(), attempt, Verdict.FAILED, 0);
      case FAILED, RATE_LIMITED, UNKNOWN -> {
        int failed = pending.budgetUsed() + 1;
        if (failed >= policy.maxAttempts())
          yield new Ended(pending.sequence(), attempt, Verdict.DEAD_LETTER, 0);
        long delay = policy.delayMillis(failed, outcome.retryAfterMillis(), jitter.next());
        yield new Ended(pending.sequence(), attempt, Verdict.RETRY, nowMillis + delay);
      }
    };
  }

  private static Decision settle(State state, Flight flight) {
    boolean news =
        !state.outbox().isEmpty() && state.outbox().firstKey() <= flight.confirmedBatch();
    return news
        ? done(flight, new HistoryConfirmed(flight.confirmedBatch()))
        : new Decision(List.of(), new Done(), flight);
  }

  private static Decision done(Flight flight, Event event) {
    return new Decision(List.of(event), new Done(), flight);
  }

  private static Decision refuse(Flight flight, ErrorCode code) {
    return new Decision(List.of(), new Refused(Rejection.of(code)), flight);
  }

  private static Decision refuse(Flight flight, ErrorCode code, String detail) {
    return new Decision(List.of(), new Refused(Rejection.of(code, detail)), flight);
  }

  // ------------------------------------------------------------------------------------ evolve

  /**
   * Folds an event into the state. Total: an event that was written is never refused, nor does what
   * it means depend on the limits, which only say how the keys are kept.
   */
  public static State evolve(@Nullable State state, Event event, Limits limits) {
    if (state == null) {
      if (event instanceof Created created) return created(created);
      throw new IllegalStateException("An endpoint begins with Created, not with " + event);
    }
    return switch (event) {
      case Created created -> created(created);
      case Configured configured -> state.withConfig(configured.config(), configured.atMillis());
      case StatusChanged changed ->
          state.withStatus(changed.status(), changed.reason(), changed.atMillis());
      case WebhooksAccepted accepted -> accepted(state, accepted, limits.windowSegmentKeys());
      case AttemptsEnded ended -> ended(state, ended);
      case Retried retried -> retried(state, retried);
      case CircuitReset reset -> state.withCircuit(Circuit.CLOSED);
      case HistoryConfirmed confirmed ->
          state.withOutbox(confirmed(state.outbox(), confirmed.batch()), state.nextBatch());
    };
  }

  private static State created(Created event) {
    return new State(
        event.tenant(),
        event.config(),
        Status.ACTIVE,
        "",
        1,
        event.atMillis(),
        event.atMillis(),
        1,
        Backlog.empty(event.config().delivery().ordering()),
        KeyWindow.EMPTY,
        Circuit.CLOSED,
        TreePMap.empty(),
        0);
  }

  private static State accepted(State state, WebhooksAccepted event, int segmentKeys) {
    Backlog backlog = state.backlog();
    KeyWindow window = state.window().since(event.windowFloorMillis());
    long sequence = state.nextSequence();
    for (Offered webhook : event.webhooks()) {
      backlog =
          backlog.plus(
              new Pending(sequence++, webhook.id(), webhook.laneKey(), 0, 0, event.atMillis()));
      if (webhook.key() != null)
        window =
            window.plus(
                webhook.key(),
                new Seen(webhook.id(), webhook.bodyHash()),
                event.atMillis(),
                segmentKeys);
    }
    return state.withBacklog(backlog, sequence).withWindow(window);
  }

  private static State ended(State state, AttemptsEnded event) {
    Backlog backlog = state.backlog();
    for (Ended ended : event.ended()) {
      Pending pending = backlog.at(ended.sequence());
      if (pending == null) continue;
      backlog =
          ended.verdict() == Verdict.RETRY
              ? backlog.with(pending, pending.failedUntil(ended.nextAttemptAtMillis()))
              : backlog.minus(pending);
    }
    TreePMap<Long, AttemptsEnded> outbox =
        confirmed(state.outbox(), event.confirmedBatch()).plus(event.batch(), event);
    return state
        .withBacklog(backlog, state.nextSequence())
        .withCircuit(event.circuit())
        .withOutbox(outbox, event.batch() + 1);
  }

  private static State retried(State state, Retried event) {
    Backlog backlog = state.backlog();
    Optional<Pending> pending = backlog.find(event.id());
    if (pending.isPresent())
      return state.withBacklog(
          backlog.with(pending.get(), pending.get().withFreshBudget(event.atMillis())),
          state.nextSequence());
    long sequence = state.nextSequence();
    return state.withBacklog(
        backlog.plus(
            new Pending(
                sequence, event.id(), event.laneKey(), event.attempts(), 0, event.atMillis())),
        sequence + 1);
  }

  private static TreePMap<Long, AttemptsEnded> confirmed(
      TreePMap<Long, AttemptsEnded> outbox, long upTo) {
    TreePMap<Long, AttemptsEnded> rest = outbox;
    while (!rest.isEmpty() && rest.firstKey() <= upTo) rest = rest.minus(rest.firstKey());
    return rest;
  }
}
