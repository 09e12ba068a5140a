package io.kapsel.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What stays in memory and on disk, and whether work gets dearer with what is there already. */
final class EnduranceScenarios {
  private static final int BODY_BYTES = 1_024;
  private static final double MILLION = 1e6;
  private static final int QUEUED = 100_000;
  private static final long SAMPLE_MILLIS = 15_000;
  private static final long SETTLE_MILLIS = 3_000;
  private static final int IDLE_SECONDS = 60;
  private static final long POLL_MILLIS = 1_000;

  private final Bench bench;
  private final Scenario scenario;
  private final Result.Draft draft = new Result.Draft();
  private final EventCounts acknowledged = new EventCounts();
  private final Bodies bodies = new Bodies(BODY_BYTES, Bench.random());

  private EnduranceScenarios(Bench bench, Scenario scenario) {
    this.bench = bench;
    this.scenario = scenario;
  }

  static Bench.Procedure soak() {
    return bench -> new EnduranceScenarios(bench, Scenario.SOAK).soaked();
  }

  static Bench.Procedure memory() {
    return bench -> new EnduranceScenarios(bench, Scenario.MEMORY).remembered();
  }

  private String title(String phase) {
    return scenario.title() + ": " + phase;
  }

  private Generator generator(Service service, List<String> endpoints) throws IOException {
    return new Generator(
        service.address(),
        bench.options().connections(),
        new RequestSource.Webhooks(service.authority(), endpoints, bodies, false),
        acknowledged);
  }

  // --------------------------------------------------------------------------------------- soak

  /** Of some seconds of the load. */
  private record Sample(double cpuMicros, double residentMegabytes) {}

  private Result soaked() throws IOException, InterruptedException, SQLException {
    int count = bench.options().endpointsOr(1_000);
    double rate = bench.options().perSecondOr(3_000);
    long millis = bench.options().measureMillisOr((long) (1_000 * MILLION / rate));
    try (Service service = bench.service(Map.of());
        var management = new Management(service);
        var receiver = new Receiver(bodies)) {
      bench.say("creating " + count + " endpoints");
      List<String> endpoints = management.create(count, receiver.url("/after/1"), endpoint -> {});
      @Nullable DatabaseProbe database = service.database();
      try (Generator generator = generator(service, endpoints)) {
        var unused =
            bench.run(
                title("warm-up"), generator, Load.open(rate, bench.options().warmUpMillis(), 1));
        long events = acknowledged.size();
        long disk = database == null ? 0 : database.bytes();
        @Nullable Sample first = sample("the first seconds", service, generator, rate);
        Load.Outcome outcome = bench.run(title("load"), generator, Load.open(rate, 0, millis));
        @Nullable Sample last = sample("the last seconds", service, generator, rate);
        double millions = (acknowledged.size() - events) / MILLION;
        draft.figure("acknowledged", outcome.accepted().perSecond(), "/s");
        draft.figure("webhooks", millions, "M");
        draft.figure("p99 of the answer", outcome.accepted().p99Millis(), "ms");
        if (first != null && last != null) compare(first, last);
        if (database != null)
          draft.figure("disk per million", (database.bytes() - disk) / millions / 1e6, "MB");
        draft.charts("load", outcome.seconds());
      }
      Thread.sleep(SETTLE_MILLIS);
      var audit = new Audit(draft, acknowledged);
      audit.allDelivered(receiver);
      audit.historyAgrees(receiver, database, management);
      return draft.result(scenario, bench.settings(service, count, BODY_BYTES));
    }
  }

  private @Nullable Sample sample(String when, Service service, Generator generator, double rate) {
    @Nullable ProcessUse before = service.use();
    Load.Outcome outcome = bench.run(title(when), generator, Load.open(rate, 0, SAMPLE_MILLIS));
    @Nullable ProcessUse after = service.use();
    if (before == null || after == null) return null;
    return new Sample(
        1_000.0 * after.cpuMillisSince(before) / Math.max(1, outcome.accepted().answers()),
        after.residentBytes() / 1e6);
  }

  private void compare(Sample first, Sample last) {
    draft.figure("CPU per webhook, at first", first.cpuMicros(), "µs");
    draft.figure("CPU per webhook, at last", last.cpuMicros(), "µs");
    draft.atMost("CPU per webhook, ratio", last.cpuMicros() / first.cpuMicros(), "", 1.1);
    draft.figure("resident memory, at first", first.residentMegabytes(), "MB");
    draft.atMost("resident memory, at last", last.residentMegabytes(), "MB", 2_000);
  }

  // ------------------------------------------------------------------------------------- memory

  private Result remembered() throws IOException, InterruptedException {
    int count = bench.options().endpointsOr(10_000);
    try (ServerProcess service =
            bench.ownService(Map.of("KAPSEL_ENDPOINT_IDLE_TIMEOUT", IDLE_SECONDS + "s"));
        var receiver = new Receiver(bodies)) {
      bench.say("starting the service");
      service.start();
      try (var management = new Management(service)) {
        warmUp(service, management, receiver);
        double before = liveMegabytes(service);
        bench.say(title("registering " + count + " endpoints"));
        List<String> all = management.create(count, receiver.url("/after/0"), endpoint -> {});
        try (Generator generator = generator(service, all)) {
          var unused = generator.run(Load.of(2L * count));
        }
        Thread.sleep(SETTLE_MILLIS);
        double awake = management.metric("kapsel_endpoints_active");
        double active = liveMegabytes(service) - before;
        draft.figure("active endpoints", awake, "");
        draft.atMost("an active empty endpoint", 1_000 * active / awake, "KB", 12);
        awaitSleep(management);
        double idle = liveMegabytes(service) - before;
        draft.figure("a registered idle endpoint", 1_000 * idle / count, "KB");
        queue(service, management, receiver);
      }
      return draft.result(scenario, bench.settings(service, count, BODY_BYTES));
    }
  }

  private void warmUp(Service service, Management management, Receiver receiver)
      throws IOException, InterruptedException {
    List<String> few = management.create(100, receiver.url("/after/0"), endpoint -> {});
    try (Generator generator = generator(service, few)) {
      var unused =
          bench.run(
              title("warm-up"), generator, Load.open(1_000, bench.options().warmUpMillis(), 1));
    }
    awaitSleep(management);
  }

  private void awaitSleep(Management management) throws IOException, InterruptedException {
    bench.say(title("until all endpoints have left memory"));
    long start = System.nanoTime();
    while (management.metric("kapsel_endpoints_active") > 0
        && DeliveryScenarios.millisSince(start) < 3_000L * IDLE_SECONDS) Thread.sleep(POLL_MILLIS);
  }

  private void queue(ServerProcess service, Management management, Receiver receiver)
      throws IOException, InterruptedException {
    List<String> full = management.create(1, receiver.url("/after/0"), endpoint -> {});
    management.order(full, "pause");
    double before = liveMegabytes(service);
    try (Generator generator = generator(service, full)) {
      bench.say(title("queueing " + QUEUED + " webhooks for one endpoint"));
      var unused = generator.run(Load.of(QUEUED - 1_000));
    }
    Thread.sleep(SETTLE_MILLIS);
    draft.atMost(
        "an endpoint with " + QUEUED + " waiting", liveMegabytes(service) - before, "MB", 64);
  }

  private static double liveMegabytes(ServerProcess service)
      throws IOException, InterruptedException {
    return service.liveHeapBytes() / 1e6;
  }
}
