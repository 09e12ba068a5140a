package io.kapsel.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.simulation.report.Failure;
import io.kapsel.simulation.report.ScenarioFile;
import io.kapsel.simulation.run.Run;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.world.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIf;

/**
 * One seed in a debugger: set breakpoints in the actors or in {@code core}, set {@code -Dseed} (or
 * {@code -Dscenario}, a file) and run this. The whole cluster is one thread, so everything stands
 * still at a breakpoint, virtual time included. Its name ends in no suffix that the tests look for.
 */
class DebugOneSeed {
  static boolean isNotAsked() {
    return System.getProperty("seed") == null && System.getProperty("scenario") == null;
  }

  @Test
  @DisabledIf("isNotAsked")
  void holds() throws IOException {
    Result result = Run.play(scenario(), new Trace());
    assertTrue(
        result.isClean(),
        () ->
            String.join(
                "\n", Failure.lines(result, "these sources", Optional.empty(), "(not drawn)")));
  }

  private static Scenario scenario() throws IOException {
    String file = System.getProperty("scenario");
    if (file != null) return ScenarioFile.read(found(file)).scenario();
    long seed = Long.getLong("seed", 1);
    String profile = System.getProperty("profile", Profile.of(seed).name());
    return Scenario.of(seed, Profile.valueOf(profile.toUpperCase(Locale.ROOT)))
        .withMutant(System.getProperty("mutant", ""));
  }

  /** As typed at the project's root, where tests do not run. */
  private static Path found(String file) {
    Path here = Path.of(file);
    return Files.exists(here) ? here : Path.of("..").resolve(file);
  }
}
