package io.kapsel.simulation.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "coverage",
    description = {
      "Plays seeds and lists how often each rare situation was met.",
      "One that never was is a defect of the simulator: exit code 6."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class CoverageCommand implements Callable<Integer> {
  @Mixin private final CampaignOptions campaign = new CampaignOptions();
  @Mixin private final ScenarioOptions scenario = new ScenarioOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws InterruptedException {
    scenario.check();
    Simulate.requireAgent(spec);
    Tally tally = campaign.play(scenario);
    PrintWriter out = spec.commandLine().getOut();
    out.println();
    out.println("how often each rare situation was met, in %,d seeds".formatted(tally.runs()));
    tally.coverageLines().forEach(out::println);
    out.flush();
    return tally.never().isEmpty() ? tally.exit() : Exit.worse(tally.exit(), Exit.WEAK_TESTER);
  }
}
