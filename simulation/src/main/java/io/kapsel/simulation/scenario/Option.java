package io.kapsel.simulation.scenario;

import io.kapsel.simulation.world.Interleaving;
import io.kapsel.simulation.world.Randomness.Stream;
import java.util.List;
import java.util.Locale;

/**
 * Everything about a run that the seed decides and {@code --set} can change: the one table of what
 * is randomised, and how far. Each option has a stream of its own, so that setting one leaves the
 * others alone. Sizes are drawn down to tiny values, where limits and races live.
 */
@SuppressWarnings("ImmutableEnumChecker") // a drawing has no state
public enum Option {
  NODES("nodes", (d, p) -> whole(p == Profile.CLUSTER ? d.between(3, 5) : 1)),
  INTERLEAVING(
      "interleaving",
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
      (d, p) ->
          switch (p) {
            case ENDPOINT -> whole(d.logUniform(10, 240));
            case CLUSTER -> whole(d.between(20, 60));
            case DESTINATION -> "3600";
          }),
  SETTLE_SECONDS_MAX("settle.seconds.max", (d, p) -> p == Profile.DESTINATION ? "90000" : "7200"),
  ENDPOINTS("endpoints", (d, p) -> p == Profile.DESTINATION ? "1" : whole(d.logUniform(1, 7))),
  WEBHOOKS(
      "webhooks",
      (d, p) ->
          p == Profile.DESTINATION
              ? "3600"
              : whole(d.logUniform(5, p == Profile.CLUSTER ? 200 : 300))),

  SENDER_BURSTS("sender.bursts", (d, p) -> share(d, p, 0.5, 0.6)),
  SENDER_KEYLESS("sender.keyless", (d, p) -> share(d, p, 0.3, 0.5)),
  SENDER_REPEATS("sender.repeats", (d, p) -> share(d, p, 0.7, 0.5)),
  SENDER_OTHER_BODY("sender.other-body", (d, p) -> share(d, p, 0.4, 0.2)),
  SENDER_BAD_SIGNATURE("sender.bad-signature", (d, p) -> share(d, p, 0.3, 0.1)),
  SENDER_OVERSIZE("sender.oversize", (d, p) -> share(d, p, 0.3, 0.05)),
  SENDER_PATIENCE_MILLIS(
      "sender.patience.millis",
      (d, p) -> p == Profile.DESTINATION ? "30000" : whole(d.logUniform(200, 30_000))),
  SENDER_ANSWER_LOST("sender.answer-lost", (d, p) -> share(d, p, 0.4, 0.1)),

  OPERATOR_ORDERS(
      "operator.orders",
      (d, p) -> p == Profile.DESTINATION ? "0" : d.chance(0.5) ? "0" : whole(d.logUniform(1, 25))),

  FAULTS(
      "faults",
      (d, p) -> p == Profile.DESTINATION ? "0" : d.chance(0.08) ? "0" : whole(d.logUniform(1, 10))),
  FAULT_KINDS("faults.kinds", (d, p) -> kinds(d)),

  DESTINATION_TROUBLE(
      "destination.trouble",
      (d, p) -> p == Profile.DESTINATION || d.chance(0.25) ? "0" : real(d.logUniform(0.01, 0.9))),
  DESTINATION_BEHAVIOURS("destination.behaviours", (d, p) -> real(d.logUniform(0.15, 1))),
  DESTINATION_LATENCY_MILLIS(
      "destination.latency.millis",
      (d, p) -> whole(p == Profile.DESTINATION ? 150 : d.logUniform(2, 2_000))),
  DESTINATION_RETRY_AFTER_SECONDS_MAX(
      "destination.retry-after.seconds.max",
      (d, p) -> d.chance(0.1) ? "100000000" : whole(d.logUniform(1, 600))),
  DESTINATION_DOWN_AFTER_SECONDS("destination.down.after.seconds", (d, p) -> "300"),
  DESTINATION_DOWN_SECONDS("destination.down.seconds", (d, p) -> "1200"),
  DESTINATION_DOWN_BEHAVIOUR("destination.down.behaviour", (d, p) -> "CONNECTION_REFUSED"),

  RETRY_STRATEGY("retry.strategy", (d, p) -> vary(p, "EXPONENTIAL")),
  RETRY_BASE_MILLIS("retry.base.millis", (d, p) -> vary(p, "1000")),
  RETRY_MULTIPLIER("retry.multiplier", (d, p) -> vary(p, "2")),
  RETRY_DELAY_MILLIS_MAX("retry.delay.millis.max", (d, p) -> vary(p, "3600000")),
  RETRY_JITTER("retry.jitter", (d, p) -> vary(p, "0.25")),
  RETRY_ATTEMPTS_MAX("retry.attempts.max", (d, p) -> vary(p, "10")),
  /** Delays before attempts 2, 3, …, with commas; for the strategy SCHEDULE. */
  RETRY_SCHEDULE_MILLIS(
      "retry.schedule.millis",
      (d, p) ->
          vary(p, "5000,300000,1800000,7200000,18000000,36000000,50400000,72000000,86400000")),
  CIRCUIT_FAILURES("circuit.failures", (d, p) -> vary(p, "5")),
  CIRCUIT_RATE("circuit.rate", (d, p) -> vary(p, "0.5")),
  CIRCUIT_WINDOW("circuit.window", (d, p) -> vary(p, "10")),
  CIRCUIT_OPEN_MILLIS("circuit.open.millis", (d, p) -> vary(p, "30000")),
  CIRCUIT_SUCCESSES("circuit.successes", (d, p) -> vary(p, "3")),
  DELIVERY_TIMEOUT_MILLIS("delivery.timeout.millis", (d, p) -> vary(p, "30000")),
  DELIVERY_IN_FLIGHT_MAX("delivery.in-flight.max", (d, p) -> vary(p, "100")),
  DELIVERY_RATE("delivery.rate", (d, p) -> vary(p, "0")),
  DELIVERY_ORDERING("delivery.ordering", (d, p) -> vary(p, "PARALLEL")),

  QUEUE_MAX("queue.max", (d, p) -> usual(d, p, "100000", whole(d.logUniform(2, 200)))),
  WINDOW_SECONDS("window.seconds", (d, p) -> usual(d, p, "86400", whole(d.logUniform(30, 86_400)))),
  WINDOW_KEYS_MAX(
      "window.keys.max", (d, p) -> seldom(d, p, "1000000", whole(d.logUniform(1, 100)))),
  WINDOW_SEGMENT_KEYS(
      "window.segment.keys", (d, p) -> usual(d, p, "1024", whole(d.logUniform(1, 50)))),
  /** Keys that the endpoints of a node remember together. */
  NODE_KEYS_MAX("node.keys.max", (d, p) -> seldom(d, p, "4000000", whole(d.logUniform(1, 100)))),
  OFFER_AGE_MILLIS_MAX(
      "offer.age.millis.max", (d, p) -> usual(d, p, "60000", whole(d.logUniform(2_000, 60_000)))),
  ATTEMPT_GRACE_MILLIS(
      "attempt.grace.millis", (d, p) -> usual(d, p, "60000", whole(d.logUniform(200, 20_000)))),
  OUTBOX_BATCHES_MAX(
      "outbox.batches.max", (d, p) -> usual(d, p, "1000", whole(d.logUniform(1, 100)))),
  IDLE_MILLIS("idle.millis", (d, p) -> usual(d, p, "120000", whole(d.logUniform(100, 60_000)))),
  SNAPSHOT_WEIGHT_MIN(
      "snapshot.weight.min", (d, p) -> usual(d, p, "5000", whole(d.logUniform(1, 500)))),
  DIRECTORY_REFRESH_MILLIS_MAX(
      "directory.refresh.millis.max",
      (d, p) -> usual(d, p, "60000", whole(d.logUniform(1, 60_000)))),
  POOL_CONCURRENCY("pool.concurrency", (d, p) -> usual(d, p, "1000", whole(d.logUniform(1, 50)))),
  POOL_WAIT_MILLIS_MAX(
      "pool.wait.millis.max", (d, p) -> usual(d, p, "20000", whole(d.logUniform(1_000, 20_000)))),
  POOL_BODIES_BYTES_MAX(
      "pool.bodies.bytes.max",
      (d, p) -> usual(d, p, "134217728", whole(d.logUniform(100, 100_000)))),
  GATEWAY_BATCH_MAX("gateway.batch.max", (d, p) -> usual(d, p, "256", whole(d.logUniform(1, 20)))),
  GATEWAY_WAITING_MAX(
      "gateway.waiting.max", (d, p) -> usual(d, p, "20000", whole(d.logUniform(2, 100)))),
  GATEWAY_TIMEOUT_MILLIS(
      "gateway.timeout.millis", (d, p) -> usual(d, p, "10000", whole(d.logUniform(300, 10_000)))),
  GATEWAYS("gateways", (d, p) -> usual(d, p, "2", whole(d.between(1, 3)))),
  RECONCILER_EVERY_MILLIS(
      "reconciler.every.millis",
      (d, p) -> usual(d, p, "30000", whole(d.logUniform(1_000, 30_000)))),
  RECONCILER_BATCH_MAX(
      "reconciler.batch.max", (d, p) -> usual(d, p, "1000", whole(d.logUniform(1, 20)))),
  CACHE_ENDPOINTS_MAX(
      "cache.endpoints.max", (d, p) -> usual(d, p, "100000", whole(d.between(1, 3)))),
  ORDER_TIMEOUT_MILLIS(
      "order.timeout.millis", (d, p) -> usual(d, p, "5000", whole(d.logUniform(500, 5_000)))),
  /** How long a node that leaves waits for its attempts in flight. */
  DRAIN_MILLIS("drain.millis", (d, p) -> usual(d, p, "20000", whole(d.logUniform(10, 20_000)))),
  SHARDS("shards", (d, p) -> usual(d, p, "64", whole(d.logUniform(1, 16)))),
  JOURNAL_TIDIED("journal.tidied", (d, p) -> d.chance(0.5) ? "1" : "0"),

  /** Every node is killed once after everything was healed: then only what is stored can go on. */
  SETTLE_RESTART("settle.restart", (d, p) -> p != Profile.DESTINATION && d.chance(0.4) ? "1" : "0"),

  /** Webhooks a second of each tenant, 0 for no limit. */
  LIMITS_RATE("limits.rate", (d, p) -> limited(d, p) ? real(d.logUniform(1, 30)) : "0"),
  LIMITS_BURST("limits.burst", (d, p) -> whole(d.logUniform(1, 20))),
  /** Whether nodes lease tokens from a bank. */
  LIMITS_SHARED("limits.shared", (d, p) -> d.chance(0.6) ? "1" : "0");

  /** Drawn for each endpoint on its own. */
  public static final String VARIES = "varies";

  private final String key;
  private final Draw draw;

  /** What a seed says. */
  private interface Draw {
    String from(Stream draws, Profile profile);
  }

  Option(String key, Draw draw) {
    this.key = key;
    this.draw = draw;
  }

  /** As written after {@code --set}. */
  public String key() {
    return key;
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
