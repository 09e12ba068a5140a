package io.kapsel.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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
   */
  record Figure(String name, double value, String unit, Target target) {
    boolean isMissed() {
      return !target.isMetBy(value);
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
