package io.kapsel.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
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
    for (String option : List.of("--connections", "--measure", "--api-key"))
      assertTrue(err.toString().contains(option), err.toString());
  }

  @Test
  void names_the_scenarios_when_one_is_unknown() {
    assertEquals(2, run("ingets"));
    assertTrue(err.toString().contains("end-to-end"), err.toString());
  }

  @Test
  void a_running_service_needs_a_plain_url_and_a_key() {
    assertEquals(2, run("--url", "https://hooks.example.com"));
    assertTrue(err.toString().contains("http://127.0.0.1:8080"), err.toString());
    assertTrue(err.toString().contains("--api-key"), err.toString());
  }

  @Test
  void a_fifth_is_tolerated_and_more_is_not() {
    assertFalse(RegressionCheck.isRegression(0.5, 0.41));
    assertTrue(RegressionCheck.isRegression(0.5, 0.39));
    assertFalse(RegressionCheck.isRegression(0.5, 0.9));
  }

  @Test
  void one_odd_round_does_not_decide() {
    assertEquals(0.4, RegressionCheck.median(List.of(0.1, 0.4, 0.5)));
    assertEquals(0.4, RegressionCheck.median(List.of(0.9, 0.4, 0.3)));
  }
}
