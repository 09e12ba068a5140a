package io.kapsel.simulation.scenario;

import java.util.List;
import java.util.Set;

/** What goes wrong in a run. */
public record Plan(List<Fault> faults) {
  public static final Plan NONE = new Plan(List.of());

  public Plan {
    faults = List.copyOf(faults);
  }

  /** The same plan with only these faults. */
  public Plan keeping(Set<Integer> ids) {
    return new Plan(faults.stream().filter(fault -> ids.contains(fault.id())).toList());
  }
}
