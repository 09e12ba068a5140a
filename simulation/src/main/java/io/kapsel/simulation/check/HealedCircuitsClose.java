package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Status;
import io.kapsel.simulation.scenario.Violation.Severity;

/** L3: when its destination works again and there is something to send, a circuit closes. */
record HealedCircuitsClose(Facts facts, Findings findings, String dead) implements Invariant {
  @Override
  public void ended(Ending ending) {
    if (!ending.settled()) return; // L1 says what is left
    for (Facts.EndpointFacts endpoint : facts.endpoints())
      if (endpoint.phase != Circuit.Phase.CLOSED
          && endpoint.status != Status.DELETED
          && !endpoint.name.equals(dead))
        findings.broken(
            "L3",
            Severity.LIVENESS,
            endpoint.name,
            "",
            "The circuit of "
                + endpoint.name
                + " is still "
                + endpoint.phase
                + " after its destination has taken everything.",
            endpoint.circuitIndex);
  }
}
