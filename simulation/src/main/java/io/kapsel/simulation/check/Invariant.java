package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.service.Recorder;

/** One promise of {@code docs/guarantees.md}, checked against what is seen from outside. */
public interface Invariant extends Recorder.Listener {
  @Override
  default void saw(int index, Observation observation) {}

  /** The run is over: everything is healed, and has had its time. */
  default void ended(Ending ending) {}
}
