package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;

/**
 * S11: in {@code fifo} and {@code keyed} order a webhook is attempted only when all that were
 * accepted before it, in its lane, have ended.
 */
record OrderIsKept(Facts facts, Findings findings) implements Invariant {
  /** What was handed out before the order was changed may still come. */
  private static final long CHANGE_NANOS = 120_000_000_000L;

  @Override
  public void saw(int index, Observation observation) {
    if (!(observation instanceof Observation.AttemptSent sent)) return;
    Facts.EndpointFacts endpoint = facts.endpoint(sent.endpoint());
    if (endpoint.config == null) return;
    Ordering ordering = endpoint.config().delivery().ordering();
    if (ordering == Ordering.PARALLEL) return;
    if (endpoint.configIndex > 0
        && endpoint.config().url().endsWith("/1") == false
        && sent.atNanos() - endpoint.configAtNanos < CHANGE_NANOS) return;
    Facts.Event event = facts.event(sent.event());
    if (!event.isPending()) return;
    if (ordering == Ordering.KEYED && event.lane.equals("0")) return;
    for (Facts.Event earlier : endpoint.pending.headMap(event.place).values()) {
      if (ordering == Ordering.KEYED && !earlier.lane.equals(event.lane)) continue;
      findings.broken(
          "S11",
          Severity.SAFETY,
          sent.endpoint(),
          event.webhook,
          event.webhook + " was attempted before " + earlier.webhook + ", which came first, ended.",
          earlier.acceptedIndex,
          event.acceptedIndex,
          index);
      return;
    }
  }
}
