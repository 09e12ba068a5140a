package io.kapsel.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** All the way to the destination. */
final class DeliveryScenarios {
  private static final long DRAIN_MILLIS_MAX = 120_000;
  private static final long POLL_MILLIS = 100;
  private static final int CONCURRENCY = 1_000;
  private static final int BODY_BYTES = 1_024;

  private final Bench bench;
  private final Scenario scenario;
  private final Result.Draft draft = new Result.Draft();

  private DeliveryScenarios(Bench bench, Scenario scenario) {
    this.bench = bench;
    this.scenario = scenario;
  }

  static Bench.Procedure endToEnd(int receiverMillis, double perSecond) {
    return bench ->
        new DeliveryScenarios(
                bench, receiverMillis < 100 ? Scenario.END_TO_END : Scenario.END_TO_END_SLOW)
            .endToEndWith(receiverMillis, perSecond);
  }

  static Bench.Procedure deliveries() {
    return bench -> new DeliveryScenarios(bench, Scenario.DELIVERIES).deliver();
  }

  private String title(String phase) {
    return scenario.title() + ": " + phase;
  }

  private Result endToEndWith(int receiverMillis, double target)
      throws IOException, InterruptedException, SQLException {
    int count = bench.options().endpointsOr(1_000);
    double rate = bench.options().perSecondOr(target);
    var bodies = new Bodies(BODY_BYTES, Bench.random());
    try (Service service = bench.service(Map.of());
        var management = new Management(service);
        var receiver = new Receiver(bodies)) {
      bench.say("creating " + count + " endpoints");
      List<String> endpoints =
          management.create(count, receiver.url("/after/" + receiverMillis), endpoint -> {});
      var acknowledged = new EventCounts();
      var source = new RequestSource.Webhooks(service.authority(), endpoints, bodies, false);
      try (var generator =
          new Generator(service.address(), bench.options().connections(), source, acknowledged)) {
        long warmUp = bench.options().warmUpMillis();
        var unused = bench.run(title("warm-up"), generator, Load.open(rate / 2, warmUp, 1));
        double unusedSeconds = receiver.await(acknowledged);
        half(generator, receiver, rate / 2, acknowledged);
        full(service, generator, receiver, rate, acknowledged);
      }
      inHistory(service, acknowledged);
      var audit = new Audit(draft, acknowledged);
      audit.allDelivered(receiver);
      audit.historyAgrees(receiver, service.database(), management);
      return draft.result(scenario, bench.settings(service, count, BODY_BYTES));
    }
  }

  /** At half the load: how long until a webhook is first attempted. */
  private void half(Generator generator, Receiver receiver, double rate, EventCounts acknowledged)
      throws InterruptedException {
    receiver.takeFirstAttempts();
    Load.Outcome outcome =
        bench.run(
            title("half the load"),
            generator,
            Load.open(rate, 0, bench.options().measureMillis() / 2));
    // The slowest first attempts come after the last answer.
    var unused = receiver.await(acknowledged);
    Histogram first = receiver.takeFirstAttempts();
    draft.figure("half the load, acknowledged", outcome.accepted().perSecond(), "/s");
    draft.figure("half the load, p99 of the answer", outcome.accepted().p99Millis(), "ms");
    draft.atMost("half the load, to first attempt p50", first.getValueAtPercentile(50), "ms", 20);
    draft.atMost("half the load, to first attempt p99", first.getValueAtPercentile(99), "ms", 100);
  }

  private void full(
      Service service,
      Generator generator,
      Receiver receiver,
      double rate,
      EventCounts acknowledged)
      throws InterruptedException {
    int secondBefore = receiver.perSecond().size();
    @Nullable ProcessUse before = service.use();
    receiver.takeFirstAttempts();
    long start = System.nanoTime();
    Load.Outcome outcome =
        bench.run(
            title("full load"), generator, Load.open(rate, 0, bench.options().measureMillis()));
    var unused = receiver.await(acknowledged);
    double emptyAfter = Math.max(0, millisSince(start) - bench.options().measureMillis()) / 1_000.0;
    List<Long> perSecond = receiver.perSecond();
    List<Long> during =
        perSecond.subList(Math.min(secondBefore, perSecond.size()), perSecond.size());
    double delivered =
        during.stream()
            .limit(bench.options().measureMillis() / 1_000)
            .mapToLong(Long::longValue)
            .average()
            .orElse(0);
    @Nullable ProcessUse after = service.use();
    Histogram first = receiver.takeFirstAttempts();
    draft.figure("intended", rate, "/s");
    draft.atLeast("acknowledged", outcome.accepted().perSecond(), "/s", rate * 0.995);
    draft.atLeast("delivered meanwhile", delivered, "/s", rate * 0.98);
    draft.figure("p99 of the answer", outcome.accepted().p99Millis(), "ms");
    draft.figure("to first attempt p50", first.getValueAtPercentile(50), "ms");
    draft.figure("to first attempt p99", first.getValueAtPercentile(99), "ms");
    draft.atMost("all delivered after the end of the load", emptyAfter, "s", 5);
    draft.figure("refused", outcome.refusals(), "");
    if (before != null && after != null)
      IngestScenarios.use(draft, before, after, outcome.accepted().answers());
    draft.charts("full load", outcome.seconds());
    draft.chart(
        "full load: deliveries per second",
        "1/s",
        new Result.Line("deliveries", during.stream().map(Long::doubleValue).toList()));
  }

  static long millisSince(long startNanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
  }

  private void inHistory(Service service, EventCounts acknowledged)
      throws InterruptedException, SQLException {
    @Nullable DatabaseProbe database = service.database();
    if (database == null) return;
    long start = System.nanoTime();
    while (database.deliveredInHistory() < acknowledged.size()
        && millisSince(start) < DRAIN_MILLIS_MAX) Thread.sleep(POLL_MILLIS);
    draft.atMost("all in history after that", millisSince(start) / 1_000.0, "s", 5);
  }

  // ------------------------------------------------------------------------------- deliveries

  private Result deliver() throws IOException, InterruptedException, SQLException {
    int count = bench.options().endpointsOr(200);
    int receiverMillis = 300;
    double ideal = CONCURRENCY * 1_000.0 / receiverMillis;
    long backlog = (long) (ideal * (bench.options().measureMillis() / 1_000.0 + 10));
    var bodies = new Bodies(BODY_BYTES, Bench.random());
    try (Service service = bench.service(Map.of());
        var management = new Management(service);
        var receiver = new Receiver(bodies)) {
      bench.say("creating " + count + " endpoints");
      List<String> endpoints =
          management.create(count, receiver.url("/after/" + receiverMillis), endpoint -> {});
      management.order(endpoints, "pause");
      var acknowledged = new EventCounts();
      var source = new RequestSource.Webhooks(service.authority(), endpoints, bodies, false);
      try (var generator =
          new Generator(service.address(), bench.options().connections(), source, acknowledged)) {
        bench.say(title("queueing " + backlog + " webhooks"));
        var unused = generator.run(Load.of(backlog));
      }
      @Nullable ProcessUse before = service.use();
      int from = receiver.perSecond().size();
      management.order(endpoints, "resume");
      var progress =
          Progress.of(
              bench.screen(), title("delivering"), backlog, () -> receiver.tally().confirmed());
      double seconds = receiver.await(acknowledged);
      progress.end();
      @Nullable ProcessUse after = service.use();
      steady(receiver, from, ideal);
      draft.figure("the whole backlog", backlog / seconds, "/s");
      if (before != null && after != null) IngestScenarios.use(draft, before, after, backlog);
      inHistory(service, acknowledged);
      var audit = new Audit(draft, acknowledged);
      audit.allDelivered(receiver);
      audit.historyAgrees(receiver, service.database(), management);
      return draft.result(scenario, bench.settings(service, count, BODY_BYTES));
    }
  }

  /** Between the first and the last seconds, in which not all permits can be in use. */
  private void steady(Receiver receiver, int from, double ideal) {
    List<Long> perSecond = receiver.perSecond();
    List<Long> during = perSecond.subList(Math.min(from, perSecond.size()), perSecond.size());
    int first = Math.min(4, during.size() / 3);
    int last = Math.max(first, during.size() - Math.min(4, during.size() / 3));
    double steady =
        during.subList(first, last).stream().mapToLong(Long::longValue).average().orElse(0);
    draft.figure("ideal", ideal, "/s");
    draft.figure("deliveries, steady", steady, "/s");
    draft.atLeast("share of the ideal", 100 * steady / ideal, "%", 90);
    draft.chart(
        "deliveries per second",
        "1/s",
        new Result.Line("deliveries", during.stream().map(Long::doubleValue).toList()),
        new Result.Line("ideal", during.stream().map(each -> ideal).toList()));
  }
}
