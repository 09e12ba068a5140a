package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Violation;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/** The broken promises of a run; a few of each kind will do. */
public final class Findings {
  private static final int EACH_MAX = 5;

  private final List<Violation> violations = new ArrayList<>();
  private final TreeMap<String, Integer> counts = new TreeMap<>();

  /**
   * @param causes indices of observations, in any order; negative ones are left out
   */
  public void broken(
      String invariant,
      Severity severity,
      String endpoint,
      String webhook,
      String sentence,
      int... causes) {
    if (counts.merge(invariant, 1, Integer::sum) > EACH_MAX) return;
    TreeSet<Integer> chain = new TreeSet<>();
    for (int cause : causes) if (cause >= 0) chain.add(cause);
    violations.add(
        new Violation(invariant, severity, endpoint, webhook, sentence, List.copyOf(chain)));
  }

  public List<Violation> all() {
    return List.copyOf(violations);
  }
}
