package io.kapsel.simulation.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.scenario.Violation;
import io.kapsel.simulation.world.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/**
 * Seeds that nobody has played before, printed so that they come back; from {@code
 * kapsel.simulation.seed} or {@code SIMULATION_SEED} on where one is given.
 */
class FreshSeedsTest {
  private static final int ENDPOINT_SEEDS = Integer.getInteger("kapsel.simulation.endpoint", 250);
  private static final int CLUSTER_SEEDS = Integer.getInteger("kapsel.simulation.cluster", 25);

  @Test
  void hold_in_the_endpoint_world() {
    play(Profile.ENDPOINT, ENDPOINT_SEEDS);
  }

  @Test
  void hold_in_the_cluster_world() {
    play(Profile.CLUSTER, CLUSTER_SEEDS);
  }

  private static long first() {
    String given = System.getenv("SIMULATION_SEED");
    return given != null ? Long.parseLong(given) : System.currentTimeMillis() / 1_000 * 1_000;
  }

  private static void play(Profile profile, int count) {
    long first = Long.getLong("kapsel.simulation.seed", first());
    List<String> broken = new ArrayList<>();
    String world = profile.name().toLowerCase(Locale.ROOT);
    System.out.println("Playing seeds " + first + ".." + (first + count - 1) + ", " + world);
    for (long seed = first; seed < first + count; seed++) {
      Result result = Run.play(Scenario.of(seed, profile), new Trace());
      for (Violation violation : result.violations())
        broken.add(
            "%s: %s  (./kapsel simulate replay %d --profile %s)"
                .formatted(violation.invariant(), violation.sentence(), seed, world));
    }
    assertEquals(List.of(), broken);
  }
}
