package io.kapsel.simulation.cli;

import io.kapsel.simulation.report.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The sums of a campaign. */
final class Tally {
  private static final int SEEDS_SHOWN_MAX = 8;

  private long runs;
  private long steps;
  private long virtualNanos;
  private long cpuNanos;
  private long faults;
  private int repeatedHere;
  private int repeatedElsewhere;
  private final TreeSet<Long> unrepeatable = new TreeSet<>();
  private final SortedMap<String, TreeSet<Long>> broken = new TreeMap<>();
  private final SortedMap<String, Long> sometimes = new TreeMap<>();
  private int exit = Exit.CLEAN;

  void add(Summary summary) {
    runs++;
    steps += summary.steps();
    virtualNanos += summary.virtualNanos();
    cpuNanos += summary.cpuNanos();
    faults += summary.faults();
    summary.sometimes().forEach((situation, count) -> sometimes.merge(situation, count, Long::sum));
    for (Summary.Broken each : summary.broken())
      broken.computeIfAbsent(each.invariant(), key -> new TreeSet<>()).add(summary.seed());
    exit = Exit.worse(exit, summary.exit());
  }

  void repeated(long seed, boolean elsewhere, boolean equal) {
    if (elsewhere) repeatedElsewhere++;
    else repeatedHere++;
    if (equal) return;
    unrepeatable.add(seed);
    exit = Exit.worse(exit, Exit.NON_DETERMINISM);
  }

  int exit() {
    return exit;
  }

  long runs() {
    return runs;
  }

  /** Seeds with something broken. */
  long failed() {
    TreeSet<Long> seeds = new TreeSet<>(unrepeatable);
    broken.values().forEach(seeds::addAll);
    return seeds.size();
  }

  SortedSet<Long> unrepeatable() {
    return unrepeatable;
  }

  SortedMap<String, Long> sometimes() {
    return sometimes;
  }

  List<String> never() {
    return sometimes.entrySet().stream()
        .filter(situation -> situation.getValue() == 0)
        .map(Map.Entry::getKey)
        .toList();
  }

  /** For the progress: a few words that grow. */
  String brief(double seconds) {
    String bad = failed() == 0 ? "" : ", " + failed() + " FAILED";
    return String.format(
        Locale.ROOT,
        "%s virtual, %,d faults, %.1f seeds/s%s",
        Clock.span(virtualNanos),
        faults,
        runs / Math.max(seconds, 0.001),
        bad);
  }

  List<String> lines(double seconds, int jvms) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%,d seed%s in %s, %s: %.1f a second",
            runs,
            runs == 1 ? "" : "s",
            Clock.span((long) (seconds * 1e9)),
            jvms == 1 ? "one JVM" : jvms + " JVMs",
            runs / Math.max(seconds, 0.001)));
    lines.add(
        String.format(
            Locale.ROOT,
            "  %s of virtual time, %,d steps, %,d faults",
            Clock.span(virtualNanos),
            steps,
            faults));
    double cpu = Math.max(cpuNanos, 1) / 1e9;
    lines.add(
        String.format(
            Locale.ROOT,
            "  for each second of a processor: %,.0f virtual seconds, %,.0f steps",
            virtualNanos / 1e9 / cpu,
            steps / cpu));
    lines.add("  determinism: " + determinism());
    if (!sometimes.isEmpty()) lines.add("  rare situations: " + coverage());
    lines.add(verdict());
    return lines;
  }

  private String determinism() {
    int repeated = repeatedHere + repeatedElsewhere;
    if (repeated == 0) return "no seed was played again";
    String again =
        "%d %s played again, %d of them in another JVM"
            .formatted(repeated, repeated == 1 ? "seed was" : "seeds were", repeatedElsewhere);
    return unrepeatable.isEmpty()
        ? again + ": all identical"
        : again + ": " + unrepeatable.size() + " DIFFER";
  }

  private String coverage() {
    List<String> never = never();
    String met = "%d of %d met".formatted(sometimes.size() - never.size(), sometimes.size());
    if (never.isEmpty()) return met;
    List<String> shown = never.subList(0, Math.min(3, never.size()));
    String more = never.size() > shown.size() ? ", …" : "";
    return met + "; not yet: " + String.join(", ", shown) + more;
  }

  private String verdict() {
    if (runs == 0 && exit == Exit.CLEAN) return "nothing was played to its end";
    if (exit == Exit.CLEAN) return "CLEAN";
    List<String> parts = new ArrayList<>();
    broken.forEach((invariant, seeds) -> parts.add(invariant + " by " + seeds(seeds)));
    if (!unrepeatable.isEmpty()) parts.add("not repeatable: " + seeds(unrepeatable));
    return "FAILED: " + String.join("; ", parts);
  }

  private static String seeds(SortedSet<Long> seeds) {
    String some =
        String.join(", ", seeds.stream().limit(SEEDS_SHOWN_MAX).map(String::valueOf).toList());
    return (seeds.size() == 1 ? "seed " : "seeds ")
        + some
        + (seeds.size() > SEEDS_SHOWN_MAX
            ? " and %d more".formatted(seeds.size() - SEEDS_SHOWN_MAX)
            : "");
  }

  /** The whole list of rare situations, the rarest first. */
  List<String> coverageLines() {
    return sometimes.entrySet().stream()
        .sorted(
            Map.Entry.<String, Long>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
        .map(
            each ->
                each.getValue() == 0
                    ? "       never  " + each.getKey()
                    : String.format(Locale.ROOT, "%,12d  %s", each.getValue(), each.getKey()))
        .toList();
  }
}
