package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;

/**
 * S6: a retry is due within the jitter's range of its schedule and under the cap, and does not come
 * earlier by true time, whatever the wall clocks do.
 */
record DelaysFollowThePolicy(Facts facts, Findings findings) implements Invariant {
  private static final double NANOS_PER_MILLI = 1e6;

  /** The service's clock approaches the wall by a twentieth at most: docs/adr/0006. */
  private static final double SLEW = 1.06;

  private static final double SLACK_MILLIS = 20;

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.Journaled journaled -> {
        for (Endpoint.Event event : journaled.events())
          if (event instanceof Endpoint.AttemptsEnded batch)
            for (Ended ended : batch.ended())
              if (ended.verdict() == Verdict.RETRY)
                due(index, journaled.endpoint(), batch.atMillis(), ended);
      }
      case Observation.AttemptSent sent -> early(index, sent);
      default -> {}
    }
  }

  private void due(int index, String endpoint, long atMillis, Ended ended) {
    RetryPolicy policy = facts.endpoint(endpoint).config().retry();
    Facts.Event event = facts.event(ended.attempt().webhook().toString());
    if (ended.attempt().outcome().retryAfterMillis() >= 0) return; // S7
    long delay = ended.nextAttemptAtMillis() - atMillis;
    double nominal = nominal(policy, event.budgetUsed);
    double low = nominal * (1 - policy.jitter()) - 1;
    double high = Math.min(nominal * (1 + policy.jitter()), (double) policy.maxDelayMillis()) + 1;
    if (delay < low || delay > high)
      findings.broken(
          "S6",
          Severity.SAFETY,
          endpoint,
          event.webhook,
          String.format(
              java.util.Locale.ROOT,
              "%s is to be retried after %d ms, outside %.0f to %.0f ms.",
              event.webhook,
              delay,
              low,
              high),
          index);
  }

  /** The schedule as docs/api.md puts it, not as the service computes it. */
  private static double nominal(RetryPolicy policy, int failed) {
    double delay =
        switch (policy.strategy()) {
          case FIXED -> (double) policy.baseDelayMillis();
          case EXPONENTIAL -> {
            double grown = policy.baseDelayMillis();
            for (int i = 1; i < failed; i++) grown *= policy.multiplier();
            yield grown;
          }
          case SCHEDULE -> {
            int last = policy.scheduleMillis().size() - 1;
            yield (double) policy.scheduleMillis().get(Math.min(failed - 1, last));
          }
        };
    return Math.min(Math.floor(delay), (double) policy.maxDelayMillis());
  }

  private void early(int index, Observation.AttemptSent sent) {
    Facts.Event event = facts.event(sent.event());
    int size = event.sent.size();
    if (size < 2) return;
    Facts.Sent before = event.sent.get(size - 2);
    Ended ended = event.outcomes.get(before.number);
    // Two nodes, or two lives of one, may read different clocks.
    Observation.AttemptEnded known = before.ended;
    boolean sameClock = before.node.equals(sent.node());
    if (!sameClock || known == null || ended == null || ended.verdict() != Verdict.RETRY) return;
    if (before.number + 1 != sent.number() || event.budgetUsed == 0) return;
    boolean givenUp = event.endedAt.getOrDefault(before.number, -1) < before.endedIndex;
    if (givenUp) return;
    double promised =
        ended.nextAttemptAtMillis()
            - (ended.attempt().startedAtMillis() + (double) ended.attempt().durationMillis());
    double waited = (sent.atNanos() - known.atNanos()) / NANOS_PER_MILLI;
    if (waited * SLEW + SLACK_MILLIS < promised)
      findings.broken(
          "S6",
          Severity.SAFETY,
          sent.endpoint(),
          event.webhook,
          String.format(
              java.util.Locale.ROOT,
              "%s was attempted again after %.0f ms instead of %.0f ms.",
              event.webhook,
              waited,
              promised),
          before.endedIndex,
          event.endedAt.getOrDefault(before.number, -1),
          index);
  }
}
