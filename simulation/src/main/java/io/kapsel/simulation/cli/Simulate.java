package io.kapsel.simulation.cli;

import io.kapsel.Version;
import io.kapsel.simulation.agent.Agent;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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
    exitCodeOnInvalidInput = Exit.USAGE,
    exitCodeOnExecutionException = Exit.SOFTWARE,
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
  private static final long SEEDS_USUAL = 200;

  @Mixin private final CampaignOptions campaign = new CampaignOptions();
  @Mixin private final ScenarioOptions scenario = new ScenarioOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  private Simulate() {}

  public static void main(String[] args) {
    var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(args, out, err));
  }

  /** Returns the exit code. */
  static int run(String[] args, PrintWriter out, PrintWriter err) {
    return new CommandLine(new Simulate())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpWidth(100)
        .setParameterExceptionHandler(Simulate::refuse)
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
    return command.getCommandSpec().exitCodeOnInvalidInput();
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
    return campaign.play(spec, scenario).exit();
  }

  /** The options of everything that plays many seeds. */
  static final class CampaignOptions {
    @Option(
        names = "--seeds",
        paramLabel = "A..B",
        converter = Seeds.Converter.class,
        description = "Play these seeds, both ends included (default: 200 fresh ones).")
    private Optional<Seeds> seeds = Optional.empty();

    @Option(
        names = "--for",
        paramLabel = "TIME",
        converter = Spans.class,
        description = "Play fresh seeds for so long, such as 10m or 8h; from A with --seeds A.")
    private Duration time = Duration.ZERO;

    @Option(
        names = "--jobs",
        paramLabel = "N",
        description = "JVMs at the same time (default: one for each processor).")
    private int jobs = Runtime.getRuntime().availableProcessors();

    @Option(
        names = "--recheck",
        paramLabel = "N",
        description = "Play one seed in N again and compare, 0 for none (default: 20).")
    private int recheck = 20;

    @Option(names = "--stop", description = "Stop at the first failure.")
    private boolean stop = false;

    @Option(
        names = "--out",
        paramLabel = "DIRECTORY",
        description = "Where pictures and scenarios go (default: simulation/target/simulate).")
    private Path place = Places.usual();

    Path place() {
      return place;
    }

    long seedOr(long usual) {
      return seeds.map(Seeds::first).orElse(usual);
    }

    Seeds seeds() {
      return seeds.orElseGet(CampaignOptions::fresh);
    }

    /** Of a day: short enough to be typed, and another day has others. */
    private static Seeds fresh() {
      long first = Instant.now().getEpochSecond() % 100_000_000L * 10;
      return new Seeds(first, first + SEEDS_USUAL - 1);
    }

    Tally play(CommandSpec spec, ScenarioOptions scenario) throws InterruptedException {
      if (jobs < 1 || jobs > 256)
        throw new ParameterException(spec.commandLine(), "--jobs must be from 1 to 256");
      if (recheck < 0)
        throw new ParameterException(spec.commandLine(), "--recheck must not be negative");
      Seeds chosen = seeds();
      if (!time.isZero()) chosen = new Seeds(chosen.first(), Long.MAX_VALUE);
      String commit = Commit.current();
      PrintWriter out = spec.commandLine().getOut();
      PrintWriter err = spec.commandLine().getErr();
      out.println(
          "seeds %s of commit %s"
              .formatted(time.isZero() ? chosen : "from " + chosen.first() + " on", commit));
      out.flush();
      int crew = (int) Math.min(jobs, chosen.count() <= 0 ? jobs : chosen.count());
      Campaign campaign =
          new Campaign(
              new Campaign.Limits(chosen, time, crew, recheck, stop),
              seed -> scenario.scenario(seed, ""),
              place.toAbsolutePath(),
              commit,
              out,
              err);
      Tally tally = campaign.play();
      tally.lines(campaign.seconds(), crew).forEach(out::println);
      for (long seed : tally.unrepeatable())
        out.println("  look: ./kapsel simulate determinism " + seed);
      out.flush();
      return tally;
    }
  }
}
