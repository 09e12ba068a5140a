package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** S10: the journal of an endpoint has no gap, and nobody writes to it after somebody else has. */
final class OneWriterPerEndpoint implements Invariant {
  private static final class Writers {
    final List<String> known = new ArrayList<>();
    long nextSequenceNr = 1;
    int lastIndex = -1;
  }

  private final Findings findings;
  private final TreeMap<String, Writers> endpoints = new TreeMap<>();

  OneWriterPerEndpoint(Findings findings) {
    this.findings = findings;
  }

  @Override
  public void saw(int index, Observation observation) {
    if (!(observation instanceof Observation.Journaled journaled)) return;
    Writers writers = endpoints.computeIfAbsent(journaled.endpoint(), name -> new Writers());
    if (journaled.firstSequenceNr() != writers.nextSequenceNr)
      broken(
          index,
          writers,
          journaled,
          "wrote number "
              + journaled.firstSequenceNr()
              + " of "
              + journaled.endpoint()
              + " where "
              + writers.nextSequenceNr
              + " was next");
    int place = writers.known.indexOf(journaled.writer());
    if (place < 0) writers.known.add(journaled.writer());
    else if (place != writers.known.size() - 1)
      broken(index, writers, journaled, "wrote after its successor had written");
    writers.nextSequenceNr = journaled.firstSequenceNr() + journaled.events().size();
    writers.lastIndex = index;
  }

  private void broken(int index, Writers writers, Observation.Journaled journaled, String what) {
    findings.broken(
        "S10",
        Severity.SAFETY,
        journaled.endpoint(),
        "",
        "An endpoint on " + journaled.node() + " " + what + ".",
        writers.lastIndex,
        index);
  }
}
