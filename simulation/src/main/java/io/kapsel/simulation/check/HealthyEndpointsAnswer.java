package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;
import io.kapsel.simulation.world.World;
import java.util.HashSet;
import java.util.Set;

/** L2: once everything works, a webhook is acknowledged and delivered within a bound. */
final class HealthyEndpointsAnswer implements Invariant {
  /** Longer than a node needs to come back and an attempt from before to be counted as lost. */
  private static final long PATIENCE_NANOS = 150_000_000_000L;

  private final Facts facts;
  private final Findings findings;
  private final boolean clocksAreRight;
  private final Set<String> waiting = new HashSet<>();
  private boolean asked;
  private long healedAtNanos = Long.MAX_VALUE;

  HealthyEndpointsAnswer(Facts facts, Findings findings, boolean clocksAreRight) {
    this.facts = facts;
    this.findings = findings;
    this.clocksAreRight = clocksAreRight;
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.PhaseBegan phase -> {
        asked |= phase.phase().equals("probe");
        if (phase.phase().equals("settle")) healedAtNanos = phase.atNanos();
      }
      case Observation.AttemptSent sent -> {
        if (clocksAreRight && sent.atNanos() > healedAtNanos) attempted(index, sent);
      }
      case Observation.Requested requested -> {
        if (asked) waiting.add(requested.webhook());
      }
      case Observation.Answered answered -> {
        if (answered.status() == 200) waiting.remove(answered.webhook());
      }
      default -> {}
    }
  }

  /** Where nothing else holds it, what is due goes at once. */
  private void attempted(int index, Observation.AttemptSent sent) {
    Facts.EndpointFacts endpoint = facts.endpoint(sent.endpoint());
    DeliverySettings delivery = endpoint.config().delivery();
    boolean free =
        delivery.ordering() == DeliverySettings.Ordering.PARALLEL
            && delivery.ratePerSecond() == 0
            && endpoint.pending.size() <= delivery.maxInFlight();
    if (!free) return;
    Facts.Event event = facts.event(sent.event());
    long due = Math.max(healedAtNanos, event.acceptedAtNanos);
    due = Math.max(due, nanos(event.dueAtMillis));
    if (endpoint.phase != Circuit.Phase.CLOSED)
      due = Math.max(due, nanos(endpoint.openUntilMillis));
    long waited = sent.atNanos() - due;
    if (waited > PATIENCE_NANOS)
      findings.broken(
          "L2",
          Severity.LIVENESS,
          sent.endpoint(),
          sent.webhook(),
          sent.webhook()
              + " was due and waited "
              + waited / 1_000_000_000
              + " s for its attempt, although everything works.",
          event.acceptedIndex,
          index);
  }

  private static long nanos(long epochMillis) {
    return (epochMillis - World.EPOCH_MILLIS) * 1_000_000;
  }

  @Override
  public void ended(Ending ending) {
    for (String webhook : waiting)
      findings.broken(
          "L2",
          Severity.LIVENESS,
          "",
          webhook,
          webhook + " was not acknowledged, although everything works.");
  }
}
