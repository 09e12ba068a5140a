package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.State;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.TreeMap;

/** S13: journal alone, snapshot and tail, and the living endpoint tell the same state. */
final class RecoveryIsTheLivingState implements Invariant {
  private final Findings findings;
  private final TreeMap<String, State> living = new TreeMap<>();
  private final TreeMap<String, String> home = new TreeMap<>();

  RecoveryIsTheLivingState(Findings findings) {
    this.findings = findings;
  }

  @Override
  public void stepped(String node, String endpoint, State state, Flight flight) {
    living.put(endpoint, state);
    home.put(endpoint, node);
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.EndpointStopped stopped -> {
        if (stopped.node().equals(home.get(stopped.endpoint()))) living.remove(stopped.endpoint());
      }
      case Observation.NodeCrashed crash ->
          living.keySet().removeIf(endpoint -> crash.node().equals(home.get(endpoint)));
      case Observation.NodeExited exit ->
          living.keySet().removeIf(endpoint -> exit.node().equals(home.get(endpoint)));
      // What the last write of a run left behind is not known to the endpoint yet.
      case Observation.Journaled journaled -> living.remove(journaled.endpoint());
      default -> {}
    }
  }

  @Override
  public void ended(Ending ending) {
    for (Ending.Recovery recovery : ending.recoveries()) {
      State journal = recovery.fromJournal();
      if (journal == null) continue;
      State live = living.get(recovery.endpoint());
      if (live != null && !live.equals(journal)) broken(recovery, "the living endpoint", live);
      recovery
          .fromSnapshots()
          .forEach(
              (number, state) -> {
                if (!state.equals(journal)) broken(recovery, "snapshot " + number, state);
              });
    }
  }

  private void broken(Ending.Recovery recovery, String what, State other) {
    State journal = recovery.fromJournal();
    findings.broken(
        "S13",
        Severity.SAFETY,
        recovery.endpoint(),
        "",
        "The journal of "
            + recovery.endpoint()
            + " tells another state than "
            + what
            + ": "
            + Differences.between(journal, other)
            + ".");
  }
}
