package io.kapsel.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class BenchCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    var screen = new PrintStream(OutputStream.nullOutputStream());
    return new CommandLine(new BenchCommand("0.1", screen))
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }

  @Test
  void lists_what_it_can_measure() {
    assertEquals(0, run("--list"));
    for (Scenario scenario : Scenario.values())
      assertTrue(out.toString().contains(scenario.title()), scenario.title());
  }

  @Test
  void says_everything_that_is_wrong_at_once() {
    assertEquals(2, run("--connections", "0", "--measure", "0", "--api-key", "kps_x"));
    says(
        "--connections must be from 1 to 4000",
        "--measure must be from 1 to 86400 seconds",
        "--api-key goes with --url");
    assertEquals(2, run("--check", "--url", "http://127.0.0.1:1", "--api-key", "kps_x"));
    says("--check starts a service itself: no --url");
    assertEquals(2, run("noisy-neighbour", "--endpoints", "1"));
    says("noisy-neighbour needs at least 2 --endpoints");
  }

  @Test
  void finds_out_early_that_no_report_can_be_written(@TempDir Path directory) throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    assertEquals(2, run("--output", file.resolve("report").toString()));
    says("--output: nothing can be written to " + file.resolve("report"));
  }

  /** In the problems themselves, not in the usage below them. */
  private void says(String... problems) {
    List<String> lines = err.toString().lines().toList();
    for (String problem : problems) assertTrue(lines.contains(problem), err.toString());
  }

  @Test
  void names_the_scenarios_when_one_is_unknown() {
    assertEquals(2, run("ingets"));
    assertTrue(err.toString().contains("end-to-end"), err.toString());
  }

  @Test
  void a_running_service_needs_a_plain_url_and_a_key() {
    assertEquals(2, run("--url", "https://hooks.example.com"));
    says("--url must look like http://127.0.0.1:8080", "--url needs --api-key");
  }

  @Test
  void a_fifth_is_tolerated_and_more_is_not() {
    assertFalse(RegressionCheck.isRegression(0.5, 0.41));
    assertTrue(RegressionCheck.isRegression(0.5, 0.39));
    assertFalse(RegressionCheck.isRegression(0.5, 0.9));
    assertTrue(RegressionCheck.isRegression(0.5, Double.NaN));
    assertTrue(RegressionCheck.isRegression(Double.NaN, 0.5));
  }

  @Test
  void one_odd_round_does_not_decide() {
    assertEquals(0.4, RegressionCheck.median(List.of(0.1, 0.4, 0.5)));
    assertEquals(0.4, RegressionCheck.median(List.of(0.9, 0.4, 0.3)));
  }
}
