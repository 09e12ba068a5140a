package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.Flight.InFlight;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.endpoint.Status;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.Map;
import java.util.TreeMap;

/** S14: queues and pools stay within their maxima; a request is answered or its sender sees why. */
final class NoMaximumIsExceeded implements Invariant {
  private final Findings findings;
  private final Options options;
  private final TreeMap<String, Integer> sent = new TreeMap<>();

  /** By node and endpoint: the attempts that its endpoint had in flight at its last step. */
  private final TreeMap<String, Map<Long, InFlight>> inFlight = new TreeMap<>();

  NoMaximumIsExceeded(Findings findings, Options options) {
    this.findings = findings;
    this.options = options;
  }

  @Override
  public void stepped(String node, String endpoint, State state, Flight flight) {
    int queueMax = options.count(Option.QUEUE_MAX);
    if (state.backlog().size() > queueMax)
      broken(endpoint, state.backlog().size() + " webhooks wait where " + queueMax + " may");
    if (state.status() == Status.DELETED && !state.backlog().isEmpty())
      broken(endpoint, "a deleted endpoint has webhooks");
    Map<Long, InFlight> before = inFlight.put(node + "/" + endpoint, flight.attempts());
    began(endpoint, state, flight, before == null ? Map.of() : before);
  }

  /** What was in flight when a maximum was lowered may end, and nothing new begins. */
  private void began(String endpoint, State state, Flight flight, Map<Long, InFlight> before) {
    DeliverySettings delivery = state.config().delivery();
    int now = flight.attempts().size();
    int most = delivery.ordering() == Ordering.FIFO ? 1 : delivery.maxInFlight();
    int batches = state.outbox().tailMap(flight.confirmedBatch(), false).size();
    int batchesMax = options.count(Option.OUTBOX_BATCHES_MAX);
    if ((now <= most && batches < batchesMax) || !isNew(before, flight.attempts())) return;
    if (now > most) broken(endpoint, now + " attempts are in flight where " + most + " may be");
    if (batches >= batchesMax)
      broken(
          endpoint,
          "an attempt began while "
              + batches
              + " batches of outcomes waited for history where "
              + batchesMax
              + " may");
  }

  private static boolean isNew(Map<Long, InFlight> before, Map<Long, InFlight> now) {
    for (Map.Entry<Long, InFlight> each : now.entrySet()) {
      InFlight earlier = before.get(each.getKey());
      if (earlier == null || earlier.number() != each.getValue().number()) return true;
    }
    return false;
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.AttemptSent attempt -> {
        int used = sent.merge(attempt.node(), 1, Integer::sum);
        int max = options.count(Option.POOL_CONCURRENCY);
        if (used > max)
          broken(attempt.endpoint(), used + " attempts at once on " + attempt.node(), index);
      }
      case Observation.AttemptEnded attempt -> sent.merge(attempt.node(), -1, Integer::sum);
      case Observation.EndpointStopped stopped ->
          inFlight.remove(stopped.node() + "/" + stopped.endpoint());
      case Observation.Answered answered -> {
        if (answered.status() >= 400 && answered.code().isEmpty())
          broken(answered.endpoint(), answered.webhook() + " was refused without a code", index);
      }
      default -> {}
    }
  }

  private void broken(String endpoint, String what, int... causes) {
    findings.broken(
        "S14", Severity.SAFETY, endpoint, "", "At " + endpoint + " " + what + ".", causes);
  }
}
