package io.kapsel.simulation.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
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
    name = "mutants",
    description = {
      "Plants bugs, one at a time, and counts the seeds until each is found.",
      "Several searches from different seeds give a median. A bug that is not found within the limit",
      "is a weakness of the tester: exit code 6."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    exitCodeOnInvalidInput = Exit.USAGE,
    exitCodeOnExecutionException = Exit.SOFTWARE)
final class MutantsCommand implements Callable<Integer> {
  @Option(names = "--list", description = "Only name them.")
  private boolean list = false;

  @Option(
      names = "--within",
      paramLabel = "SEEDS",
      description = "Give up after so many seeds (default: 500).")
  private int within = 500;

  @Option(
      names = "--searches",
      paramLabel = "N",
      description = "Searches for each bug (default: 3).")
  private int searches = 3;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description = "JVMs at the same time (default: one for each processor).")
  private int jobs = Runtime.getRuntime().availableProcessors();

  @Mixin private final ScenarioOptions options = new ScenarioOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws InterruptedException, IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (list) {
      for (String name : Mutants.names())
        out.println("%-28s %s".formatted(name, io.kapsel.simulation.mutant.Mutants.describe(name)));
      out.flush();
      return Exit.CLEAN;
    }
    options.check();
    if (within < 1 || searches < 1 || jobs < 1)
      throw new ParameterException(
          spec.commandLine(), "--within, --searches and --jobs must be at least 1");
    Simulate.requireAgent(spec);
    List<String> names = options.mutant().map(List::of).orElseGet(Mutants::names);
    Path pictures = Files.createTempDirectory("kapsel-mutants");
    Hunt hunt = new Hunt(names, searches, within, options, spec.commandLine().getErr());
    new Crew(Math.min(jobs, names.size() * searches), pictures, Commit.current(), hunt).work();
    out.println(
        "%-30s %8s  %s".formatted("planted bug", "median", "found by, after so many seeds"));
    for (String name : names) out.println(hunt.line(name));
    out.flush();
    Optional<String> missed = names.stream().filter(name -> !hunt.isFound(name)).findFirst();
    return missed.isPresent() ? Exit.WEAK_TESTER : Exit.CLEAN;
  }
}
