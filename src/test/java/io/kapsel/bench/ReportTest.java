package io.kapsel.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReportTest {
  private static final Machine MACHINE =
      new Machine("A <fast> one", 2, 4_096, "Linux 6", "JDK 25", "0.1", "abc1234", "2026-11-28");

  private final Result.Draft draft = new Result.Draft();

  private Result result() {
    return draft.result(Scenario.INGEST, Map.of("connections", "256"));
  }

  private static String text(Result result) {
    var written = new StringWriter();
    TextReport.print(new PrintWriter(written), MACHINE, result);
    return written.toString();
  }

  @Test
  void a_missed_target_is_not_a_wrong_result() {
    draft.atLeast("acknowledged", 9_000, "/s", 10_000);
    draft.atMost("p99", 40.0, "ms", 50);
    assertTrue(result().isCorrect());
    assertTrue(text(result()).contains("missed"));
    assertTrue(text(result()).contains("met"));
  }

  @Test
  void a_lost_webhook_is() {
    draft.check("every acknowledged webhook was delivered", false, "1 missing");
    assertFalse(result().isCorrect());
    assertTrue(
        text(result()).contains("WRONG every acknowledged webhook was delivered: 1 missing"));
  }

  @Test
  void several_runs_give_the_median_and_every_failure() {
    List<Result> runs = new ArrayList<>();
    for (double rate : new double[] {9_000, 12_000, 11_000}) {
      var run = new Result.Draft();
      run.atLeast("acknowledged", rate, "/s", 10_000);
      run.check("every acknowledged webhook was delivered", rate < 12_000, "one run");
      runs.add(run.result(Scenario.INGEST, Map.of()));
    }
    Result median = Result.medianOf(runs);
    assertEquals(11_000, median.figures().getFirst().value());
    assertFalse(median.isCorrect());
    assertTrue(text(median).contains("9,000 to 12,000"));
    assertTrue(text(median).contains("runs = 3, medians"));
  }

  @Test
  void the_machine_and_the_settings_are_stated() {
    String text = text(result());
    for (String fact : List.of("A <fast> one", "2 cores", "JDK 25", "abc1234", "connections = 256"))
      assertTrue(text.contains(fact), fact);
  }

  @Test
  void json_holds_figures_with_their_targets() {
    draft.atLeast("acknowledged", 9_000, "/s", 10_000);
    draft.figure("refused", 0, "");
    var figures = JsonReport.document(MACHINE, List.of(result())).at("/scenarios/0/figures");
    assertEquals(9_000, figures.at("/0/value").asDouble());
    assertFalse(figures.at("/0/met").asBoolean(true));
    assertTrue(figures.at("/1/met").isMissingNode());
  }

  @Test
  void the_page_needs_nothing_else_and_escapes_what_it_shows() {
    draft.chart("latency", "ms", new Result.Line("p99", List.of(1.0, 3.0, 2.0)));
    String page = HtmlReport.page(MACHINE, List.of(result()));
    assertTrue(page.contains("A &lt;fast&gt; one"));
    assertTrue(page.contains("<path class=\"l0\" d=\"M"));
    assertFalse(page.contains("src="));
    assertFalse(page.contains("href="));
  }

  @Test
  void scales_end_at_round_numbers() {
    assertEquals(1, HtmlReport.roundedUp(0));
    assertEquals(10_000, HtmlReport.roundedUp(9_600));
    assertEquals(20, HtmlReport.roundedUp(12));
    assertEquals(0.4, HtmlReport.roundedUp(0.31), 1e-12);
  }
}
