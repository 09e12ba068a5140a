package io.kapsel.simulation.cli;

import io.kapsel.simulation.mutant.Mutants;
import java.io.PrintWriter;
import java.util.List;
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
    sortOptions = false)
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

  @Mixin private final Jobs jobs = new Jobs();
  @Mixin private final Output output = new Output();
  @Mixin private final ScenarioOptions options = new ScenarioOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    if (list) {
      for (String name : Mutants.names())
        out.println("%-28s %s".formatted(name, Mutants.describe(name)));
      out.flush();
      return Exit.CLEAN;
    }
    options.check();
    if (within < 1 || searches < 1)
      throw new ParameterException(
          spec.commandLine(), "--within and --searches must be at least 1");
    Simulate.requireAgent(spec);
    List<String> names = options.mutant().map(List::of).orElseGet(Mutants::names);
    Hunt hunt = new Hunt(names, searches, within, options, spec.commandLine().getErr());
    int crew = jobs.atMost((long) names.size() * searches);
    new Crew(crew, output.places(), Commit.current(), hunt).work();
    hunt.table().forEach(out::println);
    out.flush();
    return names.stream().allMatch(hunt::isFound) ? Exit.CLEAN : Exit.WEAK_TESTER;
  }
}
