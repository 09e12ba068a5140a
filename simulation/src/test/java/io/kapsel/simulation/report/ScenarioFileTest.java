package io.kapsel.simulation.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.simulation.fault.Planner;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.world.Randomness;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScenarioFileTest {
  @TempDir Path folder;

  @Test
  void is_read_as_it_was_written() throws IOException {
    Result result = SampleRun.busy(7, 3, true);
    ScenarioFile written = ScenarioFile.of(result, SampleRun.COMMIT);
    Path file = folder.resolve("new/s1.json");
    written.write(file);
    assertEquals(written, ScenarioFile.read(file));
    assertEquals(written, ScenarioFile.parse(written.line()));
    assertEquals(List.of("S1"), written.violated());
  }

  @Test
  void spells_out_every_option_and_the_whole_plan() {
    Result result = SampleRun.busy(7, 3, true);
    Scenario scenario = ScenarioFile.of(result, SampleRun.COMMIT).scenario();
    for (Option option : Option.values())
      assertEquals(result.options().text(option), scenario.overrides().get(option.key()));
    assertEquals(result.plan(), scenario.plan());
  }

  @Test
  void of_a_seed_alone_leaves_the_plan_to_the_seed() throws IOException {
    Scenario scenario = SampleRun.lost().scenario().with("nodes", "3").withMutant("a-mutant");
    assertEquals(
        scenario, ScenarioFile.parse(new ScenarioFile(scenario, List.of()).line()).scenario());
  }

  @Test
  void that_is_none_is_refused_with_the_reason() {
    for (String text :
        List.of("", "{", "[]", "{\"seed\": 1}", "{\"seed\":1,\"profile\":\"x\",\"options\":{}}")) {
      IOException refused = assertThrows(IOException.class, () -> ScenarioFile.parse(text));
      assertTrue(String.valueOf(refused.getMessage()).startsWith("not a scenario: "), text);
    }
  }

  private static String refusal(String text) {
    IOException refused = assertThrows(IOException.class, () -> ScenarioFile.parse(text));
    return String.valueOf(refused.getMessage());
  }

  /** On five nodes, with one fault. */
  private static String withFault(String kind, String target, String detail, String more) {
    return """
        {"seed": 7, "profile": "cluster", "options": {"nodes": "5", "endpoints": "2"}, "plan": [
          {"id": 4, "kind": "%s", "target": "%s", "detail": "%s", %s
           "trigger": {"on": "TIME", "atMillis": 9}}]}
        """
        .formatted(kind, target, detail, more);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CRASH | n9 | '' | '' | plan: fault 4 (CRASH): the target needs one of n1, n2, n3, n4, n5, not 'n9'",
        "PARTITION | n1,n6 | '' | '' | plan: fault 4 (PARTITION): the target needs one of n1, n2, n3, n4, n5, not 'n6'",
        "DESTINATION | e3 | SILENCE | '' | plan: fault 4 (DESTINATION): the target needs one of e1, e2, not 'e3'",
        "DESTINATION | e1 | QUIET | '' | plan: fault 4 (DESTINATION): the detail needs one of OK, OK_204, ",
        "STORE_DOWN | DISK | '' | '' | plan: fault 4 (STORE_DOWN): the target needs one of JOURNAL, ",
        "STORE_LATE | '' | '' | '\"amount\": 2,' | plan: fault 4 (STORE_LATE): the amount may not be 2.0",
        "CRASH | n1 | '' | '\"forMillis\": -1,' | plan: fault 4 (CRASH): forMillis may not be -1",
        "CRASH | n1 | '' | '\"forMillis\": \"long\",' | plan: the fault at place 1: forMillis needs a number, not \"long\"",
        "SLOWW | n1 | '' | '' | plan: the fault at place 1: kind needs one of CRASH, BOOT_LOOP, "
      })
  void with_a_plan_that_cannot_be_played_is_refused(
      String kind, String target, String detail, String more, String reason) {
    String refusal = refusal(withFault(kind, target, detail, more));
    assertTrue(refusal.startsWith("not a scenario: " + reason), refusal);
    assertFalse(refusal.contains("io.kapsel"), refusal);
  }

  @Test
  void that_is_no_json_is_refused_with_the_place() {
    String refusal = refusal("{\n  \"seed\": 1,\n  oops");
    assertTrue(refusal.startsWith("not a scenario: line 3, column 3: "), refusal);
  }

  @Test
  void with_options_that_make_no_sense_is_refused_for_all_of_them() {
    assertEquals(
        """
        not a scenario: options: there is no option 'nodez'; did you mean nodes?
        not a scenario: options: queue.max needs a whole number from 1 to 10000000, not '-5'""",
        refusal(
            """
            {"seed": 7, "profile": "endpoint", "options": {"nodez": "5", "queue.max": "-5"}}
            """));
  }

  @Test
  void may_hold_whatever_a_seed_draws() {
    for (Profile profile : Profile.values())
      for (long seed = 1; seed <= 200; seed++) {
        Map<String, String> drawn = Options.of(seed, profile, new TreeMap<>()).byKey();
        Options options = Options.of(seed, profile, drawn);
        Plan plan = Planner.plan(options, new Randomness(seed));
        Scenario scenario = new Scenario(seed, "", profile, drawn, plan, "");
        assertEquals(List.of(), ScenarioFile.problems(scenario), profile + " " + seed);
      }
  }
}
