package io.kapsel.simulation.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
}
