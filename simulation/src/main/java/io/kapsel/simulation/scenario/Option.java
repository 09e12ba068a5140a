package io.kapsel.simulation.scenario;

import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.simulation.world.Interleaving;
import io.kapsel.simulation.world.Randomness.Stream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Everything about a run that the seed decides and {@code --set} can change: the one table of what
 * is randomised, and how far; and of what it may be set to at all. Each option has a stream of its
 * own, so that setting one leaves the others alone. Sizes are drawn down to tiny values, where
 * limits and races live.
 */
@SuppressWarnings("ImmutableEnumChecker") // a drawing has no state
public enum Option {
  NODES("nodes", Values.whole(1, 9), (d, p) -> whole(p == Profile.CLUSTER ? d.between(3, 5) : 1)),
  INTERLEAVING(
      "interleaving",
      Values.oneOf(Interleaving.Kind.class),
      (d, p) ->
          d.pick(
                  List.of(
                      Interleaving.Kind.UNIFORM,
                      Interleaving.Kind.UNIFORM,
                      Interleaving.Kind.PRIORITIES,
                      Interleaving.Kind.NEAR_FIFO,
                      Interleaving.Kind.STARVE))
              .name()),

  LOAD_SECONDS(
      "load.seconds",
      Values.whole(1, Range.MONTH_SECONDS),
      (d, p) ->
          switch (p) {
            case ENDPOINT -> whole(d.logUniform(10, 240));
            case CLUSTER -> whole(d.between(20, 60));
            case DESTINATION -> "3600";
          }),
  SETTLE_SECONDS_MAX(
      "settle.seconds.max",
      Values.whole(1, 12 * Range.MONTH_SECONDS),
      (d, p) -> p == Profile.DESTINATION ? "90000" : "7200"),
  ENDPOINTS(
      "endpoints",
      Values.whole(1, 1_000),
      (d, p) -> p == Profile.DESTINATION ? "1" : whole(d.logUniform(1, 7))),
  WEBHOOKS(
      "webhooks",
      Values.whole(0, 100_000),
      (d, p) ->
          p == Profile.DESTINATION
              ? "3600"
              : whole(d.logUniform(5, p == Profile.CLUSTER ? 200 : 300))),

  SENDER_BURSTS("sender.bursts", Range.SHARE, (d, p) -> share(d, p, 0.5, 0.6)),
  SENDER_KEYLESS("sender.keyless", Range.SHARE, (d, p) -> share(d, p, 0.3, 0.5)),
  SENDER_REPEATS("sender.repeats", Range.SHARE, (d, p) -> share(d, p, 0.7, 0.5)),
  SENDER_OTHER_BODY("sender.other-body", Range.SHARE, (d, p) -> share(d, p, 0.4, 0.2)),
  SENDER_BAD_SIGNATURE("sender.bad-signature", Range.SHARE, (d, p) -> share(d, p, 0.3, 0.1)),
  SENDER_OVERSIZE("sender.oversize", Range.SHARE, (d, p) -> share(d, p, 0.3, 0.05)),
  SENDER_PATIENCE_MILLIS(
      "sender.patience.millis",
      Values.whole(100, Range.DAY_MILLIS),
      (d, p) -> p == Profile.DESTINATION ? "30000" : whole(d.logUniform(200, 30_000))),
  SENDER_ANSWER_LOST("sender.answer-lost", Range.SHARE, (d, p) -> share(d, p, 0.4, 0.1)),

  OPERATOR_ORDERS(
      "operator.orders",
      Values.whole(0, 1_000),
      (d, p) -> p == Profile.DESTINATION ? "0" : d.chance(0.5) ? "0" : whole(d.logUniform(1, 25))),

  FAULTS(
      "faults",
      Values.whole(0, 1_000),
      (d, p) -> p == Profile.DESTINATION ? "0" : d.chance(0.08) ? "0" : whole(d.logUniform(1, 10))),
  FAULT_KINDS("faults.kinds", Values.someOf(Fault.Kind.class), (d, p) -> kinds(d)),

  DESTINATION_TROUBLE(
      "destination.trouble",
      Range.SHARE,
      (d, p) -> p == Profile.DESTINATION || d.chance(0.25) ? "0" : real(d.logUniform(0.01, 0.9))),
  DESTINATION_BEHAVIOURS(
      "destination.behaviours", Range.SHARE, (d, p) -> real(d.logUniform(0.15, 1))),
  DESTINATION_LATENCY_MILLIS(
      "destination.latency.millis",
      Values.whole(0, 3_600_000),
      (d, p) -> whole(p == Profile.DESTINATION ? 150 : d.logUniform(2, 2_000))),
  DESTINATION_RETRY_AFTER_SECONDS_MAX(
      "destination.retry-after.seconds.max",
      Values.whole(1, 100_000_000),
      (d, p) -> d.chance(0.1) ? "100000000" : whole(d.logUniform(1, 600))),
  DESTINATION_DOWN_AFTER_SECONDS(
      "destination.down.after.seconds", Values.whole(0, Range.MONTH_SECONDS), (d, p) -> "300"),
  DESTINATION_DOWN_SECONDS(
      "destination.down.seconds", Values.whole(1, Range.MONTH_SECONDS), (d, p) -> "1200"),
  DESTINATION_DOWN_BEHAVIOUR(
      "destination.down.behaviour", Values.oneOf(Behaviour.class), (d, p) -> "CONNECTION_REFUSED"),

  RETRY_STRATEGY(
      "retry.strategy",
      Values.orVaries(Values.oneOf(RetryPolicy.Strategy.class)),
      (d, p) -> vary(p, "EXPONENTIAL")),
  RETRY_BASE_MILLIS(
      "retry.base.millis",
      Values.orVaries(Values.whole(1, Range.DAY_MILLIS)),
      (d, p) -> vary(p, "1000")),
  RETRY_MULTIPLIER(
      "retry.multiplier", Values.orVaries(Values.real(1, 100)), (d, p) -> vary(p, "2")),
  RETRY_DELAY_MILLIS_MAX(
      "retry.delay.millis.max",
      Values.orVaries(Values.whole(1, Range.DAY_MILLIS)),
      (d, p) -> vary(p, "3600000")),
  RETRY_JITTER("retry.jitter", Values.orVaries(Range.SHARE), (d, p) -> vary(p, "0.25")),
  RETRY_ATTEMPTS_MAX(
      "retry.attempts.max", Values.orVaries(Values.whole(1, 50)), (d, p) -> vary(p, "10")),
  /** Delays before attempts 2, 3, …, with commas; for the strategy SCHEDULE. */
  RETRY_SCHEDULE_MILLIS(
      "retry.schedule.millis",
      Values.orVaries(Values.wholes(0, Range.DAY_MILLIS)),
      (d, p) ->
          vary(p, "5000,300000,1800000,7200000,18000000,36000000,50400000,72000000,86400000")),
  CIRCUIT_FAILURES(
      "circuit.failures", Values.orVaries(Values.whole(1, 1_000)), (d, p) -> vary(p, "5")),
  CIRCUIT_RATE("circuit.rate", Values.orVaries(Values.real(0.01, 1)), (d, p) -> vary(p, "0.5")),
  CIRCUIT_WINDOW(
      "circuit.window",
      Values.orVaries(Values.whole(1, CircuitPolicy.WINDOW_MAX)),
      (d, p) -> vary(p, "10")),
  CIRCUIT_OPEN_MILLIS(
      "circuit.open.millis",
      Values.orVaries(Values.whole(1, Range.DAY_MILLIS)),
      (d, p) -> vary(p, "30000")),
  CIRCUIT_SUCCESSES(
      "circuit.successes", Values.orVaries(Values.whole(1, 100)), (d, p) -> vary(p, "3")),
  DELIVERY_TIMEOUT_MILLIS(
      "delivery.timeout.millis",
      Values.orVaries(Values.whole(1, 120_000)),
      (d, p) -> vary(p, "30000")),
  DELIVERY_IN_FLIGHT_MAX(
      "delivery.in-flight.max", Values.orVaries(Values.whole(1, 1_000)), (d, p) -> vary(p, "100")),
  DELIVERY_RATE("delivery.rate", Values.orVaries(Values.real(0, 100_000)), (d, p) -> vary(p, "0")),
  DELIVERY_ORDERING(
      "delivery.ordering",
      Values.orVaries(Values.oneOf(DeliverySettings.Ordering.class)),
      (d, p) -> vary(p, "PARALLEL")),

  QUEUE_MAX(
      "queue.max",
      Values.whole(1, 10_000_000),
      (d, p) -> usual(d, p, "100000", whole(d.logUniform(2, 200)))),
  WINDOW_SECONDS(
      "window.seconds",
      Values.whole(1, Range.MONTH_SECONDS),
      (d, p) -> usual(d, p, "86400", whole(d.logUniform(30, 86_400)))),
  WINDOW_KEYS_MAX(
      "window.keys.max",
      Values.whole(1, 10_000_000),
      (d, p) -> seldom(d, p, "1000000", whole(d.logUniform(1, 100)))),
  WINDOW_SEGMENT_KEYS(
      "window.segment.keys",
      Values.whole(1, 10_000_000),
      (d, p) -> usual(d, p, "1024", whole(d.logUniform(1, 50)))),
  /** Keys that the endpoints of a node remember together. */
  NODE_KEYS_MAX(
      "node.keys.max",
      Values.whole(1, 100_000_000),
      (d, p) -> seldom(d, p, "4000000", whole(d.logUniform(1, 100)))),
  OFFER_AGE_MILLIS_MAX(
      "offer.age.millis.max",
      Values.whole(2_000, Range.DAY_MILLIS),
      (d, p) -> usual(d, p, "60000", whole(d.logUniform(2_000, 60_000)))),
  ATTEMPT_GRACE_MILLIS(
      "attempt.grace.millis",
      Values.whole(200, Range.DAY_MILLIS),
      (d, p) -> usual(d, p, "60000", whole(d.logUniform(200, 20_000)))),
  OUTBOX_BATCHES_MAX(
      "outbox.batches.max",
      Values.whole(1, 1_000_000),
      (d, p) -> usual(d, p, "1000", whole(d.logUniform(1, 100)))),
  IDLE_MILLIS(
      "idle.millis",
      Values.whole(100, Range.DAY_MILLIS),
      (d, p) -> usual(d, p, "120000", whole(d.logUniform(100, 60_000)))),
  SNAPSHOT_WEIGHT_MIN(
      "snapshot.weight.min",
      Values.whole(1, 10_000_000),
      (d, p) -> usual(d, p, "5000", whole(d.logUniform(1, 500)))),
  DIRECTORY_REFRESH_MILLIS_MAX(
      "directory.refresh.millis.max",
      Values.whole(1, Range.DAY_MILLIS),
      (d, p) -> usual(d, p, "60000", whole(d.logUniform(1, 60_000)))),
  POOL_CONCURRENCY(
      "pool.concurrency",
      Values.whole(1, 100_000),
      (d, p) -> usual(d, p, "1000", whole(d.logUniform(1, 50)))),
  POOL_WAIT_MILLIS_MAX(
      "pool.wait.millis.max",
      Values.whole(1_000, Range.DAY_MILLIS),
      (d, p) -> usual(d, p, "20000", whole(d.logUniform(1_000, 20_000)))),
  POOL_BODIES_BYTES_MAX(
      "pool.bodies.bytes.max",
      Values.whole(100, 10_000_000_000L),
      (d, p) -> usual(d, p, "134217728", whole(d.logUniform(100, 100_000)))),
  GATEWAY_BATCH_MAX(
      "gateway.batch.max",
      Values.whole(1, 100_000),
      (d, p) -> usual(d, p, "256", whole(d.logUniform(1, 20)))),
  GATEWAY_WAITING_MAX(
      "gateway.waiting.max",
      Values.whole(2, 10_000_000),
      (d, p) -> usual(d, p, "20000", whole(d.logUniform(2, 100)))),
  GATEWAY_TIMEOUT_MILLIS(
      "gateway.timeout.millis",
      Values.whole(300, Range.DAY_MILLIS),
      (d, p) -> usual(d, p, "10000", whole(d.logUniform(300, 10_000)))),
  GATEWAYS("gateways", Values.whole(1, 64), (d, p) -> usual(d, p, "2", whole(d.between(1, 3)))),
  RECONCILER_EVERY_MILLIS(
      "reconciler.every.millis",
      Values.whole(1_000, Range.DAY_MILLIS),
      (d, p) -> usual(d, p, "30000", whole(d.logUniform(1_000, 30_000)))),
  RECONCILER_BATCH_MAX(
      "reconciler.batch.max",
      Values.whole(1, 1_000_000),
      (d, p) -> usual(d, p, "1000", whole(d.logUniform(1, 20)))),
  CACHE_ENDPOINTS_MAX(
      "cache.endpoints.max",
      Values.whole(1, 10_000_000),
      (d, p) -> usual(d, p, "100000", whole(d.between(1, 3)))),
  ORDER_TIMEOUT_MILLIS(
      "order.timeout.millis",
      Values.whole(500, Range.DAY_MILLIS),
      (d, p) -> usual(d, p, "5000", whole(d.logUniform(500, 5_000)))),
  /** How long a node that leaves waits for its attempts in flight. */
  DRAIN_MILLIS(
      "drain.millis",
      Values.whole(10, Range.DAY_MILLIS),
      (d, p) -> usual(d, p, "20000", whole(d.logUniform(10, 20_000)))),
  SHARDS("shards", Values.whole(1, 1_000), (d, p) -> usual(d, p, "64", whole(d.logUniform(1, 16)))),
  JOURNAL_TIDIED("journal.tidied", Range.SWITCH, (d, p) -> d.chance(0.5) ? "1" : "0"),

  /** Every node is killed once after everything was healed: then only what is stored can go on. */
  SETTLE_RESTART(
      "settle.restart",
      Range.SWITCH,
      (d, p) -> p != Profile.DESTINATION && d.chance(0.4) ? "1" : "0"),

  /** Whether the destination of one endpoint stays down when everything else is healed. */
  SETTLE_DEAD(
      "settle.dead", Range.SWITCH, (d, p) -> p != Profile.DESTINATION && d.chance(0.1) ? "1" : "0"),

  /** Webhooks a second of each tenant, 0 for no limit. */
  LIMITS_RATE(
      "limits.rate",
      Values.real(0, 100_000),
      (d, p) -> limited(d, p) ? real(d.logUniform(1, 30)) : "0"),
  LIMITS_BURST("limits.burst", Values.whole(1, 1_000_000), (d, p) -> whole(d.logUniform(1, 20))),
  /** Whether nodes lease tokens from a bank. */
  LIMITS_SHARED("limits.shared", Range.SWITCH, (d, p) -> d.chance(0.6) ? "1" : "0");

  /** Drawn for each endpoint on its own. */
  public static final String VARIES = "varies";

  private final String key;
  private final Values values;
  private final Draw draw;

  /** Constants that the lines above may use. */
  private static final class Range {
    static final long DAY_MILLIS = 86_400_000;
    static final long MONTH_SECONDS = 30 * 86_400;
    static final Values SHARE = Values.real(0, 1);
    static final Values SWITCH = Values.whole(0, 1);
  }

  /** What a seed says. */
  private interface Draw {
    String from(Stream draws, Profile profile);
  }

  Option(String key, Values values, Draw draw) {
    this.key = key;
    this.values = values;
    this.draw = draw;
  }

  /** As written after {@code --set}. */
  public String key() {
    return key;
  }

  /** By its key. */
  public static Optional<Option> named(String key) {
    return Arrays.stream(values()).filter(option -> option.key.equals(key)).findFirst();
  }

  /** Whether it may be set to this. */
  public boolean allows(String value) {
    return values.allows().test(value);
  }

  /** What it may be set to, in words. */
  public String needs() {
    return values.words();
  }

  /** Whether it says something about a run of this profile. */
  public boolean isOf(Profile profile) {
    return switch (this) {
      case DESTINATION_DOWN_AFTER_SECONDS, DESTINATION_DOWN_SECONDS, DESTINATION_DOWN_BEHAVIOUR ->
          profile == Profile.DESTINATION;
      case NODES,
          ENDPOINTS,
          OPERATOR_ORDERS,
          FAULTS,
          FAULT_KINDS,
          DESTINATION_TROUBLE,
          DESTINATION_BEHAVIOURS,
          SETTLE_RESTART,
          SETTLE_DEAD ->
          profile != Profile.DESTINATION;
      default -> true;
    };
  }

  String draw(Stream draws, Profile profile) {
    return draw.from(draws, profile);
  }

  private static String whole(long value) {
    return Long.toString(value);
  }

  private static String whole(double value) {
    return Long.toString(Math.round(value));
  }

  private static String real(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  /** Zero for some seeds, and small for most others. */
  private static String share(Stream draws, Profile profile, double chance, double most) {
    boolean on = draws.chance(chance);
    double rate = draws.logUniform(most / 50, most);
    return on && profile != Profile.DESTINATION ? real(rate) : "0";
  }

  private static boolean limited(Stream draws, Profile profile) {
    return draws.chance(0.25) && profile != Profile.DESTINATION;
  }

  private static String vary(Profile profile, String usual) {
    return profile == Profile.DESTINATION ? usual : VARIES;
  }

  /** Production's value for a share of the seeds. */
  private static String usual(Stream draws, Profile profile, String usual, String drawn) {
    return profile == Profile.DESTINATION || draws.chance(0.35) ? usual : drawn;
  }

  /** Production's value for most seeds. */
  private static String seldom(Stream draws, Profile profile, String usual, String drawn) {
    return profile == Profile.DESTINATION || draws.chance(0.8) ? usual : drawn;
  }

  private static String kinds(Stream draws) {
    double on = draws.logUniform(0.15, 1);
    StringBuilder text = new StringBuilder();
    for (Fault.Kind kind : Fault.Kind.values()) {
      if (draws.chance(on)) text.append(text.isEmpty() ? "" : ",").append(kind);
    }
    return text.toString();
  }
}
