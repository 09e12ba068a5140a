package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Plan;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** All invariants of a run. */
public final class Promises {
  private final List<Invariant> all = new ArrayList<>();

  public Promises(Findings findings, Options options, Plan plan) {}

  public List<Invariant> all() {
    return all;
  }

  /** How often each rare situation was met. */
  public SortedMap<String, Long> sometimes() {
    return new TreeMap<>();
  }
}
