package io.kapsel.simulation.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.simulation.toy.ToyRun;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same seed is the same run: a real Akka cluster with sharding, persistence and crashes. */
class DeterminismTest {
  private static final int SECONDS = 20;

  private static ToyRun.Result run(long seed, int nodes) {
    return ToyRun.run(seed, nodes, Interleaving.Kind.UNIFORM, SECONDS, new Trace());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void in_one_jvm(int nodes) {
    ToyRun.Result first = run(5, nodes);
    ToyRun.Result again = run(5, nodes);
    ToyRun.Result other = run(6, nodes);
    assertEquals(first.hash(), again.hash());
    assertNotEquals(first.hash(), other.hash());
    assertEquals(List.of(), first.offences());
    assertTrue(first.whole(), "the cluster healed");
    assertTrue(first.answered() > 100, "answered " + first.answered());
  }

  @Test
  void reading_the_trace_changes_nothing() {
    StringBuilder text = new StringBuilder();
    Trace read = new Trace(text);
    ToyRun.run(5, 3, Interleaving.Kind.UNIFORM, SECONDS, read);
    assertEquals(run(5, 3).hash(), read.hash());
    assertTrue(text.length() > 100_000);
  }

  @Test
  void in_another_jvm() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), ToyRun.class.getName()));
    command.addAll(List.of("5", "1", "3", String.valueOf(SECONDS), "UNIFORM"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    Matcher hash = Pattern.compile("5 UNIFORM ([0-9a-f]{32})").matcher(output);
    assertTrue(hash.find(), output);
    assertEquals(run(5, 3).hash(), hash.group(1));
  }
}
