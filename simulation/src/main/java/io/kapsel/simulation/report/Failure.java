package io.kapsel.simulation.report;

import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Violation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A failed run as it is printed: six lines that say everything to act on, then the causal chain
 * with its times and the faults.
 */
public final class Failure {
  private static final int CHAIN_CHARS_MAX = 110;
  private static final int OTHERS_SHOWN_MAX = 5;
  private static final int NOTES_SHOWN = 12;

  private Failure() {}

  /**
   * @param again the scenario as a file, when it is not what the seed says
   * @param picture where the timeline was written, as the reader may type it
   */
  public static List<String> lines(
      Result result, String commit, Optional<String> again, String picture) {
    Violation first = worst(result);
    Words words = new Words(result);
    List<String> lines = new ArrayList<>();
    lines.add(invariant(first));
    lines.add(
        "  seed     %d, profile %s, commit %s%s"
            .formatted(
                result.scenario().seed(),
                result.scenario().profile().name().toLowerCase(Locale.ROOT),
                commit,
                result.scenario().mutant().isEmpty()
                    ? ""
                    : ", mutant " + result.scenario().mutant()));
    lines.add("  what     " + oneLine(first.sentence()));
    lines.add("  because  " + chain(first, result, words));
    lines.add("  again    " + String.join("   or   ", commands(result, again)));
    lines.add("  picture  " + picture);
    details(first, result, words, lines);
    return lines;
  }

  /** How to play it again, and how to make it smaller. */
  public static List<String> commands(Result result, Optional<String> again) {
    if (again.isPresent()) return List.of("./kapsel simulate replay " + again.get());
    String replay = CommandLineFor.seed("replay", result.scenario());
    return result.isClean()
        ? List.of(replay)
        : List.of(replay, CommandLineFor.seed("shrink", result.scenario()));
  }

  /** What to look at first. */
  public static Violation worst(Result result) {
    return result.violations().stream()
        .min(Comparator.comparing(Violation::severity))
        .orElseThrow(() -> new IllegalArgumentException("the run is clean"));
  }

  private static String invariant(Violation violation) {
    String promise = Guarantees.shortly(violation.invariant());
    String kind =
        switch (violation.severity()) {
          case SAFETY, LIVENESS -> " BROKEN";
          case CRASH -> "";
        };
    return violation.invariant() + kind + (promise.isEmpty() ? "" : ": " + promise);
  }

  private static String chain(Violation violation, Result result, Words words) {
    List<String> links = new ArrayList<>();
    for (Observation seen : causes(violation, result)) links.add(words.tell(seen));
    if (links.isEmpty()) return "(no causes are known)";
    String text = String.join(" -> ", links);
    while (text.length() > CHAIN_CHARS_MAX && links.size() > 2) {
      int middle = links.size() / 2;
      if (links.get(middle).equals("…") && links.size() > 3) {
        links.remove(middle - 1);
      } else if (links.size() == 3) {
        links.set(1, "…");
        text = String.join(" -> ", links);
        break;
      } else {
        links.set(middle, "…");
      }
      text = String.join(" -> ", links);
    }
    return oneLine(text);
  }

  private static List<Observation> causes(Violation violation, Result result) {
    return violation.causes().stream()
        .filter(index -> index >= 0 && index < result.observations().size())
        .map(index -> result.observations().get(index))
        .toList();
  }

  private static void details(Violation first, Result result, Words words, List<String> lines) {
    List<Observation> causes = causes(first, result);
    if (!causes.isEmpty()) {
      lines.add("");
      lines.add("  the causal chain");
      for (Observation seen : causes)
        lines.add("  %16s  %s".formatted(Clock.at(seen.atNanos()), oneLine(words.tell(seen))));
    }
    List<Fault> met =
        result.plan().faults().stream()
            .filter(fault -> result.faults().contains(fault.id()))
            .toList();
    lines.add("");
    lines.add(met.isEmpty() ? "  no fault was needed" : "  the faults");
    for (Fault fault : met)
      lines.add(
          "  %16s  %s"
              .formatted(
                  "#" + fault.id(),
                  Words.tell(fault) + duration(fault) + ", " + Words.tell(fault.trigger())));
    others(first, result, lines);
    if (first.severity() == Violation.Severity.CRASH) {
      lines.add("");
      lines.add("  the last lines of the trace");
      List<String> notes = result.notes();
      notes
          .subList(Math.max(0, notes.size() - NOTES_SHOWN), notes.size())
          .forEach(note -> lines.add("  " + note));
    }
  }

  private static void others(Violation first, Result result, List<String> lines) {
    List<Violation> others =
        result.violations().stream().filter(each -> !each.equals(first)).toList();
    if (others.isEmpty()) return;
    lines.add("");
    lines.add("  also broken");
    for (Violation other : others.subList(0, Math.min(OTHERS_SHOWN_MAX, others.size())))
      lines.add("  %16s  %s".formatted(other.invariant(), oneLine(other.sentence())));
    if (others.size() > OTHERS_SHOWN_MAX)
      lines.add("  %16s  %d more".formatted("", others.size() - OTHERS_SHOWN_MAX));
  }

  private static String duration(Fault fault) {
    return fault.forMillis() > 0 ? " for " + Clock.span(fault.forMillis() * 1_000_000) : "";
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s*\\R\\s*", " ").strip();
  }
}
