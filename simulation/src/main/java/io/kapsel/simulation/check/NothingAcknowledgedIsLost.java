package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;

/** S1: a 200 means that the journal holds the webhook, at that moment and for good. */
record NothingAcknowledgedIsLost(Facts facts, Findings findings) implements Invariant {
  @Override
  public void saw(int index, Observation observation) {
    if (!(observation instanceof Observation.Answered answered) || answered.event().isEmpty())
      return;
    Facts.Event event = facts.event(answered.event());
    if (!event.isAccepted())
      findings.broken(
          "S1",
          Severity.SAFETY,
          answered.endpoint(),
          answered.webhook(),
          answered.webhook()
              + " was acknowledged as "
              + answered.event()
              + ", which no journal holds.",
          event.storedIndex,
          index);
  }

  @Override
  public void ended(Ending ending) {
    for (Ending.Recovery recovery : ending.recoveries()) {
      if (recovery.fromJournal() == null) continue;
      // What is not pending has ended in the journal: the facts know, and L1 asks.
      for (Facts.Event event : facts.endpoint(recovery.endpoint()).pending.values())
        if (event.acknowledgedIndex >= 0
            && recovery.fromJournal().backlog().inOrder().stream()
                .noneMatch(pending -> pending.id().toString().equals(event.id)))
          findings.broken(
              "S1",
              Severity.SAFETY,
              event.endpoint,
              event.webhook,
              event.webhook + " was acknowledged, and a recovery does not find it any more.",
              event.acceptedIndex,
              event.acknowledgedIndex);
    }
  }
}
