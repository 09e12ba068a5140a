package io.kapsel.simulation.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(
    name = "mutants",
    description = "Plants bugs, one at a time, and counts the seeds until each is found.",
    mixinStandardHelpOptions = true)
final class MutantsCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    return Exit.CLEAN;
  }
}
