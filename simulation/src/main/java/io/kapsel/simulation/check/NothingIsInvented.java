package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;

/** S2: what is attempted was durably accepted before, and is what the sender sent. */
record NothingIsInvented(Facts facts, Findings findings) implements Invariant {
  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.AttemptSent sent -> {
        Facts.Event event = facts.event(sent.event());
        if (!event.isAccepted())
          broken(index, event, sent.endpoint(), "was attempted without being accepted");
        else if (!event.endpoint.equals(sent.endpoint()))
          broken(index, event, sent.endpoint(), "was sent to the destination of another endpoint");
      }
      case Observation.AttemptSeen seen -> {
        Facts.Event event = facts.event(seen.event());
        if (event.body != seen.body())
          broken(index, event, seen.endpoint(), "reached its destination with another body");
      }
      default -> {}
    }
  }

  private void broken(int index, Facts.Event event, String endpoint, String what) {
    findings.broken(
        "S2",
        Severity.SAFETY,
        endpoint,
        event.webhook,
        event.webhook + " (" + event.id + ") " + what + ".",
        event.storedIndex,
        event.acceptedIndex,
        index);
  }
}
