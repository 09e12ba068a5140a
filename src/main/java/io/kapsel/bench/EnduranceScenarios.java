package io.kapsel.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What stays in memory and on disk, and whether work gets dearer with what is there already. */
final class EnduranceScenarios {
  private static final double MILLION = 1e6;
  private static final int QUEUED = 100_000;
  private static final long SAMPLE_MILLIS = 15_000;
  private static final int IDLE_SECONDS = 60;
  private static final long POLL_MILLIS = 1_000;

  private final Bench bench;
  private final Trial trial;
  private final Result.Draft draft;
  private final EventCounts acknowledged;

  private EnduranceScenarios(Bench bench, Scenario scenario) {
    this.bench = bench;
    this.trial = new Trial(bench, scenario);
    this.draft = trial.draft;
    this.acknowledged = trial.acknowledged;
  }

  static Bench.Procedure soak() {
    return bench -> new EnduranceScenarios(bench, Scenario.SOAK).soaked();
  }

  static Bench.Procedure memory() {
    return bench -> new EnduranceScenarios(bench, Scenario.MEMORY).remembered();
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
        var receiver = new Receiver(trial.bodies)) {
      bench.say("creating " + count + " endpoints");
      List<String> endpoints = management.create(count, receiver.url("/after/1"), endpoint -> {});
      @Nullable DatabaseProbe database = service.database();
      try (Generator generator = trial.generator(service, endpoints)) {
        var unused =
            bench.run(
                trial.title("warm-up"),
                generator,
                Load.open(rate, bench.options().warmUpMillis(), 1));
        long events = acknowledged.size();
        long disk = database == null ? 0 : database.bytes();
        @Nullable Sample first = sample("the first seconds", service, generator, rate);
        Load.Outcome outcome =
            bench.run(trial.title("load"), generator, Load.open(rate, 0, millis));
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
      trial.auditDelivered(service, management, receiver);
      return trial.result(service, count);
    }
  }

  private @Nullable Sample sample(String when, Service service, Generator generator, double rate) {
    @Nullable ProcessUse before = service.use();
    Load.Outcome outcome =
        bench.run(trial.title(when), generator, Load.open(rate, 0, SAMPLE_MILLIS));
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

  private Result remembered() throws IOException, InterruptedException, SQLException {
    int count = bench.options().endpointsOr(10_000);
    try (ServerProcess service =
            bench.ownService(Map.of("KAPSEL_ENDPOINT_IDLE_TIMEOUT", IDLE_SECONDS + "s"));
        var receiver = new Receiver(trial.bodies)) {
      bench.say("starting the service");
      service.start();
      try (var management = new Management(service)) {
        warmUp(service, management, receiver);
        double before = liveMegabytes(service);
        bench.say(trial.title("registering " + count + " endpoints"));
        List<String> all = management.create(count, receiver.url("/after/0"), endpoint -> {});
        try (Generator generator = trial.generator(service, all)) {
          var unused = generator.run(Load.of(2L * count));
        }
        Thread.sleep(Trial.SETTLE_MILLIS);
        double awake = management.metric("kapsel_endpoints_active");
        double active = liveMegabytes(service) - before;
        draft.figure("active endpoints", awake, "");
        draft.atMost("an active empty endpoint", 1_000 * active / awake, "KB", 12);
        awaitSleep(management);
        // The edge's memory looks for what has expired when it is asked.
        try (Generator generator = trial.generator(service, all.subList(0, 1))) {
          var unused = generator.run(Load.of(1_000));
        }
        Thread.sleep(Trial.SETTLE_MILLIS);
        double idle = liveMegabytes(service) - before;
        draft.figure("a registered idle endpoint", 1_000 * idle / count, "KB");
        queue(service, management, receiver);
        trial.auditDelivered(service, management, receiver);
      }
      return trial.result(service, count);
    }
  }

  private void warmUp(Service service, Management management, Receiver receiver)
      throws IOException, InterruptedException {
    List<String> few = management.create(100, receiver.url("/after/0"), endpoint -> {});
    try (Generator generator = trial.generator(service, few)) {
      var unused =
          bench.run(
              trial.title("warm-up"),
              generator,
              Load.open(1_000, bench.options().warmUpMillis(), 1));
    }
    awaitSleep(management);
  }

  private void awaitSleep(Management management) throws IOException, InterruptedException {
    bench.say(trial.title("until all endpoints have left memory"));
    long start = System.nanoTime();
    while (management.metric("kapsel_endpoints_active") > 0
        && DeliveryScenarios.millisSince(start) < 3_000L * IDLE_SECONDS) Thread.sleep(POLL_MILLIS);
  }

  private void queue(ServerProcess service, Management management, Receiver receiver)
      throws IOException, InterruptedException {
    List<String> full = management.create(1, receiver.url("/after/0"), endpoint -> {});
    management.order(full, "pause");
    double before = liveMegabytes(service);
    try (Generator generator = trial.generator(service, full)) {
      bench.say(trial.title("queueing " + QUEUED + " webhooks for one endpoint"));
      var unused = generator.run(Load.of(QUEUED));
    }
    Thread.sleep(Trial.SETTLE_MILLIS);
    draft.atMost(
        "an endpoint with " + QUEUED + " waiting", liveMegabytes(service) - before, "MB", 64);
    management.order(full, "resume");
  }

  private static double liveMegabytes(ServerProcess service)
      throws IOException, InterruptedException {
    return service.liveHeapBytes() / 1e6;
  }
}
