package io.kapsel.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Starting, being killed, and having very many endpoints. */
final class LifeScenarios {
  private static final int QUEUED = 100_000;
  private static final long FULL_SPEED_MILLIS = 40_000;
  private static final long DRAIN_MILLIS = 1_000;
  private static final double FULL_SPEED_SHARE = 0.9;

  private final Bench bench;
  private final Trial trial;
  private final Result.Draft draft;
  private final EventCounts acknowledged;
  private long uncertain;

  private LifeScenarios(Bench bench, Scenario scenario) {
    this.bench = bench;
    this.trial = new Trial(bench, scenario);
    this.draft = trial.draft;
    this.acknowledged = trial.acknowledged;
  }

  static Bench.Procedure start() {
    return bench -> new LifeScenarios(bench, Scenario.START).started();
  }

  static Bench.Procedure recovery() {
    return bench -> new LifeScenarios(bench, Scenario.RECOVERY).recovered();
  }

  static Bench.Procedure manyEndpoints() {
    return bench -> new LifeScenarios(bench, Scenario.MANY_ENDPOINTS).many();
  }

  // -------------------------------------------------------------------------------------- start

  private Result started() throws IOException, InterruptedException {
    int count = bench.options().endpointsOr(1_000);
    try (ServerProcess service = bench.ownService(Map.of());
        var receiver = new Receiver(trial.bodies)) {
      bench.say("preparing the data of the service");
      service.start();
      List<String> endpoints;
      try (var management = new Management(service)) {
        endpoints = management.create(count, receiver.url("/after/0"), endpoint -> {});
        management.order(endpoints, "pause");
      }
      service.stop();
      bench.say(trial.title("starting it again"));
      service.start();
      draft.figure("start to listening", secondsSince(service.startNanos()), "s");
      draft.atMost(
          "start to first acknowledgement",
          firstAcknowledgement(service, endpoints, service.startNanos()),
          "s",
          4);
      try (Generator generator =
          trial.generator(service, bench.options().connections(), endpoints)) {
        Load.Outcome outcome =
            bench.run(
                trial.title("full load from the start"),
                generator,
                Load.closed(0, FULL_SPEED_MILLIS));
        double last =
            outcome.seconds().stream()
                .skip(outcome.seconds().size() * 3L / 4)
                .mapToLong(Latencies.Second::answers)
                .average()
                .orElse(0);
        uncertain += outcome.uncertain();
        int second = 0;
        while (second < outcome.seconds().size()
            && outcome.seconds().get(second).answers() < FULL_SPEED_SHARE * last) second++;
        draft.figure("full speed", last, "/s");
        draft.atMost("under load until 90 % of it", (double) second + 1, "s", 15);
        draft.charts("full load from the start", outcome.seconds());
      }
      try (var management = new Management(service)) {
        new Audit(draft, acknowledged).allQueued(management, endpoints, uncertain);
      }
      return trial.result(service, count);
    }
  }

  private static double secondsSince(long startNanos) {
    return (System.nanoTime() - startNanos) / 1e9;
  }

  /** Seconds from then to the first webhook that is answered with 200. */
  private double firstAcknowledgement(
      ServerProcess service, List<String> endpoints, long sinceNanos) throws IOException {
    try (Generator one = trial.generator(service, 1, endpoints)) {
      while (true) {
        Load.Outcome outcome = one.run(Load.of(1));
        uncertain += outcome.uncertain();
        if (outcome.accepted().answers() == 1)
          return (outcome.firstAcceptedNanos() - sinceNanos) / 1e9;
        if (secondsSince(service.startNanos()) > 60)
          throw new IOException("no webhook was accepted within a minute of the start");
      }
    }
  }

  // ----------------------------------------------------------------------------------- recovery

  private Result recovered() throws IOException, InterruptedException, SQLException {
    int count = bench.options().endpointsOr(1_000);
    try (ServerProcess service = bench.ownService(Map.of());
        var receiver = new Receiver(trial.bodies)) {
      bench.say("starting the service");
      service.start();
      List<String> endpoints;
      List<String> full;
      try (var management = new Management(service)) {
        bench.say("creating " + count + " endpoints");
        endpoints = management.create(count, receiver.url("/after/0"), endpoint -> {});
        full = management.create(1, receiver.url("/after/0"), endpoint -> {});
        management.order(full, "pause");
      }
      try (Generator flood = trial.generator(service, bench.options().connections(), full)) {
        bench.say(trial.title("queueing " + QUEUED + " webhooks for one endpoint"));
        var unused = flood.run(Load.of(QUEUED));
      }
      killedUnderLoad(service, endpoints, full);
      awaitAll(service, receiver, full);
      Thread.sleep(Trial.SETTLE_MILLIS);
      var audit = new Audit(draft, acknowledged);
      audit.allDelivered(receiver);
      audit.historyAgreesAfterKill(receiver, service.database());
      return trial.result(service, count);
    }
  }

  private void killedUnderLoad(ServerProcess service, List<String> endpoints, List<String> full)
      throws IOException, InterruptedException {
    long killedNanos;
    long listeningNanos;
    try (Generator generator = trial.generator(service, bench.options().connections(), endpoints)) {
      long measured = bench.options().measureMillis();
      var load = new Load(Double.POSITIVE_INFINITY, 0, 2 * measured, DRAIN_MILLIS, Long.MAX_VALUE);
      String title = trial.title("load until kill -9 after " + measured / 1_000 + " s");
      // Of its own thread, so that the restart does not wait for the last answers.
      var sending =
          CompletableFuture.supplyAsync(
              () -> bench.run(title, generator, load),
              task -> Thread.ofPlatform().daemon().start(task));
      Thread.sleep(measured);
      killedNanos = System.nanoTime();
      service.kill();
      generator.stop();
      service.start();
      listeningNanos = System.nanoTime();
      var unused = sending.join();
    }
    draft.figure("kill -9 to listening", (listeningNanos - killedNanos) / 1e9, "s");
    draft.atMost(
        "kill -9 to first acknowledgement",
        firstAcknowledgement(service, endpoints, killedNanos),
        "s",
        5);
    // It recovers from when the service listens, because endpoints in use are remembered.
    try (var management = new Management(service)) {
      long queued = management.queued(full);
      draft.atMost("listening to the full endpoint's state", secondsSince(listeningNanos), "s", 3);
      draft.figure("webhooks waiting in it", queued, "");
    }
  }

  private void awaitAll(ServerProcess service, Receiver receiver, List<String> full)
      throws IOException, InterruptedException {
    try (var management = new Management(service)) {
      management.order(full, "resume");
      var progress =
          Progress.of(
              bench.screen(),
              trial.title("delivering"),
              acknowledged.size(),
              () -> receiver.tally().confirmed());
      double seconds = receiver.await(acknowledged);
      progress.end();
      draft.figure("all delivered after", seconds, "s");
    }
  }

  // ----------------------------------------------------------------------------- many endpoints

  private Result many() throws IOException, InterruptedException, SQLException {
    int registered = bench.options().endpointsOr(100_000);
    int active = Math.max(1, registered / 10);
    double rate = bench.options().perSecondOr(1_500);
    try (Service service = bench.service(Map.of());
        var management = new Management(service);
        var receiver = new Receiver(trial.bodies)) {
      List<String> few = management.create(100, receiver.url("/after/0"), endpoint -> {});
      double cpuFew = cpu("100 endpoints", service, few, rate);
      long begin = System.nanoTime();
      @Nullable ProcessUse before = service.use();
      bench.say(trial.title("registering " + registered + " endpoints"));
      List<String> all = management.create(registered, receiver.url("/after/0"), endpoint -> {});
      draft.figure("registered per second", registered / secondsSince(begin), "/s");
      @Nullable ProcessUse after = service.use();
      if (before != null && after != null)
        draft.figure(
            "resident memory per endpoint just registered",
            (after.residentBytes() - before.residentBytes()) / 1e3 / registered,
            "KB");
      double cpuMany = cpu(active + " endpoints", service, all.subList(0, active), rate);
      if (cpuFew > 0) draft.atMost("CPU per webhook, ratio", cpuMany / cpuFew, "", 1.3);
      @Nullable ProcessUse end = service.use();
      if (end != null) draft.atMost("resident memory", end.residentBytes() / 1e6, "MB", 2_000);
      trial.auditDelivered(service, management, receiver);
      return trial.result(service, registered);
    }
  }

  /** Microseconds of the service and its database per webhook. */
  private double cpu(String what, Service service, List<String> endpoints, double rate)
      throws IOException {
    try (Generator generator = trial.generator(service, bench.options().connections(), endpoints)) {
      var unused =
          bench.run(
              trial.title(what + ", warm-up"),
              generator,
              Load.open(rate, bench.options().warmUpMillis(), 1));
      @Nullable ProcessUse before = service.use();
      Load.Outcome outcome =
          bench.run(
              trial.title(what), generator, Load.open(rate, 0, bench.options().measureMillis()));
      @Nullable ProcessUse after = service.use();
      draft.figure(what + ", p99 of the answer", outcome.accepted().p99Millis(), "ms");
      if (before == null || after == null) return 0;
      double each =
          1_000.0 * after.cpuMillisSince(before) / Math.max(1, outcome.accepted().answers());
      draft.figure(what + ", CPU per webhook", each, "µs");
      return each;
    }
  }
}
