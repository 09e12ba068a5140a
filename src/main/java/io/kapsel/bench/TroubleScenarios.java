package io.kapsel.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Destinations that fail, and more load than there is room for. */
final class TroubleScenarios {

  private final Bench bench;
  private final Trial trial;
  private final Result.Draft draft;
  private final EventCounts acknowledged;
  private long uncertain;

  private TroubleScenarios(Bench bench, Scenario scenario) {
    this.bench = bench;
    this.trial = new Trial(bench, scenario);
    this.draft = trial.draft;
    this.acknowledged = trial.acknowledged;
  }

  static Bench.Procedure noisyNeighbour() {
    return bench -> new TroubleScenarios(bench, Scenario.NOISY_NEIGHBOUR).neighbours();
  }

  static Bench.Procedure circuitStorm() {
    return bench -> new TroubleScenarios(bench, Scenario.CIRCUIT_STORM).storm();
  }

  static Bench.Procedure saturation() {
    return bench -> new TroubleScenarios(bench, Scenario.SATURATION).saturate();
  }

  // --------------------------------------------------------------------------- noisy neighbour

  private Result neighbours() throws IOException, InterruptedException, SQLException {
    int healthy = bench.options().endpointsOr(1_000) - 1;
    double rate = bench.options().perSecondOr(1_000);
    int backlog = 100_000;
    try (Service service = bench.service(Map.of());
        var management = new Management(service);
        var receiver = new Receiver(trial.bodies)) {
      bench.say("creating " + (healthy + 1) + " endpoints");
      List<String> good = management.create(healthy, receiver.url("/after/5"), endpoint -> {});
      List<String> dead = management.create(1, receiver.url("/hang"), endpoint -> {});
      management.order(dead, "pause");
      var toDead = new EventCounts();
      Load.Outcome flooded;
      var flooding = new RequestSource.Webhooks(service.authority(), dead, trial.bodies, false);
      try (var flood =
          new Generator(service.address(), bench.options().connections(), flooding, toDead)) {
        bench.say(trial.title("queueing " + backlog + " webhooks for the dead one"));
        flooded = flood.run(Load.of(backlog));
      }
      try (Generator generator = trial.generator(service, good)) {
        var unused =
            bench.run(
                trial.title("warm-up"),
                generator,
                Load.open(rate, bench.options().warmUpMillis(), 1));
        // Without it before and after, because the service gets faster for minutes.
        long before = p99ToFirstAttempt("without it, before", generator, receiver, rate);
        management.order(dead, "resume");
        Thread.sleep(Trial.SETTLE_MILLIS);
        long beside = p99ToFirstAttempt("beside it", generator, receiver, rate);
        management.order(dead, "pause");
        Thread.sleep(Trial.SETTLE_MILLIS);
        long after = p99ToFirstAttempt("without it, after", generator, receiver, rate);
        draft.atMost(
            "p99 to first attempt, ratio", beside / Math.max(1, (before + after) / 2.0), "", 1.5);
      }
      trial.auditDelivered(service, management, receiver);
      new Audit(draft, toDead).allQueued(management, dead, flooded.uncertain());
      return trial.result(service, healthy + 1);
    }
  }

  private long p99ToFirstAttempt(String when, Generator generator, Receiver receiver, double rate)
      throws InterruptedException {
    double unusedSeconds = receiver.await(acknowledged);
    receiver.takeFirstAttempts();
    Load.Outcome outcome =
        bench.run(
            trial.title(when), generator, Load.open(rate, 0, bench.options().measureMillis()));
    // The slowest first attempts come after the last answer.
    unusedSeconds += receiver.await(acknowledged);
    Histogram first = receiver.takeFirstAttempts();
    draft.figure(when + ", acknowledged", outcome.accepted().perSecond(), "/s");
    draft.figure(when + ", p99 of the answer", outcome.accepted().p99Millis(), "ms");
    draft.figure(when + ", to first attempt p50", first.getValueAtPercentile(50), "ms");
    draft.figure(when + ", to first attempt p99", first.getValueAtPercentile(99), "ms");
    draft.charts(when, outcome.seconds());
    return first.getValueAtPercentile(99);
  }

  // ------------------------------------------------------------------------------ circuit storm

  private static void impatient(ObjectNode endpoint) {
    endpoint.putObject("circuit").put("open_ms", 1_000);
    endpoint
        .putObject("retry")
        .put("strategy", "fixed")
        .put("base_delay_ms", 500)
        .put("max_attempts", 50);
  }

  private Result storm() throws IOException, InterruptedException, SQLException {
    int count = bench.options().endpointsOr(1_000);
    double rate = bench.options().perSecondOr(1_000);
    try (Service service = bench.service(Map.of());
        var management = new Management(service);
        var receiver = new Receiver(trial.bodies)) {
      bench.say("creating " + count + " endpoints");
      List<String> endpoints =
          management.create(count, receiver.url("/flap/2000"), TroubleScenarios::impatient);
      try (Generator generator = trial.generator(service, endpoints)) {
        Load.Outcome outcome =
            bench.run(
                trial.title("flapping"),
                generator,
                Load.open(rate, bench.options().warmUpMillis(), bench.options().measureMillis()));
        draft.figure("acknowledged", outcome.accepted().perSecond(), "/s");
        draft.figure("p99 of the answer", outcome.accepted().p99Millis(), "ms");
        draft.figure("refused", outcome.refusals(), "");
        draft.charts("flapping", outcome.seconds());
      }
      draft.figure("all delivered after", receiver.await(acknowledged), "s");
      draft.figure(
          "attempts per webhook", (double) receiver.tally().received() / acknowledged.size(), "");
      trial.auditDelivered(service, management, receiver);
      return trial.result(service, count);
    }
  }

  // --------------------------------------------------------------------------------- saturation

  private Result saturate() throws IOException, InterruptedException, SQLException {
    int count = bench.options().endpointsOr(1_000);
    // With the usual maximum, 4,096 connections could not fill the queue.
    var changes = Map.of("KAPSEL_CONTENT_QUEUED_ROWS_MAX", "128");
    try (Service service = bench.service(changes);
        var management = new Management(service);
        var receiver = new Receiver(trial.bodies)) {
      bench.say("creating " + count + " endpoints");
      List<String> endpoints = management.create(count, receiver.url("/after/0"), endpoint -> {});
      management.order(endpoints, "pause");
      overload(service, endpoints);
      new Audit(draft, acknowledged).allQueued(management, endpoints, uncertain);
      return trial.result(service, count);
    }
  }

  /** Latencies count from sending, so that they are the service's and not the connections'. */
  private void overload(Service service, List<String> endpoints)
      throws IOException, InterruptedException {
    int connections = bench.options().connections();
    long measured = bench.options().measureMillis();
    Load.Outcome all;
    try (Generator generator = trial.generator(service, endpoints)) {
      Load warmUp = Load.closed(0, bench.options().warmUpMillis());
      uncertain += bench.run(trial.title("warm-up"), generator, warmUp).uncertain();
      all = busy("all connections busy", generator, measured);
    }
    Load.Outcome over;
    try (Generator generator = trial.generator(service, 2 * connections, endpoints)) {
      over = busy("twice as many busy", generator, measured);
    }
    draft.atLeast(
        "twice as many busy, acknowledged, ratio",
        over.accepted().perSecond() / all.accepted().perSecond(),
        "",
        0.8);
    // Twice the requests in flight take twice as long when as many are answered per second as
    // before. More than three times would be a collapse.
    draft.atMost(
        "twice as many busy, p99 of those, ratio",
        over.accepted().p99Millis() / all.accepted().p99Millis(),
        "",
        3);
    stall(service, endpoints, all.accepted().perSecond());
  }

  private Load.Outcome busy(String what, Generator generator, long measured) {
    Load.Outcome outcome = bench.run(trial.title(what), generator, Load.closed(0, measured));
    uncertain += outcome.uncertain();
    draft.figure(what + ", acknowledged", outcome.accepted().perSecond(), "/s");
    draft.figure(what + ", p99 of those", outcome.accepted().p99Millis(), "ms");
    draft.figure(what + ", refused", outcome.refused().perSecond(), "/s");
    draft.check(what + ": refusals are 503", isOnly503(outcome), outcome.statuses() + "");
    draft.charts(what, outcome.seconds());
    return outcome;
  }

  private static boolean isOnly503(Load.Outcome outcome) {
    return outcome.statuses().keySet().stream().allMatch(status -> status == 200 || status == 503);
  }

  /** The database takes nothing for a while: everything fails fast, and then works again. */
  private void stall(Service service, List<String> endpoints, double capacity)
      throws IOException, InterruptedException {
    @Nullable DatabaseProbe database = service.database();
    if (database == null) return;
    long stall = 10_000;
    Thread locking = Thread.ofPlatform().daemon().start(() -> database.stall(stall));
    Load.Outcome outcome;
    try (Generator generator = trial.generator(service, endpoints)) {
      outcome =
          bench.run(
              trial.title("the database stalls for 10 s"),
              generator,
              Load.open(capacity / 4, 0, 2 * stall));
    }
    locking.join();
    uncertain += outcome.uncertain();
    draft.atLeast(
        "acknowledged in the tenth second after a stall",
        (double) outcome.seconds().getLast().answers(),
        "/s",
        capacity / 5);
    draft.check("refusals in the stall are 503", isOnly503(outcome), outcome.statuses() + "");
    draft.charts("a stall of the database", outcome.seconds());
  }
}
