package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Violation.Severity;
import io.kapsel.simulation.world.World;

/**
 * L1: every accepted webhook reaches a final state, and history shows it. Where the destination is
 * dead for good it may still wait, as long as attempts go on as retries and circuit say.
 *
 * @param dead the endpoint of that destination, empty for none
 * @param clockMillis how wrong the nodes' clocks may have been
 */
record EverythingEnds(Facts facts, Findings findings, String dead, long clockMillis)
    implements Invariant {
  @Override
  public void ended(Ending ending) {
    // By the right clock; what a destination has put off for hours has its time.
    long nowMillis = World.EPOCH_MILLIS + ending.world().millis() - PATIENCE_MILLIS;
    for (Facts.EndpointFacts endpoint : facts.endpoints()) {
      if (endpoint.name.equals(dead) && isTrying(endpoint, nowMillis - clockMillis)) continue;
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
                + (endpoint.name.equals(dead)
                    ? " attempts, and nothing is attempted any more."
                    : " attempts, although everything works."),
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

  /** It has attempted something since, or its circuit is open. */
  private boolean isTrying(Facts.EndpointFacts endpoint, long sinceMillis) {
    long sinceNanos = (sinceMillis - World.EPOCH_MILLIS) * 1_000_000;
    return endpoint.openUntilMillis > sinceMillis
        || facts.events().stream()
            .anyMatch(
                event ->
                    event.endpoint.equals(endpoint.name)
                        && !event.sent.isEmpty()
                        && event.sent.getLast().atNanos > sinceNanos);
  }

  /** Behind one that a destination has put off for long. */
  private static boolean waitsForItsTurn(
      Facts.EndpointFacts endpoint, Facts.Event event, long nowMillis) {
    return endpoint.pending.headMap(event.place).values().stream()
        .anyMatch(earlier -> earlier.dueAtMillis > nowMillis);
  }
}
