package io.kapsel.simulation.mutant;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.simulation.run.Run;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.world.Trace;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Most planted bugs are found soon, and the same seeds without it are clean. */
class MutantsTest {
  private static final long FIRST_SEED = 30_000;
  private static final int SEEDS_MAX = 150;

  /**
   * Rarer than a test has time for: the reconciler or the next command soon repairs what they do.
   */
  private static final List<String> PATIENT =
      List.of("timers-not-rearmed", "late-outcome-hits-next", "wall-clock-deadlines");

  static Stream<String> mutants() {
    return Mutants.names().stream().filter(name -> !PATIENT.contains(name));
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void is_found(String mutant) {
    for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS_MAX; seed++) {
      Scenario scenario = Scenario.of(seed, Profile.ENDPOINT);
      if (Run.play(scenario.withMutant(mutant), new Trace()).isClean()) continue;
      assertTrue(
          Run.play(scenario, new Trace()).isClean(), "seed " + seed + " fails without a bug too");
      return;
    }
    throw new AssertionError(mutant + " was not found within " + SEEDS_MAX + " seeds");
  }
}
