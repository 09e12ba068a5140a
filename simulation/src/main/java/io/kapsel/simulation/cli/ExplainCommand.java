package io.kapsel.simulation.cli;

import io.kapsel.simulation.report.Failure;
import io.kapsel.simulation.report.Life;
import io.kapsel.simulation.run.Run;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.world.Trace;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "explain",
    description = "Plays one scenario and tells the life of one webhook.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ExplainCommand implements Callable<Integer> {
  private static final int NAMES_SHOWN = 12;

  @Mixin private final ScenarioArgument argument = new ScenarioArgument();

  @Option(
      names = "--webhook",
      paramLabel = "ID",
      description = "Which, such as w12 (default: the one whose promise was broken).")
  private Optional<String> webhook = Optional.empty();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    var scenario = argument.scenario(Commit.current());
    Simulate.requireAgent(spec);
    Result result = Run.play(scenario, new Trace());
    String chosen =
        webhook
            .or(() -> broken(result))
            .orElseThrow(() -> unknown(result, "--webhook is needed: nothing was broken"));
    List<String> life = Life.lines(result, chosen);
    if (life.isEmpty()) throw unknown(result, "there is no webhook '" + chosen + "' in this run");
    PrintWriter out = spec.commandLine().getOut();
    life.forEach(out::println);
    out.flush();
    return ReplayCommand.exit(result);
  }

  private static Optional<String> broken(Result result) {
    return result.isClean()
        ? Optional.empty()
        : Optional.of(Failure.worst(result).webhook()).filter(name -> !name.isEmpty());
  }

  private ParameterException unknown(Result result, String problem) {
    List<String> names =
        Life.webhooks(result).stream()
            .sorted(
                Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder()))
            .toList();
    String some = String.join(", ", names.subList(0, Math.min(NAMES_SHOWN, names.size())));
    return new ParameterException(
        spec.commandLine(),
        problem + "; there are " + some + (names.size() > NAMES_SHOWN ? ", …" : ""));
  }
}
