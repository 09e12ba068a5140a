package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;

/** S7: what the destination asked for is the least that it gets, and no more than a day. */
record RetryAfterIsAFloor(Facts facts, Findings findings) implements Invariant {
  private static final long DAY_MILLIS = 86_400_000L;

  @Override
  public void saw(int index, Observation observation) {
    if (!(observation instanceof Observation.Journaled journaled)) return;
    for (Endpoint.Event event : journaled.events())
      if (event instanceof Endpoint.AttemptsEnded batch)
        for (Ended ended : batch.ended())
          if (ended.verdict() == Verdict.RETRY)
            check(index, journaled.endpoint(), batch.atMillis(), ended);
  }

  private void check(int index, String endpoint, long atMillis, Ended ended) {
    Facts.Event event = facts.event(ended.attempt().webhook().toString());
    Facts.Sent sent = null;
    for (Facts.Sent candidate : event.sent)
      if (candidate.number == ended.attempt().number() && candidate.ended != null) sent = candidate;
    if (sent == null || sent.ended == null || sent.ended.retryAfterMillis() < 0) return;
    // A lost attempt, counted before its answer came.
    if (ended.attempt().outcome().status() != sent.ended.status()) return;
    long asked = sent.ended.retryAfterMillis();
    long delay = ended.nextAttemptAtMillis() - atMillis;
    long floor = Math.min(asked, DAY_MILLIS);
    if (delay < floor || delay > DAY_MILLIS)
      findings.broken(
          "S7",
          Severity.SAFETY,
          endpoint,
          event.webhook,
          event.webhook
              + " is to be retried after "
              + delay
              + " ms, although its destination asked for "
              + asked
              + " ms.",
          sent.endedIndex,
          index);
  }
}
