package io.kapsel.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.simulation.report.Failure;
import io.kapsel.simulation.report.ScenarioFile;
import io.kapsel.simulation.run.Run;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.world.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every scenario in {@code simulation/regressions} once failed and must hold from then on. */
class RegressionsTest {
  private static final Path FOLDER = Path.of("regressions");

  @TestFactory
  Stream<DynamicTest> stay_fixed() throws IOException {
    if (!Files.isDirectory(FOLDER)) return Stream.empty();
    List<Path> files;
    try (Stream<Path> found = Files.list(FOLDER)) {
      files = found.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
    return files.stream()
        .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> holds(file)));
  }

  private static void holds(Path file) throws IOException {
    Result result = Run.play(ScenarioFile.read(file).scenario(), new Trace());
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
