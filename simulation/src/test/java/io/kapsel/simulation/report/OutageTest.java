package io.kapsel.simulation.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.scenario.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** An outage from the first to the third minute, and what is said of it. */
class OutageTest {
  private static final long SECOND = 1_000_000_000L;

  private final List<Observation> seen = new ArrayList<>();
  private final List<Violation> violations = new ArrayList<>();

  OutageTest() {
    seen.add(new Observation.PhaseBegan(0, "load"));
  }

  private void accepted(String webhook, long second) {
    seen.add(
        new Observation.Answered(second * SECOND, webhook, "e1", 1, 200, "", "evt_" + webhook, ""));
  }

  private void ended(String webhook, long second, Verdict verdict) {
    Outcome.Kind kind = verdict == Verdict.DELIVERED ? Outcome.Kind.DELIVERED : Outcome.Kind.FAILED;
    seen.add(
        new Observation.HistoryRecorded(
            second * SECOND, "n1.1", "e1", "evt_" + webhook, 1, kind, verdict));
  }

  private Outage outage(long dropped) {
    Map<String, String> overrides =
        new TreeMap<>(
            Map.of("destination.down.after.seconds", "60", "destination.down.seconds", "120"));
    Options options = Options.of(1, Profile.DESTINATION, overrides);
    Scenario scenario = new Scenario(1, "", Profile.DESTINATION, overrides, null, "");
    return Outage.of(
        new Result(
            scenario,
            options,
            Plan.NONE,
            "",
            0,
            0,
            0,
            0,
            violations,
            new TreeMap<>(),
            List.of(),
            seen,
            dropped,
            List.of()));
  }

  private String row(String name) {
    return outage(0).table().stream()
        .filter(row -> row.name().equals(name))
        .map(Outage.Row::value)
        .findFirst()
        .orElse("none");
  }

  @Test
  void tells_when_the_backlog_is_gone() {
    accepted("w1", 10);
    ended("w1", 11, Verdict.DELIVERED);
    accepted("w2", 100);
    accepted("w3", 120);
    ended("w2", 184, Verdict.DELIVERED);
    ended("w3", 190, Verdict.DELIVERED);
    assertEquals(
        "An outage of 2 m: every webhook is delivered; 10 s after it the backlog of 2 is gone.",
        outage(0).sentence());
    assertEquals("4.0 s", row("first delivery after the outage"));
    assertEquals("10 s", row("time to drain"));
  }

  @Test
  void leaves_the_probes_at_the_end_out() {
    accepted("w1", 10);
    ended("w1", 11, Verdict.DELIVERED);
    seen.add(new Observation.PhaseBegan(200 * SECOND, "probe"));
    accepted("p1-e1", 201);
    ended("p1-e1", 202, Verdict.DELIVERED);
    assertEquals("1", row("webhooks accepted"));
    assertEquals("-", row("first delivery after the outage"));
    assertEquals("-", row("time to drain"));
    assertEquals(
        "An outage of 2 m: every webhook is delivered; none waited when it was over.",
        outage(0).sentence());
  }

  @Test
  void promises_nothing_of_no_webhooks() {
    assertEquals("An outage of 2 m: no webhook was accepted.", outage(0).sentence());
  }

  @Test
  void counts_those_that_senders_gave_up() {
    accepted("w1", 10);
    ended("w1", 11, Verdict.DELIVERED);
    seen.add(new Observation.SenderGaveUp(120 * SECOND, "w2", "e1"));
    assertEquals(
        "An outage of 2 m: 1 webhooks are delivered, 1 are never accepted;"
            + " none waited when it was over.",
        outage(0).sentence());
    assertEquals("1", row("given up by senders, never accepted"));
  }

  @Test
  void says_how_many_still_wait() {
    accepted("w1", 100);
    accepted("w2", 110);
    ended("w2", 200, Verdict.DEAD_LETTER);
    assertEquals(
        "An outage of 2 m: 1 of 2 webhooks are still pending at the end of the run;"
            + " 2 waited when it was over.",
        outage(0).sentence());
  }

  @Test
  void of_a_run_that_broke_promises_no_delivery() {
    accepted("w1", 10);
    ended("w1", 11, Verdict.DELIVERED);
    violations.add(
        new Violation("S14", Violation.Severity.SAFETY, "e1", "w1", "Too many.", List.of()));
    assertEquals(
        "An outage of 2 m: the figures may be wrong, for the run broke S14.", outage(0).sentence());
    violations.clear();
    assertFalse(outage(5).sentence().contains("every webhook"), outage(5).sentence());
  }
}
