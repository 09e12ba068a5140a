package io.kapsel.simulation.mutant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.simulation.run.Run;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.world.Trace;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Planted bugs are found within 500 seeds, by one that is clean without it. The search begins where
 * it once succeeded, so that it is short as long as seeds draw the same.
 */
class MutantsTest {
  private static final int SEEDS_MAX = 500;

  private static final TreeMap<String, Long> FOUND_BY = new TreeMap<>();

  static {
    found("acknowledge-before-write", 1);
    found("acts-after-hand-over", 17);
    found("attempts-only-in-memory", 14);
    found("circuit-wants-tens", 1);
    found("client-repeats-silently", 1);
    found("fifo-overtakes", 14);
    found("half-open-floodgate", 1);
    found("journal-without-key", 15);
    found("keys-forgotten-by-recovery", 4);
    found("keys-forgotten-early", 3);
    found("keys-ignored-within-offer", 29);
    found("keys-without-bound", 3);
    found("late-outcome-hits-next", 77);
    found("lost-probe-blocks", 39);
    found("neighbours-go-first", 2);
    found("one-attempt-too-many", 1);
    found("one-in-flight-too-many", 15);
    found("outbox-without-bound", 20);
    found("refresh-refused", 1);
    found("retry-after-in-seconds", 14);
    found("state-survives-refusal", 11);
    found("timeout-is-success", 1);
    found("timers-not-rearmed", 445);
    found("wall-clock-deadlines", 105);
    found("window-not-in-snapshot", 3);
  }

  private static void found(String mutant, long seed) {
    FOUND_BY.put(mutant, seed);
  }

  static List<String> mutants() {
    return Mutants.names();
  }

  @Test
  void all_are_known_here() {
    assertEquals(mutants(), List.copyOf(FOUND_BY.keySet()));
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void is_found(String mutant) {
    long first = Objects.requireNonNull(FOUND_BY.get(mutant));
    for (int i = 0; i < SEEDS_MAX; i++) {
      Scenario scenario = Scenario.of(first + i, Profile.ENDPOINT);
      if (Run.play(scenario.withMutant(mutant), new Trace()).isClean()) continue;
      assertTrue(
          Run.play(scenario, new Trace()).isClean(),
          "seed " + scenario.seed() + " fails without a bug too");
      return;
    }
    throw new AssertionError(mutant + " was not found within " + SEEDS_MAX + " seeds");
  }
}
