package io.kapsel.simulation.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option of everything that plays in several JVMs. */
final class Jobs {
  private static final int MAX = 256;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description = "JVMs at the same time (default: one for each processor).")
  private int jobs = Runtime.getRuntime().availableProcessors();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  /** No more than there is work for. */
  int atMost(long runs) {
    if (jobs < 1 || jobs > MAX)
      throw new ParameterException(spec.commandLine(), "--jobs must be from 1 to " + MAX);
    return (int) Math.min(jobs, runs);
  }
}
