package io.kapsel.simulation.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option of everything that draws pictures. */
final class Output {
  @Option(
      names = "--out",
      paramLabel = "DIRECTORY",
      description = "Where pictures and scenarios go (default: simulation/target/simulate).")
  private Path folder = Places.home().resolve("simulation/target/simulate");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  /** Refuses a folder that cannot be written, before hours are spent on what should go there. */
  Places places() {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new ParameterException(
          spec.commandLine(), "cannot make the directory " + Places.shown(folder) + ": " + e, e);
    }
    if (!Files.isWritable(folder))
      throw new ParameterException(
          spec.commandLine(), Places.shown(folder) + " cannot be written; choose another --out");
    return new Places(folder);
  }
}
