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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Planted bugs are found within 500 seeds, by one that is clean without it. The search begins where
 * it once succeeded, so that it is short as long as seeds draw the same.
 */
class MutantsTest {
  private static final int SEEDS_MAX = 500;

  /** What it does wrong takes an outcome that comes while the next attempt is in flight. */
  private static final List<String> PATIENT = List.of("late-outcome-hits-next");

  private static final TreeMap<String, Scenario> FOUND_BY = new TreeMap<>();

  static {
    found("acknowledge-before-write", 30_000L, Profile.ENDPOINT);
    found("acts-after-hand-over", 30_008L, Profile.CLUSTER);
    found("attempts-only-in-memory", 30_008L, Profile.ENDPOINT);
    found("client-repeats-silently", 30_000L, Profile.ENDPOINT);
    found("fifo-overtakes", 30_008L, Profile.ENDPOINT);
    found("half-open-floodgate", 30_000L, Profile.ENDPOINT);
    found("keys-ignored-within-offer", 30_027L, Profile.ENDPOINT);
    found("lost-probe-blocks", 30_047L, Profile.ENDPOINT);
    found("one-attempt-too-many", 30_008L, Profile.ENDPOINT);
    found("retry-after-in-seconds", 30_008L, Profile.ENDPOINT);
    found("state-survives-refusal", 30_002L, Profile.ENDPOINT);
    found("timeout-is-success", 30_000L, Profile.ENDPOINT);
    found("timers-not-rearmed", 30_021L, Profile.ENDPOINT);
    found("wall-clock-deadlines", 30_063L, Profile.ENDPOINT);
    found("window-not-in-snapshot", 30_003L, Profile.ENDPOINT);
  }

  private static void found(String mutant, long seed, Profile profile) {
    FOUND_BY.put(mutant, Scenario.of(seed, profile));
  }

  static Stream<String> mutants() {
    return Mutants.names().stream().filter(name -> !PATIENT.contains(name));
  }

  @Test
  void all_are_known_here() {
    assertEquals(mutants().toList(), List.copyOf(FOUND_BY.keySet()));
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void is_found(String mutant) {
    Scenario first = Objects.requireNonNull(FOUND_BY.get(mutant));
    for (int i = 0; i < SEEDS_MAX; i++) {
      Scenario scenario = Scenario.of(first.seed() + i, first.profile());
      if (Run.play(scenario.withMutant(mutant), new Trace()).isClean()) continue;
      assertTrue(
          Run.play(scenario, new Trace()).isClean(),
          "seed " + scenario.seed() + " fails without a bug too");
      return;
    }
    throw new AssertionError(mutant + " was not found within " + SEEDS_MAX + " seeds");
  }
}
