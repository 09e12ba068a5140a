package io.kapsel.simulation.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.world.Trace;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same scenario is the same run: the real service, whole, with faults. */
class ServiceDeterminismTest {
  private static final long SEED = 10;

  private static Result play(long seed, Profile profile) {
    return Run.play(Scenario.of(seed, profile), new Trace());
  }

  @ParameterizedTest
  @EnumSource(
      value = Profile.class,
      names = {"ENDPOINT", "CLUSTER"})
  void in_one_jvm(Profile profile) {
    Result first = play(SEED, profile);
    assertEquals(first.hash(), play(SEED, profile).hash());
    assertNotEquals(first.hash(), play(SEED + 1, profile).hash());
    assertTrue(first.observations().size() > 100);
  }

  @Test
  void reading_the_trace_changes_nothing() {
    StringBuilder text = new StringBuilder();
    Result read = Run.play(Scenario.of(SEED, Profile.ENDPOINT), new Trace(text));
    assertEquals(play(SEED, Profile.ENDPOINT).hash(), read.hash());
    assertTrue(text.length() > 100_000);
  }

  @Test
  void a_plan_spelled_out_is_the_same_run() {
    Result first = play(SEED, Profile.ENDPOINT);
    Scenario spelled = first.scenario().with(first.plan());
    assertEquals(first.hash(), Run.play(spelled, new Trace()).hash());
  }

  @Test
  void in_another_jvm() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Seeds.class.getName()));
    command.addAll(List.of("CLUSTER", String.valueOf(SEED), "1"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertTrue(output.contains(play(SEED, Profile.CLUSTER).hash()), output);
  }
}
