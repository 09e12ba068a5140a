package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;

/**
 * S4: no more attempts than the budget, and their numbers go on where the journal stands: they
 * never decrease at the destination. A node that was frozen may make one attempt of each webhook
 * before it learns that its endpoint lives elsewhere.
 */
record AttemptsAreCounted(Facts facts, Findings findings) implements Invariant {
  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.AttemptSent sent -> sent(index, sent);
      case Observation.Journaled journaled -> {
        for (Endpoint.Event event : journaled.events())
          if (event instanceof Endpoint.AttemptsEnded batch)
            for (Ended ended : batch.ended()) budget(index, journaled.endpoint(), ended);
      }
      default -> {}
    }
  }

  private void sent(int index, Observation.AttemptSent sent) {
    Facts.Event event = facts.event(sent.event());
    if (event.sent.getLast().excused) return;
    int highest = 0;
    int before = -1;
    for (Facts.Sent earlier : event.sent) {
      if (earlier.index != index && earlier.number >= highest) {
        highest = earlier.number;
        before = earlier.index;
      }
    }
    if (sent.number() < highest)
      broken(
          index,
          before,
          event,
          "was attempted as number " + sent.number() + " after number " + highest);
    else if (sent.number() > event.attempts + 1)
      broken(
          index,
          before,
          event,
          "was attempted as number " + sent.number() + " when " + event.attempts + " had ended");
    else if (sent.number() <= event.attempts)
      broken(
          index,
          event.endedAt.getOrDefault(sent.number(), -1),
          event,
          "was attempted as number " + sent.number() + " again after that had ended");
  }

  private void budget(int index, String endpoint, Ended ended) {
    Facts.Event event = facts.event(ended.attempt().webhook().toString());
    int max = facts.endpoint(endpoint).config().retry().maxAttempts();
    if (ended.verdict() == Verdict.RETRY && event.budgetUsed >= max)
      broken(
          index,
          -1,
          event,
          "is to be retried after " + event.budgetUsed + " of " + max + " attempts");
    if (ended.verdict() == Verdict.DEAD_LETTER && event.budgetUsed < max)
      broken(
          index, -1, event, "was given up after " + event.budgetUsed + " of " + max + " attempts");
  }

  private void broken(int index, int before, Facts.Event event, String what) {
    findings.broken(
        "S4",
        Severity.SAFETY,
        event.endpoint,
        event.webhook,
        event.webhook + " " + what + ".",
        event.acceptedIndex,
        before,
        index);
  }
}
