package io.kapsel.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Acceptance alone: the endpoints are paused, which queues everything and delivers nothing. */
final class IngestScenarios {
  private static final long CEILING_MILLIS = 5_000;
  private static final double OPEN_SHARE_OF_CAPACITY = 0.8;

  /**
   * @param perSecondMin the target, 0 for none
   * @param p99MillisMax the target at that rate
   */
  record Plan(
      Scenario scenario,
      int endpoints,
      int bodyBytes,
      boolean keys,
      int connections,
      double perSecondMin,
      double p99MillisMax) {}

  private final Bench bench;
  private final Plan plan;

  private IngestScenarios(Bench bench, Plan plan) {
    this.bench = bench;
    this.plan = plan;
  }

  static Bench.Procedure of(Scenario scenario) {
    return bench -> {
      int endpoints = bench.options().endpointsOr(1_000);
      int connections = bench.options().connections();
      return new IngestScenarios(
              bench,
              switch (scenario) {
                case INGEST_HOT -> new Plan(scenario, 1, 1_024, false, connections, 12_000, 50);
                case INGEST_KEYS ->
                    new Plan(scenario, endpoints, 1_024, true, connections, 10_000, 50);
                case INGEST_64K ->
                    new Plan(scenario, endpoints, 64 << 10, false, Math.min(connections, 64), 0, 0);
                case INGEST_10M ->
                    new Plan(scenario, endpoints, 10 << 20, false, Math.min(connections, 8), 0, 0);
                default -> new Plan(scenario, endpoints, 1_024, false, connections, 10_000, 50);
              })
          .run();
    };
  }

  private Result run() throws IOException, InterruptedException, SQLException {
    // One hot endpoint gets more than its usual maximum in a minute.
    var changes = Map.of("KAPSEL_ENDPOINT_QUEUE_MAX", "10000000");
    var draft = new Result.Draft();
    var bodies = new Bodies(plan.bodyBytes(), Bench.random());
    try (Service service = bench.service(changes);
        var management = new Management(service);
        var receiver = new Receiver(bodies)) {
      bench.say("creating " + plan.endpoints() + " endpoints");
      List<String> endpoints =
          management.create(plan.endpoints(), receiver.url("/after/0"), endpoint -> {});
      management.order(endpoints, "pause");
      var acknowledged = new EventCounts();
      var source = new RequestSource.Webhooks(service.authority(), endpoints, bodies, plan.keys());
      try (var generator =
          new Generator(service.address(), plan.connections(), source, acknowledged)) {
        long unanswered = measure(draft, service, generator);
        new Audit(draft, acknowledged).allQueued(management, endpoints, unanswered);
      }
      return draft.result(
          plan.scenario(), bench.settings(service, plan.endpoints(), plan.bodyBytes()));
    }
  }

  /** Answers how many requests had no answer. */
  private long measure(Result.Draft draft, Service service, Generator generator)
      throws IOException, SQLException {
    var options = bench.options();
    var warm = bench.run(title("warm-up"), generator, Load.closed(options.warmUpMillis(), 1));
    @Nullable ProcessUse before = service.use();
    Load.Outcome closed =
        bench.run(title("closed loop"), generator, Load.closed(0, options.measureMillis()));
    @Nullable ProcessUse after = service.use();
    double capacity = closed.accepted().perSecond();
    double rate = options.perSecondOr(openRate(capacity));
    Load.Outcome open =
        bench.run(
            title("open loop at " + TextReport.number(rate) + "/s"),
            generator,
            Load.open(rate, 2_000, options.measureMillis()));
    double idle = nothing("a route that does nothing", service.authority(), CEILING_MILLIS / 2);
    double akkaHttp = akkaHttpNothing();

    if (plan.perSecondMin() > 0)
      draft.atLeast("acknowledged, closed loop", capacity, "/s", plan.perSecondMin());
    else draft.figure("acknowledged, closed loop", capacity, "/s");
    draft.figure("bytes of bodies", capacity * plan.bodyBytes() / 1e6, "MB/s");
    draft.figure("p50, closed loop", closed.accepted().p50Millis(), "ms");
    latency(draft, "p99, closed loop", closed.accepted().p99Millis());
    draft.figure("open loop, intended", rate, "/s");
    draft.figure("open loop, acknowledged", open.accepted().perSecond(), "/s");
    draft.figure("p50, open loop", open.accepted().p50Millis(), "ms");
    latency(draft, "p99, open loop", open.accepted().p99Millis());
    draft.figure("p99.9, open loop", open.accepted().p999Millis(), "ms");
    draft.figure("max, open loop", open.accepted().maxMillis(), "ms");
    draft.figure("refused", closed.refusals() + open.refusals(), "");
    ceilings(draft, service, capacity, idle, akkaHttp);
    if (before != null && after != null) use(draft, before, after, closed.accepted().answers());
    draft.charts("closed loop", closed.seconds());
    draft.charts("open loop", open.seconds());
    draft.check("no connection broke", closed.failed() + open.failed() == 0, "");
    return warm.unanswered()
        + closed.unanswered()
        + open.unanswered()
        + warm.failed()
        + closed.failed()
        + open.failed();
  }

  private void latency(Result.Draft draft, String name, double millis) {
    if (plan.p99MillisMax() > 0) draft.atMost(name, millis, "ms", plan.p99MillisMax());
    else draft.figure(name, millis, "ms");
  }

  /** The target where it can be held, else well below the capacity. */
  private double openRate(double capacity) {
    double below = OPEN_SHARE_OF_CAPACITY * capacity;
    return plan.perSecondMin() > 0 ? Math.min(plan.perSecondMin(), below) : below;
  }

  private double nothing(String name, String authority, long warmUpMillis) throws IOException {
    var source = new RequestSource.Idle(authority);
    try (var generator =
        new Generator(Service.address(authority), plan.connections(), source, new EventCounts())) {
      return bench
          .run(title(name), generator, Load.closed(warmUpMillis, CEILING_MILLIS))
          .accepted()
          .perSecond();
    }
  }

  /** 0 when the measured service may be on another machine. */
  private double akkaHttpNothing() throws IOException {
    if (bench.remote() != null) return 0;
    try (var server = AkkaHttpCeiling.start()) {
      return nothing("akka-http doing nothing", server.authority(), 2 * CEILING_MILLIS);
    }
  }

  private void ceilings(
      Result.Draft draft, Service service, double capacity, double idle, double akkaHttp)
      throws SQLException {
    draft.figure("a route that does nothing", idle, "/s");
    if (plan.perSecondMin() > 0 && plan.endpoints() > 1)
      draft.atLeast("ratio to it", capacity / idle, "", 0.4);
    else draft.figure("ratio to it", capacity / idle, "");
    if (akkaHttp > 0) {
      draft.figure("akka-http doing nothing", akkaHttp, "/s");
      draft.figure("ratio to that", capacity / akkaHttp, "");
    }
    @Nullable DatabaseProbe database = service.database();
    if (database == null) return;
    double rows = database.rowsPerSecond(plan.bodyBytes(), CEILING_MILLIS, Bench.random());
    draft.figure("rows PostgreSQL alone takes", rows, "/s");
    draft.figure("ratio to those", capacity / rows, "");
  }

  static void use(Result.Draft draft, ProcessUse before, ProcessUse after, long webhooks) {
    double each = 1_000.0 / Math.max(1, webhooks);
    draft.figure(
        "CPU of the service per webhook", (after.cpuMillis() - before.cpuMillis()) * each, "µs");
    draft.figure(
        "CPU of the database per webhook",
        (after.databaseCpuMillis() - before.databaseCpuMillis()) * each,
        "µs");
    draft.atMost("resident memory of the service", after.residentBytes() / 1e6, "MB", 2_000);
    draft.atMost("processes of the database", after.databaseConnections(), "", 100);
  }

  private String title(String phase) {
    return plan.scenario().title() + ": " + phase;
  }
}
