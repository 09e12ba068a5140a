package io.kapsel.simulation.cli;

import io.kapsel.simulation.report.ScenarioFile;
import io.kapsel.simulation.scenario.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** One scenario: a seed with the options beside it, or a file that holds everything. */
final class ScenarioArgument {
  @Parameters(
      paramLabel = "SEED|FILE",
      description = "A seed, or a scenario file such as those in simulation/regressions.")
  private String what = "";

  @Mixin private final ScenarioOptions options = new ScenarioOptions();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  /** The file, when it is one. */
  Optional<String> file() {
    return isSeed() ? Optional.empty() : Optional.of(Places.shown(Path.of(what)));
  }

  private boolean isSeed() {
    return what.matches("\\d{1,18}");
  }

  Scenario scenario(String commit) {
    if (isSeed()) {
      options.check();
      return options.scenario(Long.parseLong(what), commit);
    }
    Path file = Path.of(what);
    if (!Files.isRegularFile(file))
      throw new ParameterException(
          spec.commandLine(), "'" + what + "' is neither a seed nor a scenario file");
    Scenario read = read(file);
    options.check(read.profile());
    Scenario scenario = options.over(read);
    List<String> problems = new ArrayList<>(ScenarioFile.problems(scenario));
    ScenarioOptions.unknownMutant(scenario.mutant()).ifPresent(problems::add);
    if (!problems.isEmpty()) throw refused(problems.stream(), null);
    return scenario;
  }

  private Scenario read(Path file) {
    try {
      return ScenarioFile.read(file).scenario();
    } catch (IOException e) {
      throw refused(String.valueOf(e.getMessage()).lines(), e);
    }
  }

  /** Each problem on a line of its own that names the file. */
  private ParameterException refused(Stream<String> problems, @Nullable Throwable cause) {
    String lines = problems.map(it -> what + ": " + it).collect(Collectors.joining("\n"));
    return new ParameterException(spec.commandLine(), lines, cause);
  }
}
