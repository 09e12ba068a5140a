package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.HashSet;
import java.util.Set;

/** L2: once everything works, a webhook is acknowledged; {@link DueMeansNow} has the rest. */
final class HealthyEndpointsAnswer implements Invariant {
  private final Findings findings;
  private final Set<String> waiting = new HashSet<>();
  private boolean asked;

  HealthyEndpointsAnswer(Findings findings) {
    this.findings = findings;
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.PhaseBegan phase -> asked |= phase.phase().equals("probe");
      case Observation.Requested requested -> {
        if (asked) waiting.add(requested.webhook());
      }
      case Observation.Answered answered -> {
        if (answered.status() == 200) waiting.remove(answered.webhook());
      }
      default -> {}
    }
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
