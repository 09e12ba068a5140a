package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Violation.Severity;

/** L1: every accepted webhook reaches a final state, and history shows it. */
record EverythingEnds(Facts facts, Findings findings) implements Invariant {
  @Override
  public void ended(Ending ending) {
    // By the right clock; what a destination has put off for hours has its time.
    long nowMillis =
        io.kapsel.simulation.world.World.EPOCH_MILLIS + ending.world().millis() - PATIENCE_MILLIS;
    for (Facts.EndpointFacts endpoint : facts.endpoints()) {
      for (Facts.Event event : endpoint.pending.values()) {
        if (event.dueAtMillis > nowMillis || waitsForItsTurn(endpoint, event, nowMillis)) continue;
        int last = event.sent.isEmpty() ? -1 : event.sent.getLast().index;
        findings.broken(
            "L1",
            Severity.LIVENESS,
            event.endpoint,
            event.webhook,
            event.webhook
                + " was accepted and has not ended after "
                + event.attempts
                + " attempts, although everything works.",
            event.acceptedIndex,
            event.acknowledgedIndex,
            last);
      }
    }
    for (Facts.Event event : facts.events())
      if (event.isAccepted() && event.verdict != null && !event.inHistory)
        findings.broken(
            "L1",
            Severity.LIVENESS,
            event.endpoint,
            event.webhook,
            event.webhook + " has ended as " + event.verdict + ", and history does not show it.",
            event.acceptedIndex,
            event.endedIndex);
  }

  private static final long PATIENCE_MILLIS = 120_000;

  /** Behind one that a destination has put off for long. */
  private static boolean waitsForItsTurn(
      Facts.EndpointFacts endpoint, Facts.Event event, long nowMillis) {
    return endpoint.pending.headMap(event.place).values().stream()
        .anyMatch(earlier -> earlier.dueAtMillis > nowMillis);
  }
}
