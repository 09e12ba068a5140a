package io.kapsel.simulation.cli;

import io.kapsel.simulation.scenario.Scenario;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.LongFunction;

/**
 * Many seeds on several JVMs. A share of them is played again, half of these in the same JVM and
 * half in another one, and must be the same run to the last event.
 */
final class Campaign implements Crew.Work {
  /**
   * @param seeds of a campaign that is limited by time: as many as there are
   * @param time how long to go on, zero for no limit
   * @param recheckOneIn how many seeds for one that is played again, 0 for none
   */
  record Limits(Seeds seeds, Duration time, int jobs, int recheckOneIn, boolean stopAtFirst) {}

  private final Limits limits;
  private final LongFunction<Scenario> scenarios;
  private final PrintWriter out;
  private final PrintWriter err;
  private final Places places;
  private final String commit;
  private final Tally tally = new Tally();
  private final TreeSet<String> reported = new TreeSet<>();

  /** Runs to be repeated in a JVM other than the one that played them first. */
  private final Deque<Again> again = new ArrayDeque<>();

  private final Map<Scenario, String> hashes = new HashMap<>();
  private final long startedNanos = System.nanoTime();
  private Progress progress;
  private long nextSeed;
  private boolean stopped;

  private record Again(int playedBy, Scenario scenario) {}

  Campaign(
      Limits limits,
      LongFunction<Scenario> scenarios,
      Places places,
      String commit,
      PrintWriter out,
      PrintWriter err) {
    this.limits = limits;
    this.scenarios = scenarios;
    this.places = places;
    this.commit = commit;
    this.out = out;
    this.err = err;
    this.nextSeed = limits.seeds().first();
    this.progress = new Progress("seeds", -1, false, err);
  }

  /** Plays everything; prints failures as they come. */
  Tally play() throws InterruptedException {
    long total = limits.time().isZero() ? limits.seeds().count() : -1;
    try (Progress shown = new Progress("seeds", total, Progress.onTerminal(), err)) {
      progress = shown;
      new Crew(limits.jobs(), places, commit, this).work();
    }
    return tally;
  }

  double seconds() {
    return (System.nanoTime() - startedNanos) / 1e9;
  }

  @Override
  public synchronized Optional<Crew.Job> next(int member) {
    for (Again each : again) {
      if (each.playedBy() == member) continue;
      again.remove(each);
      return Optional.of(new Crew.Job(Worker.Order.PLAY, each.scenario()));
    }
    boolean isOver =
        stopped
            || nextSeed > limits.seeds().last()
            || (!limits.time().isZero() && seconds() > limits.time().toMillis() / 1e3);
    if (isOver) return Optional.empty();
    long seed = nextSeed++;
    return Optional.of(
        new Crew.Job(
            isRepeatedHere(seed) ? Worker.Order.PLAY_TWICE : Worker.Order.PLAY,
            scenarios.apply(seed)));
  }

  private boolean isRepeated(long seed, long remainder) {
    int oneIn = limits.recheckOneIn();
    return oneIn > 0 && Math.floorMod(seed - limits.seeds().first(), 2L * oneIn) == remainder;
  }

  private boolean isRepeatedHere(long seed) {
    return isRepeated(seed, limits.recheckOneIn()) || (limits.jobs() == 1 && isRepeated(seed, 0));
  }

  @Override
  public synchronized void done(int member, Crew.Job job, Summary summary) {
    String before = hashes.remove(job.scenario());
    if (before != null) {
      tally.repeated(summary.seed(), true, before.equals(summary.hash()));
    } else {
      if (job.order() == Worker.Order.PLAY_TWICE)
        tally.repeated(summary.seed(), false, summary.isRepeatable());
      tally.add(summary);
      boolean comesBack =
          limits.jobs() > 1 && isRepeated(summary.seed(), 0) && !summary.hash().isEmpty();
      if (comesBack) {
        hashes.put(job.scenario(), summary.hash());
        again.add(new Again(member, job.scenario()));
      }
      if (!summary.isClean()) failed(summary);
    }
    progress.at(tally.runs(), tally.brief(seconds()));
  }

  /** In full for the first of its kind, in one line for the others. */
  private void failed(Summary summary) {
    Summary.Broken worst = summary.broken().getFirst();
    if (reported.add(worst.invariant()) || summary.report().isEmpty()) {
      progress.say(out, "");
      if (summary.report().isEmpty())
        progress.say(out, "CRASH of seed " + summary.seed() + ": " + worst.sentence());
      summary.report().forEach(line -> progress.say(out, line));
      progress.say(out, "");
    } else {
      progress.say(
          out,
          "%s again, seed %d: %s".formatted(worst.invariant(), summary.seed(), worst.sentence()));
    }
    if (limits.stopAtFirst()) stopped = true;
  }
}
