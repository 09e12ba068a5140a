package io.kapsel.simulation.cli;

import io.kapsel.simulation.report.Divergence;
import io.kapsel.simulation.report.ScenarioFile;
import io.kapsel.simulation.run.Run;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.world.Trace;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "determinism",
    description = {
      "Plays one scenario three times, once in another JVM, and compares.",
      "Every event must be the same at the same virtual time. Shows the first that differs."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class DeterminismCommand implements Callable<Integer> {
  @Mixin private final ScenarioArgument argument = new ScenarioArgument();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    Scenario scenario = argument.scenario("");
    Simulate.requireAgent(spec);
    PrintWriter out = spec.commandLine().getOut();
    Path folder = Files.createTempDirectory("kapsel-determinism");
    try {
      Path first = folder.resolve("first");
      Path again = folder.resolve("again");
      Path elsewhere = folder.resolve("elsewhere");
      out.println("in this JVM     " + here(scenario, first));
      out.println("here again      " + here(scenario, again));
      out.println("in another JVM  " + elsewhere(scenario, elsewhere));
      boolean same = isSame("here, played again", first, again, out);
      same &= isSame("in another JVM", first, elsewhere, out);
      out.println(same ? "IDENTICAL: %,d events".formatted(lines(first)) : "DIFFERENT");
      out.flush();
      return same ? Exit.CLEAN : Exit.NON_DETERMINISM;
    } finally {
      delete(folder);
    }
  }

  private static String here(Scenario scenario, Path file) throws IOException {
    try (var sink = Files.newBufferedWriter(file)) {
      return Run.play(scenario, new Trace(sink)).hash();
    }
  }

  private static String elsewhere(Scenario scenario, Path file) throws IOException {
    Process process = Jvm.start(Worker.class, List.of(file.toString(), ""));
    try (var orders = process.outputWriter(StandardCharsets.UTF_8);
        var answers = process.inputReader(StandardCharsets.UTF_8)) {
      orders.write(Worker.Order.TRACE + " " + new ScenarioFile(scenario, List.of()).line() + "\n");
      orders.flush();
      String answer = answers.readLine();
      return answer == null ? "(it ended without an answer)" : Summary.parse(answer).hash();
    } finally {
      process.destroyForcibly();
    }
  }

  private static boolean isSame(String where, Path first, Path second, PrintWriter out)
      throws IOException {
    Optional<Divergence> divergence = Divergence.between(first, second);
    divergence.ifPresent(
        found -> {
          out.println();
          out.println("the first event that differs " + where + ":");
          found.lines().forEach(line -> out.println("  " + line));
        });
    return divergence.isEmpty();
  }

  private static long lines(Path file) throws IOException {
    try (Stream<String> lines = Files.lines(file)) {
      return lines.count();
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
    }
  }
}
