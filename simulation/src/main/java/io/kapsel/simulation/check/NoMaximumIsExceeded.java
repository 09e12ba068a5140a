package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.endpoint.Status;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.TreeMap;

/** S14: queues and pools stay within their maxima; a request is answered or its sender sees why. */
final class NoMaximumIsExceeded implements Invariant {
  private final Findings findings;
  private final Options options;
  private final TreeMap<String, Integer> sent = new TreeMap<>();
  private final TreeMap<String, Integer> sentOf = new TreeMap<>();

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
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.AttemptSent attempt -> {
        int used = sent.merge(attempt.node(), 1, Integer::sum);
        int max = options.count(Option.POOL_CONCURRENCY);
        if (used > max)
          broken(attempt.endpoint(), used + " attempts at once on " + attempt.node(), index);
        sentOf.merge(attempt.node() + attempt.endpoint(), 1, Integer::sum);
      }
      case Observation.AttemptEnded attempt -> {
        sent.merge(attempt.node(), -1, Integer::sum);
        sentOf.merge(attempt.node() + attempt.endpoint(), -1, Integer::sum);
      }
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
