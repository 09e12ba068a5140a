package io.kapsel.simulation.service;

import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.RetryAfter;
import io.kapsel.deliver.Destination;
import io.kapsel.deliver.OutcomeRules;
import io.kapsel.simulation.scenario.Behaviour;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.World;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * All destinations. How one behaves to an attempt depends on the webhook and how often it came, so
 * that other attempts do not matter; a {@code DESTINATION} fault overrules that for a while. What
 * an answer means is production's own table.
 */
public final class Destinations {
  private static final long MILLI = 1_000_000;
  private static final long FLAP_MILLIS = 5_000;

  private final World world;
  private final Recorder recorder;
  private final Options options;
  private final List<Behaviour> troubles = new ArrayList<>();
  private final Map<String, Behaviour> overruled = new TreeMap<>();
  private final Map<String, Integer> arrivals = new HashMap<>();
  private final Map<String, Long> lateNanos = new TreeMap<>();
  private Triggers triggers = Triggers.NONE;
  private String dead = "";
  private boolean healed;

  public Destinations(World world, Recorder recorder, Options options) {
    this.world = world;
    this.recorder = recorder;
    this.options = options;
    double share = options.real(Option.DESTINATION_BEHAVIOURS);
    Randomness.Stream draws = world.randomness().stream("behaviours");
    for (Behaviour behaviour : Behaviour.values()) {
      boolean on = draws.chance(share);
      if (behaviour != Behaviour.OK && on) troubles.add(behaviour);
    }
  }

  public void trigger(Triggers told) {
    triggers = told;
  }

  public void overrule(String endpoint, Behaviour behaviour) {
    overruled.put(endpoint, behaviour);
  }

  public void relent(String endpoint) {
    overruled.remove(endpoint);
  }

  /** Outcomes that the node's client comes to know are handed on so much later; 0 for at once. */
  public void delay(String node, long nanos) {
    lateNanos.put(node, nanos);
  }

  /** This endpoint's will refuse connections when all others are healed. */
  public void buryWhenHealed(String endpoint) {
    dead = endpoint;
  }

  /** From now on every destination works, but for one that may be dead for good. */
  public void heal() {
    overruled.clear();
    lateNanos.clear();
    healed = true;
  }

  static String url(String endpoint, int version) {
    return "https://" + endpoint + ".example/hook/" + version;
  }

  private static String endpointOf(String url) {
    return url.substring("https://".length(), url.indexOf('.'));
  }

  /** One node's way out. */
  Destination from(Node node) {
    return dispatch -> deliver(node, dispatch);
  }

  /** Whether this endpoint's destination is only in trouble when a fault says so. */
  public boolean isHealthy(String endpoint) {
    return options.real(Option.DESTINATION_TROUBLE) == 0
        || world.randomness().stream("healthy", endpoint).chance(0.25);
  }

  private Behaviour behaviour(String endpoint, Randomness.Stream draws) {
    if (healed) return endpoint.equals(dead) ? Behaviour.CONNECTION_REFUSED : Behaviour.OK;
    Behaviour behaviour = overruled.get(endpoint);
    double trouble = options.real(Option.DESTINATION_TROUBLE);
    boolean isTrouble = draws.chance(trouble);
    Behaviour drawn = troubles.isEmpty() ? Behaviour.OK : draws.pick(troubles);
    // A final refusal ends a webhook at once, and then nothing interesting can happen to it.
    if (drawn.isFinal() && !draws.chance(0.1)) drawn = Behaviour.SERVER_ERROR_500;
    if (drawn == Behaviour.GONE_410 && !draws.chance(0.3)) drawn = Behaviour.UNAVAILABLE_503;
    if (behaviour == null) behaviour = isTrouble && !isHealthy(endpoint) ? drawn : Behaviour.OK;
    if (behaviour == Behaviour.FLAPPING)
      behaviour = world.millis() / FLAP_MILLIS % 2 == 0 ? Behaviour.SERVER_ERROR_500 : Behaviour.OK;
    return behaviour;
  }

  private CompletionStage<Outcome> deliver(Node node, Destination.Dispatch dispatch) {
    String webhook = recorder.nameOf(dispatch.webhook().id());
    String endpoint = endpointOf(dispatch.url());
    String event = dispatch.webhook().id().toString();
    int number = dispatch.attemptNumber();
    recorder.see(
        new Observation.AttemptSent(recorder.now(), node.id(), endpoint, webhook, event, number));
    triggers.attemptSent(node, endpoint);
    int arrival = arrivals.merge(event, 1, Integer::sum);
    Randomness.Stream draws = world.randomness().stream("destination", event + "/" + arrival);
    Behaviour behaviour = behaviour(endpoint, draws);
    long timeout = dispatch.settings().timeoutMillis() * MILLI;
    Exchange exchange = exchange(behaviour, timeout, draws);
    boolean onItsWay = draws.chance(0.5);
    world.schedule(
        Node.OUTSIDE,
        exchange.seenAfterNanos,
        () -> {
          boolean left = node.alive() || onItsWay;
          if (!left || !behaviour.isReached()) return;
          recorder.see(
              new Observation.AttemptSeen(
                  recorder.now(),
                  node.id(),
                  endpoint,
                  webhook,
                  event,
                  number,
                  Bodies.hash(dispatch.webhook().body()),
                  behaviour.name(),
                  behaviour.processes()));
          if (behaviour.processes()) triggers.attemptProcessed(node, endpoint);
        });
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    world.schedule(
        node,
        Math.min(exchange.answerAfterNanos, timeout),
        () ->
            known(
                node,
                () -> {
                  Outcome result = outcome(behaviour, exchange, timeout, draws);
                  recorder.see(
                      new Observation.AttemptEnded(
                          recorder.now(),
                          node.id(),
                          endpoint,
                          webhook,
                          event,
                          number,
                          result.kind(),
                          result.status(),
                          result.retryAfterMillis()));
                  outcome.complete(result);
                }));
    return outcome;
  }

  private void known(Node node, Runnable outcome) {
    long late = lateNanos.getOrDefault(node.name(), 0L);
    if (late == 0) world.enqueue(node, "destination", outcome);
    else world.schedule(node, late, () -> world.enqueue(node, "destination", outcome));
  }

  private record Exchange(long seenAfterNanos, long answerAfterNanos) {}

  private Exchange exchange(Behaviour behaviour, long timeout, Randomness.Stream draws) {
    long usual = options.whole(Option.DESTINATION_LATENCY_MILLIS) * MILLI;
    if (healed) usual = Math.min(usual, timeout / 10);
    long there = Math.min(timeout / 4, draws.between(usual / 10 + MILLI / 4, usual / 2 + MILLI));
    long back = draws.between(usual / 10 + MILLI / 4, usual + MILLI);
    long answer =
        switch (behaviour) {
          case SLOW_OK ->
              timeout - draws.between(1, Math.max(2, Math.min(50 * MILLI, timeout / 4)));
          case LATE_OK, SILENCE, CONNECT_TIMEOUT -> Long.MAX_VALUE;
          default -> there + back;
        };
    return new Exchange(there, answer);
  }

  private Outcome outcome(
      Behaviour behaviour, Exchange exchange, long timeout, Randomness.Stream draws) {
    if (behaviour == Behaviour.CONNECT_TIMEOUT) return OutcomeRules.notConnectedInTime();
    if (exchange.answerAfterNanos >= timeout) return OutcomeRules.notAnsweredInTime();
    return switch (behaviour) {
      case OK, SLOW_OK -> OutcomeRules.answered(200, "ok", OutcomeRules.NO_RETRY_AFTER);
      case OK_204 -> OutcomeRules.answered(204, "", OutcomeRules.NO_RETRY_AFTER);
      case CUT_OFF_200 ->
          OutcomeRules.cutOff(
              200,
              "o",
              OutcomeRules.NO_RETRY_AFTER,
              ErrorCode.CONNECTION_FAILED,
              "The answer broke off.");
      case RESET_AFTER, RESET_BEFORE -> OutcomeRules.notAnswered();
      case SERVER_ERROR_500 -> OutcomeRules.answered(500, "", retryAfter(draws, 0.1));
      case UNAVAILABLE_503 -> OutcomeRules.answered(503, "", retryAfter(draws, 0.5));
      case LIMITED_429 -> OutcomeRules.answered(429, "", retryAfter(draws, 0.8));
      case TIMEOUT_408 -> OutcomeRules.answered(408, "", retryAfter(draws, 0.3));
      case EARLY_425 -> OutcomeRules.answered(425, "", retryAfter(draws, 0.3));
      case BAD_REQUEST_400 -> OutcomeRules.answered(400, "", OutcomeRules.NO_RETRY_AFTER);
      case NOT_FOUND_404 -> OutcomeRules.answered(404, "", OutcomeRules.NO_RETRY_AFTER);
      case GONE_410 -> OutcomeRules.answered(410, "", OutcomeRules.NO_RETRY_AFTER);
      case REDIRECT_302 -> OutcomeRules.answered(302, "", OutcomeRules.NO_RETRY_AFTER);
      case GARBAGE -> OutcomeRules.unusableHead();
      case CONNECTION_REFUSED -> OutcomeRules.unreachable();
      case DNS_FAILURE -> OutcomeRules.unresolved();
      case TLS_FAILURE -> OutcomeRules.insecure();
      case LATE_OK, SILENCE, CONNECT_TIMEOUT, FLAPPING ->
          throw new IllegalStateException("no answer of " + behaviour);
    };
  }

  /** Every form of the header, as the node reads it: the usable, the useless and the absurd. */
  private long retryAfter(Randomness.Stream draws, double chance) {
    boolean asks = draws.chance(chance);
    long seconds =
        Math.round(draws.logUniform(1, options.real(Option.DESTINATION_RETRY_AFTER_SECONDS_MAX)));
    List<String> values =
        switch (draws.below(9)) {
          case 0, 1, 2 -> List.of(Long.toString(seconds));
          case 3 -> List.of(date(seconds));
          case 4 -> List.of(date(-seconds));
          case 5 -> List.of("-" + seconds);
          case 6 -> List.of("soon");
          case 7 -> List.of("1", "2");
          default -> List.of(" " + seconds + "\t");
        };
    if (!asks) return OutcomeRules.NO_RETRY_AFTER;
    return RetryAfter.millisFromNow(values, world.wallMillis()).orElse(OutcomeRules.NO_RETRY_AFTER);
  }

  private String date(long secondsFromNow) {
    // The destination's own clock is right, whatever the node's clock says.
    Instant at = Instant.ofEpochMilli(World.EPOCH_MILLIS + world.millis() + secondsFromNow * 1_000);
    return DateTimeFormatter.RFC_1123_DATE_TIME.format(at.atOffset(ZoneOffset.UTC));
  }
}
