package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.Locale;

/** L5: when nothing is left to do, endpoints leave memory and nothing goes on by itself. */
record AfterwardsItIsQuiet(Facts facts, Findings findings, String dead) implements Invariant {
  private static final double GROWTH_MAX = 1.5;
  private static final double SLACK_STEPS = 20;

  @Override
  public void ended(Ending ending) {
    if (!ending.settled()) return;
    // What waits for a dead destination is tried again and again.
    boolean trying = !dead.isEmpty() && !facts.endpoint(dead).pending.isEmpty();
    for (String endpoint : ending.awake())
      if (!trying || !endpoint.equals(dead))
        findings.broken(
            "L5",
            Severity.LIVENESS,
            endpoint,
            "",
            endpoint + " has nothing to do and does not leave memory.");
    if (!trying && ending.stepsLater() > ending.stepsFresh() * GROWTH_MAX + SLACK_STEPS)
      findings.broken(
          "L5",
          Severity.LIVENESS,
          "",
          "",
          String.format(
              Locale.ROOT,
              "With nothing to do the service takes %.0f steps a second, and took %.0f when it was"
                  + " fresh.",
              ending.stepsLater(),
              ending.stepsFresh()));
  }
}
