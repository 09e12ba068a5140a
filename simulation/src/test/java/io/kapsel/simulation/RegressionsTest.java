package io.kapsel.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
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
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every scenario in {@code simulation/regressions} once failed and must hold from then on. */
class RegressionsTest {
  private static final Path FOLDER = Path.of("regressions");

  @TestFactory
  Stream<DynamicTest> stay_fixed() throws IOException {
    return files(FOLDER).stream()
        .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> holds(file)));
  }

  @Test
  void a_file_with_a_planted_bug_is_refused(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("s.json");
    Scenario planted = Scenario.of(1, Profile.ENDPOINT).withMutant("timeout-is-success");
    new ScenarioFile(planted, List.of("S3")).write(file);
    AssertionError refused = assertThrows(AssertionError.class, () -> holds(file));
    assertTrue(String.valueOf(refused.getMessage()).contains("has the planted bug"));
  }

  @Test
  void a_folder_without_files_is_no_success(@TempDir Path folder) {
    assertThrows(AssertionError.class, () -> files(folder));
    assertThrows(IOException.class, () -> files(folder.resolve("missing")));
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> found = Files.list(folder)) {
      List<Path> files = found.filter(file -> file.toString().endsWith(".json")).sorted().toList();
      assertFalse(files.isEmpty(), () -> folder.toAbsolutePath() + " has no scenarios");
      return files;
    }
  }

  private static void holds(Path file) throws IOException {
    ScenarioFile read = ScenarioFile.read(file);
    String planted = read.scenario().mutant();
    assertEquals(
        "",
        planted,
        () -> file + " has the planted bug " + planted + ", so it can never hold: remove the file");
    Result result = Run.play(read.scenario(), new Trace());
    assertTrue(
        result.isClean(),
        () -> {
          String again = "simulation/" + file;
          String picture = "(./kapsel simulate replay " + again + " draws it)";
          return String.join(
              "\n", Failure.lines(result, "these sources", Optional.of(again), picture));
        });
  }
}
