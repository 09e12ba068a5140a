package io.kapsel.simulation.cli;

import io.kapsel.simulation.report.ScenarioFile;
import io.kapsel.simulation.scenario.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
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
    options.check();
    if (isSeed()) return options.scenario(Long.parseLong(what), commit);
    Path file = Path.of(what);
    if (!Files.isRegularFile(file))
      throw new ParameterException(
          spec.commandLine(), "'" + what + "' is neither a seed nor a scenario file");
    try {
      return options.over(ScenarioFile.read(file).scenario());
    } catch (IOException e) {
      throw new ParameterException(spec.commandLine(), what + ": " + e.getMessage(), e);
    }
  }
}
