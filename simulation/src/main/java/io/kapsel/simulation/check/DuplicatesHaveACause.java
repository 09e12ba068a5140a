package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.List;

/**
 * S5: an attempt after another that may have been processed has a cause: an outcome that nobody
 * could know, or an endpoint that was stopped before it had recorded it, or a node that was frozen
 * and does not know yet that its endpoint lives elsewhere.
 */
record DuplicatesHaveACause(Facts facts, Findings findings) implements Invariant {
  @Override
  public void saw(int index, Observation observation) {
    if (!(observation instanceof Observation.AttemptSent sent)) return;
    Facts.Event event = facts.event(sent.event());
    if (event.sent.getLast().excused) return;
    List<Facts.Sent> all = event.sent;
    if (event.verdict == Verdict.DELIVERED)
      broken(index, event.endedIndex, event, "was attempted again after it had been delivered");
    else if (event.verdict != null)
      broken(index, event.endedIndex, event, "was attempted again after it had ended");
    if (all.size() < 2) return;
    Facts.Sent before = all.get(all.size() - 2);
    Ended recorded = event.outcomes.get(before.number);
    if (before.number < sent.number() && recorded != null) {
      boolean unknown = recorded.attempt().outcome().kind() == Outcome.Kind.UNKNOWN;
      if (before.processed && isKnownDelivered(before) && !unknown && !wasInterrupted(before, sent))
        broken(index, before.endedIndex, event, "was attempted again although its 2xx had come");
      return;
    }
    if (!wasInterrupted(before, sent))
      broken(
          index,
          before.index,
          event,
          "was attempted twice as number " + sent.number() + " by an endpoint that never stopped");
  }

  private static boolean isKnownDelivered(Facts.Sent sent) {
    return sent.ended != null && sent.ended.kind() == Outcome.Kind.DELIVERED;
  }

  /** Since the attempt can have been planned at all: it may have waited on the way. */
  private boolean wasInterrupted(Facts.Sent before, Observation.AttemptSent sent) {
    Facts.Event event = facts.event(sent.event());
    int planned = Math.max(event.acceptedIndex, event.endedAt.getOrDefault(before.number - 1, -1));
    return facts.interruptionOf(before.node, sent.endpoint()) > planned
        || !before.node.equals(sent.node());
  }

  private void broken(int index, int before, Facts.Event event, String what) {
    findings.broken(
        "S5",
        Severity.SAFETY,
        event.endpoint,
        event.webhook,
        event.webhook + " " + what + ".",
        event.acceptedIndex,
        before,
        index);
  }
}
