package io.kapsel.simulation.scenario;

import java.util.List;

/**
 * A promise that was broken.
 *
 * @param invariant its id in {@code docs/guarantees.md}
 * @param endpoint empty when it is about none
 * @param webhook the sender's name of the webhook, empty when it is about none
 * @param sentence what happened, for a reader
 * @param causes indices of the observations that led to it, in order
 */
public record Violation(
    String invariant,
    Severity severity,
    String endpoint,
    String webhook,
    String sentence,
    List<Integer> causes) {

  /** In the order of what to look at first. */
  public enum Severity {
    SAFETY,
    LIVENESS,
    /** The run itself broke. */
    CRASH
  }

  public Violation {
    causes = List.copyOf(causes);
  }
}
