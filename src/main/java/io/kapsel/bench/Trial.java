package io.kapsel.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/** One scenario as it is being run, with what it has found so far. */
final class Trial {
  static final int BODY_BYTES = 1_024;
  static final long SETTLE_MILLIS = 3_000;

  final Bench bench;
  final Scenario scenario;
  final Result.Draft draft = new Result.Draft();
  final EventCounts acknowledged = new EventCounts();
  final Bodies bodies = new Bodies(BODY_BYTES, Bench.random());

  Trial(Bench bench, Scenario scenario) {
    this.bench = bench;
    this.scenario = scenario;
  }

  String title(String phase) {
    return scenario.title() + ": " + phase;
  }

  /** Sends webhooks to these endpoints over as many connections as were asked for. */
  Generator generator(Service service, List<String> endpoints) throws IOException {
    return generator(service, bench.options().connections(), endpoints);
  }

  Generator generator(Service service, int connections, List<String> endpoints) throws IOException {
    return new Generator(
        service.address(),
        connections,
        new RequestSource.Webhooks(service.authority(), endpoints, bodies, false),
        acknowledged);
  }

  /** Once all has arrived: compares it with what was acknowledged and with history. */
  void auditDelivered(Service service, Management management, Receiver receiver)
      throws IOException, InterruptedException, SQLException {
    double unusedSeconds = receiver.await(acknowledged);
    // What was accepted unknown to the generator may still be on its way.
    Thread.sleep(SETTLE_MILLIS);
    var audit = new Audit(draft, acknowledged);
    audit.allDelivered(receiver);
    audit.historyAgrees(receiver, service.database(), management);
  }

  Result result(Service service, int endpoints) {
    return draft.result(scenario, bench.settings(service, endpoints, BODY_BYTES));
  }
}
