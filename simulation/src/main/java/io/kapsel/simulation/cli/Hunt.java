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

/** Looks for planted bugs: each JVM follows one search, seed after seed, until the bug is found. */
final class Hunt implements Crew.Work {
  /** So far are the searches for one bug apart. */
  private static final long APART = 10_000;

  private static final class Search {
    final String mutant;
    final long firstSeed;
    long tried;
    String invariant = "";

    Search(String mutant, long firstSeed) {
      this.mutant = mutant;
      this.firstSeed = firstSeed;
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
    if (search == null || !search.invariant.isEmpty() || search.tried >= within) {
      search = waiting.poll();
      if (search == null) return Optional.empty();
      current.put(member, search);
    }
    Scenario scenario = options.scenario(search.firstSeed + search.tried, "");
    return Optional.of(new Crew.Job(Worker.Order.PLAY, scenario.withMutant(search.mutant)));
  }

  @Override
  public synchronized void done(int member, Crew.Job job, Summary summary) {
    Search search = current.get(member);
    if (search == null) return;
    search.tried++;
    if (!summary.isClean()) search.invariant = summary.broken().getFirst().invariant();
    if (search.invariant.isEmpty() && search.tried < within) return;
    err.println(
        search.mutant
            + (search.invariant.isEmpty()
                ? ": not found within " + within + " seeds"
                : ": %s, seed %d".formatted(search.invariant, summary.seed())));
    err.flush();
  }

  boolean isFound(String mutant) {
    return all.stream()
        .filter(search -> search.mutant.equals(mutant))
        .noneMatch(search -> search.invariant.isEmpty());
  }

  /** One row of the table. */
  String line(String mutant) {
    List<Search> own = all.stream().filter(search -> search.mutant.equals(mutant)).toList();
    List<Long> counts =
        own.stream()
            .map(search -> search.invariant.isEmpty() ? Long.MAX_VALUE : search.tried)
            .sorted()
            .toList();
    long median = counts.get((counts.size() - 1) / 2);
    List<String> each =
        own.stream()
            .map(
                search ->
                    search.invariant.isEmpty()
                        ? "NOT FOUND within " + within
                        : search.invariant + " " + search.tried)
            .toList();
    return "%-30s %8s  %s"
        .formatted(mutant, median == Long.MAX_VALUE ? "-" : median, String.join(", ", each));
  }
}
