package io.kapsel.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What one scenario has found.
 *
 * @param settings of the load and of the service, as text
 */
record Result(
    String scenario,
    String description,
    Map<String, String> settings,
    List<Figure> figures,
    List<Check> checks,
    List<Chart> charts) {

  /**
   * One number.
   *
   * @param target what it should be, empty when nothing was promised
   * @param runs its value in each run, in ascending order
   */
  record Figure(String name, double value, String unit, Target target, List<Double> runs) {
    Figure(String name, double value, String unit, Target target) {
      this(name, value, unit, target, List.of(value));
    }

    boolean isMissed() {
      return !target.isMetBy(value);
    }

    /** The lowest and the highest of several runs, empty after one. */
    String spread() {
      return runs.size() < 2
          ? ""
          : TextReport.number(runs.getFirst()) + " to " + TextReport.number(runs.getLast());
    }

    private static Figure medianOf(List<Figure> figures) {
      Figure first = figures.getFirst();
      List<Double> sorted = figures.stream().map(Figure::value).sorted().toList();
      return new Figure(
          first.name, sorted.get(sorted.size() / 2), first.unit, first.target, sorted);
    }
  }

  /** A bound that a figure should keep. */
  sealed interface Target {
    boolean isMetBy(double value);

    record None() implements Target {
      @Override
      public boolean isMetBy(double value) {
        return true;
      }

      @Override
      public String toString() {
        return "";
      }
    }

    record AtLeast(double bound) implements Target {
      @Override
      public boolean isMetBy(double value) {
        return value >= bound;
      }

      @Override
      public String toString() {
        return "≥ " + TextReport.number(bound);
      }
    }

    record AtMost(double bound) implements Target {
      @Override
      public boolean isMetBy(double value) {
        return value <= bound;
      }

      @Override
      public String toString() {
        return "≤ " + TextReport.number(bound);
      }
    }
  }

  /** Something that has to be true whatever the speed: a webhook is not lost. */
  record Check(String what, boolean holds, String detail) {}

  /** Values second by second. */
  record Chart(String title, String unit, List<Line> lines) {}

  record Line(String label, List<Double> values) {}

  boolean isCorrect() {
    return checks.stream().allMatch(Check::holds);
  }

  /**
   * The median of each figure over several runs of a scenario; every check of every run that does
   * not hold; the charts of the last run.
   */
  static Result medianOf(List<Result> runs) {
    Result last = runs.getLast();
    if (runs.size() == 1) return last;
    List<Figure> figures = new ArrayList<>();
    for (Figure figure : last.figures)
      figures.add(Figure.medianOf(runs.stream().flatMap(run -> run.named(figure.name)).toList()));
    List<Check> checks = new ArrayList<>();
    for (Result run : runs) for (Check check : run.checks) if (!check.holds) checks.add(check);
    for (Check check : last.checks) if (check.holds) checks.add(check);
    Map<String, String> settings = new LinkedHashMap<>(last.settings);
    settings.put("runs", runs.size() + ", medians");
    return new Result(last.scenario, last.description, settings, figures, checks, last.charts);
  }

  private Stream<Figure> named(String name) {
    return figures.stream().filter(figure -> figure.name.equals(name));
  }

  /** Gathers a result. */
  static final class Draft {
    private final List<Figure> figures = new ArrayList<>();
    private final List<Check> checks = new ArrayList<>();
    private final List<Chart> charts = new ArrayList<>();

    void figure(String name, double value, String unit) {
      figures.add(new Figure(name, value, unit, new Target.None()));
    }

    void figure(String name, long value, String unit) {
      figure(name, (double) value, unit);
    }

    void atLeast(String name, double value, String unit, double bound) {
      figures.add(new Figure(name, value, unit, new Target.AtLeast(bound)));
    }

    void atMost(String name, double value, String unit, double bound) {
      figures.add(new Figure(name, value, unit, new Target.AtMost(bound)));
    }

    void atMost(String name, long value, String unit, double bound) {
      atMost(name, (double) value, unit, bound);
    }

    void check(String what, boolean holds, String detail) {
      checks.add(new Check(what, holds, detail));
    }

    void chart(String title, String unit, Line... lines) {
      charts.add(new Chart(title, unit, List.of(lines)));
    }

    /** Throughput and latencies of a load. */
    void charts(String of, List<Latencies.Second> seconds) {
      chart(
          of + ": answers per second",
          "1/s",
          new Line("answers", seconds.stream().map(second -> (double) second.answers()).toList()));
      chart(
          of + ": latency",
          "ms",
          new Line("p50", seconds.stream().map(Latencies.Second::p50Millis).toList()),
          new Line("p99", seconds.stream().map(Latencies.Second::p99Millis).toList()),
          new Line("max", seconds.stream().map(Latencies.Second::maxMillis).toList()));
    }

    Result result(Scenario scenario, Map<String, String> settings) {
      return new Result(
          scenario.title(),
          scenario.description(),
          settings,
          List.copyOf(figures),
          List.copyOf(checks),
          List.copyOf(charts));
    }
  }
}
