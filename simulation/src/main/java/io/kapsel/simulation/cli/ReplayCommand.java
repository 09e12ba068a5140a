package io.kapsel.simulation.cli;

import io.kapsel.simulation.report.Clock;
import io.kapsel.simulation.run.Run;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.world.Trace;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "replay",
    description = "Plays one scenario again, byte for byte, and draws it.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ReplayCommand implements Callable<Integer> {
  @Mixin private final ScenarioArgument argument = new ScenarioArgument();

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description = "Also write every event of the run, one a line.")
  private Optional<Path> trace = Optional.empty();

  @Mixin private final Output output = new Output();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    String commit = Commit.current();
    var scenario = argument.scenario(commit);
    Simulate.requireAgent(spec);
    Places places = output.places();
    Result result;
    try (Writer sink =
        trace.isPresent() ? Files.newBufferedWriter(trace.get()) : Writer.nullWriter()) {
      result = Run.play(scenario, trace.isPresent() ? new Trace(sink) : new Trace());
    }
    PrintWriter out = spec.commandLine().getOut();
    List<String> failure = places.keep(result, commit, argument.file());
    failure.forEach(out::println);
    if (failure.isEmpty()) {
      out.println(
          "CLEAN: seed %d, profile %s, commit %s"
              .formatted(
                  scenario.seed(), scenario.profile().name().toLowerCase(Locale.ROOT), commit));
      out.println("  picture  " + Places.shown(places.picture(Places.stem(result))));
    }
    out.println();
    out.println(
        "  %s of virtual time, %,d steps, %s of a processor, hash %s"
            .formatted(
                Clock.span(result.virtualNanos()),
                result.steps(),
                Clock.span(result.cpuNanos()),
                result.hash()));
    trace.ifPresent(file -> out.println("  trace    " + Places.shown(file)));
    out.flush();
    return exit(result);
  }

  static int exit(Result result) {
    return result.violations().stream()
        .map(each -> Exit.of(each.severity()))
        .reduce(Exit.CLEAN, Exit::worse);
  }
}
