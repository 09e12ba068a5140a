package io.kapsel.simulation.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of everything that plays many seeds. */
final class CampaignOptions {
  private static final long SEEDS_USUAL = 200;

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
      description =
          "Play for so long, such as 10m or 8h: fresh seeds, or those from A with --seeds A.")
  private Duration time = Duration.ZERO;

  @Mixin private final Jobs jobs = new Jobs();

  @Option(
      names = "--recheck",
      paramLabel = "N",
      description = "Play one seed in N again and compare, 0 for none (default: 20).")
  private int recheck = 20;

  @Option(names = "--stop", description = "Stop at the first failure.")
  private boolean stop = false;

  @Mixin private final Output output = new Output();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  Places places() {
    return output.places();
  }

  long seedOr(long usual) {
    return seeds.map(Seeds::first).orElse(usual);
  }

  /** Fresh ones are of a day: short enough to be typed, and another day has others. */
  private Seeds chosen() {
    long fresh = Instant.now().getEpochSecond() % 100_000_000L * 10;
    long first = seedOr(fresh);
    boolean isOpen = !time.isZero() && seeds.filter(given -> given.count() > 1).isEmpty();
    if (isOpen) return Seeds.from(first);
    return seeds.orElseGet(() -> new Seeds(first, first + SEEDS_USUAL - 1));
  }

  Tally play(ScenarioOptions scenario) throws InterruptedException {
    if (recheck < 0)
      throw new ParameterException(spec.commandLine(), "--recheck must not be negative");
    Seeds chosen = chosen();
    int crew = jobs.atMost(chosen.count());
    Places places = places();
    String commit = Commit.current();
    PrintWriter out = spec.commandLine().getOut();
    out.println("seeds " + chosen + " of commit " + commit);
    out.flush();
    Campaign campaign =
        new Campaign(
            new Campaign.Limits(chosen, time, crew, recheck, stop),
            seed -> scenario.scenario(seed, ""),
            places,
            commit,
            out,
            spec.commandLine().getErr());
    Tally tally = campaign.play();
    tally.lines(campaign.seconds(), crew).forEach(out::println);
    for (long seed : tally.unrepeatable())
      out.println("  look: ./kapsel simulate determinism " + seed);
    out.flush();
    return tally;
  }
}
