package io.kapsel.simulation.cli;

import io.kapsel.Version;
import io.kapsel.simulation.agent.Agent;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kapsel simulate}. */
@Command(
    name = "kapsel simulate",
    description = {
      "Runs the production actors on a simulated cluster, from a seed, and checks every promise of docs/guarantees.md.",
      ""
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    synopsisSubcommandLabel = "[COMMAND]",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      " 0:everything held",
      " 2:a safety promise was broken",
      " 3:a liveness promise was broken",
      " 4:a run broke, or took its JVM with it",
      " 5:a seed was not the same run when played again",
      " 6:the tester is weak: a rare situation never met, a planted bug not found",
      "64:the command line is wrong",
      "70:the tool itself failed"
    },
    footer = {
      "",
      "Examples:",
      "  kapsel simulate                               200 fresh seeds",
      "  kapsel simulate --for 8h                      as many as eight hours allow",
      "  kapsel simulate replay 4711                   one seed again, with its picture",
      "  kapsel simulate shrink 4711                   the same failure, smaller",
      "  kapsel simulate explain 4711 --webhook w12    the life of one webhook",
      "  kapsel simulate --profile destination --set destination.down.seconds=20m",
      "                                                what an outage does to your webhooks"
    },
    subcommands = {
      ReplayCommand.class,
      ShrinkCommand.class,
      ExplainCommand.class,
      DeterminismCommand.class,
      CoverageCommand.class,
      MutantsCommand.class,
      OptionsCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Simulate implements Callable<Integer> {
  @Mixin private final CampaignOptions campaign = new CampaignOptions();
  @Mixin private final ScenarioOptions scenario = new ScenarioOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  private Simulate() {}

  public static void main(String[] args) {
    var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    Interruption.exit(run(args, out, err));
  }

  /** Returns the exit code. */
  static int run(String[] args, PrintWriter out, PrintWriter err) {
    return new CommandLine(new Simulate())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpWidth(100)
        .setParameterExceptionHandler(Simulate::refuse)
        .setExecutionExceptionHandler(Simulate::fail)
        .setOut(out)
        .setErr(err)
        .execute(args);
  }

  /** What is wrong and where to read more; the whole usage would only hide it. */
  private static int refuse(ParameterException refused, String[] args) {
    CommandLine command = refused.getCommandLine();
    PrintWriter err = command.getErr();
    err.println(refused.getMessage());
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    err.flush();
    return Exit.USAGE;
  }

  /** A full disk needs no stack trace; whatever nobody thought of does. */
  private static int fail(
      Exception failure, CommandLine command, CommandLine.ParseResult arguments) {
    if (failure instanceof IOException) command.getErr().println("failed: " + failure);
    else failure.printStackTrace(command.getErr());
    command.getErr().flush();
    return Exit.SOFTWARE;
  }

  /** Nothing can be simulated without the agent. */
  static void requireAgent(CommandSpec spec) {
    if (!Agent.active())
      throw new ParameterException(
          spec.commandLine(),
          "this JVM has no simulation agent: use './kapsel simulate', or docs/simulation.md for an IDE");
  }

  @Override
  public Integer call() throws InterruptedException, IOException {
    scenario.check();
    requireAgent(spec);
    if (scenario.isDestination()) return new Rehearsal(spec, scenario, campaign).play();
    return campaign.play(scenario).exit();
  }
}
