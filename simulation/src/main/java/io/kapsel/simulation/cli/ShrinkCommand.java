package io.kapsel.simulation.cli;

import io.kapsel.simulation.report.Failure;
import io.kapsel.simulation.report.ScenarioFile;
import io.kapsel.simulation.run.Run;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.shrink.Shrinker;
import io.kapsel.simulation.world.Trace;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "shrink",
    description = {
      "Makes a failing scenario smaller.",
      "Leaves faults out, shortens the workload and sets options back to what is usual, as long as the same",
      "promise stays broken. Writes the scenario, to be kept as a regression."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ShrinkCommand implements Callable<Integer> {
  @Mixin private final ScenarioArgument argument = new ScenarioArgument();

  @Option(
      names = "--budget",
      paramLabel = "TIME",
      converter = Spans.class,
      description = "Stop looking for less after so long (default: 10m).")
  private Duration budget = Duration.ofMinutes(10);

  @Option(
      names = "--to",
      paramLabel = "FILE",
      description =
          "Where the scenario goes (default: simulation/regressions, by promise and seed; beside the"
              + " picture with a planted bug, which no fix takes away).")
  private Optional<Path> to = Optional.empty();

  @Mixin private final Output output = new Output();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    String commit = Commit.current();
    Scenario scenario = argument.scenario(commit);
    Simulate.requireAgent(spec);
    Places places = output.places();
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Result failing = Run.play(scenario, new Trace());
    if (failing.isClean()) {
      out.println("CLEAN: there is nothing to shrink.");
      out.flush();
      return Exit.CLEAN;
    }
    String invariant = Failure.worst(failing).invariant();
    out.println(
        "shrinking %s of seed %d: %d faults, %d options differ from the usual"
            .formatted(
                invariant,
                scenario.seed(),
                failing.plan().faults().size(),
                Shrinker.unusual(failing)));
    out.flush();
    long deadline = System.nanoTime() + budget.toNanos();
    Scenario least =
        Shrinker.shrink(
            scenario.with(failing.plan()),
            candidate -> System.nanoTime() < deadline && breaks(candidate, invariant),
            line -> {
              err.println(line);
              err.flush();
            });
    Result result = Run.play(least, new Trace());
    boolean isPlanted = !result.scenario().mutant().isEmpty();
    Path kept = isPlanted ? places.folder() : Places.regressions();
    Path file = to.orElseGet(() -> kept.resolve(name(invariant, result)));
    ScenarioFile.of(result, commit).write(file);
    out.println();
    places
        .keepAs(Places.stem(result) + "-shrunk", result, commit, Optional.of(Places.shown(file)))
        .forEach(out::println);
    out.println();
    out.println(
        "  scenario %s (%d of %d faults)"
            .formatted(
                Places.shown(file), result.plan().faults().size(), failing.plan().faults().size()));
    out.flush();
    return ReplayCommand.exit(result);
  }

  /** Only a scenario that can be read again will do. */
  private static boolean breaks(Scenario candidate, String invariant) {
    if (!ScenarioFile.problems(candidate).isEmpty()) return false;
    return Run.play(candidate, new Trace()).violations().stream()
        .anyMatch(each -> each.invariant().equals(invariant));
  }

  private static String name(String invariant, Result result) {
    String mutant = result.scenario().mutant();
    return "%s-seed-%d%s.json"
        .formatted(
            invariant.toLowerCase(Locale.ROOT),
            result.scenario().seed(),
            mutant.isEmpty() ? "" : "-" + mutant);
  }
}
