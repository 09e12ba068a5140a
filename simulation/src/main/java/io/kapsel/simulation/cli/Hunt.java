package io.kapsel.simulation.cli;

import io.kapsel.simulation.scenario.Scenario;
import java.io.PrintWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Looks for planted bugs: each JVM follows one search, seed after seed, until a seed fails that is
 * clean without the bug.
 */
final class Hunt implements Crew.Work {
  /** So far are the searches for one bug apart. */
  private static final long APART = 10_000;

  private static final long NEVER = Long.MAX_VALUE;
  private static final String ROW = "%-28s %8s  %s";

  private final class Search {
    final String mutant;
    final long firstSeed;
    long tried;

    /** What the seed in hand breaks with the bug; it is being played without it. */
    String suspected = "";

    String invariant = "";

    Search(String mutant, long firstSeed) {
      this.mutant = mutant;
      this.firstSeed = firstSeed;
    }

    boolean isFound() {
      return !invariant.isEmpty();
    }

    boolean isOver() {
      return isFound() || tried >= within;
    }

    /** How many seeds it took. */
    long count() {
      return isFound() ? tried : NEVER;
    }

    Scenario next() {
      Scenario clean = options.scenario(firstSeed + tried, "").withMutant("");
      return suspected.isEmpty() ? clean.withMutant(mutant) : clean;
    }

    /** Answers what there is to say, empty for nothing. */
    String played(Summary summary) {
      String broken = summary.isClean() ? "" : summary.broken().getFirst().invariant();
      if (suspected.isEmpty() && !broken.isEmpty()) {
        suspected = broken;
        return "";
      }
      tried++;
      if (!suspected.isEmpty() && broken.isEmpty()) invariant = suspected;
      suspected = "";
      if (isFound()) return "%s: %s, seed %d".formatted(mutant, invariant, summary.seed());
      if (!broken.isEmpty())
        return "seed %d breaks %s without any planted bug".formatted(summary.seed(), broken);
      return isOver() ? mutant + ": not found within " + within + " seeds" : "";
    }

    @Override
    public String toString() {
      if (isFound()) return invariant + " " + tried;
      return tried >= within ? "NOT FOUND within " + within : "not found in " + tried;
    }
  }

  private final List<Search> all = new ArrayList<>();
  private final Deque<Search> waiting = new ArrayDeque<>();
  private final Map<Integer, Search> current = new HashMap<>();
  private final int within;
  private final ScenarioOptions options;
  private final PrintWriter err;

  Hunt(List<String> mutants, int searches, int within, ScenarioOptions options, PrintWriter err) {
    this.within = within;
    this.options = options;
    this.err = err;
    for (int i = 0; i < searches; i++)
      for (String mutant : mutants) all.add(new Search(mutant, 1 + i * APART));
    waiting.addAll(all);
  }

  @Override
  public synchronized Optional<Crew.Job> next(int member) {
    Search search = current.get(member);
    if (search == null || search.isOver()) {
      search = waiting.poll();
      if (search == null) return Optional.empty();
      current.put(member, search);
    }
    return Optional.of(new Crew.Job(Worker.Order.PLAY, search.next()));
  }

  @Override
  public synchronized void done(int member, Crew.Job job, Summary summary) {
    Search search = current.get(member);
    if (search == null) return;
    String news = search.played(summary);
    if (news.isEmpty()) return;
    err.println(news);
    err.flush();
  }

  /** By every search. */
  boolean isFound(String mutant) {
    return of(mutant).stream().allMatch(Search::isFound);
  }

  private List<Search> of(String mutant) {
    return all.stream().filter(search -> search.mutant.equals(mutant)).toList();
  }

  /** A row for each bug, with the median of its searches. */
  List<String> table() {
    List<String> rows = new ArrayList<>();
    rows.add(ROW.formatted("planted bug", "median", "found by, after so many seeds"));
    all.stream().map(search -> search.mutant).distinct().forEach(bug -> rows.add(row(bug)));
    return rows;
  }

  private String row(String mutant) {
    List<Search> searches = of(mutant);
    List<Long> counts = searches.stream().map(Search::count).sorted().toList();
    long median = counts.get((counts.size() - 1) / 2);
    return ROW.formatted(
        mutant,
        median == NEVER ? "-" : median,
        String.join(", ", searches.stream().map(Search::toString).toList()));
  }
}
