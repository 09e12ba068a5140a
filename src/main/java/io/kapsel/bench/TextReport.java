package io.kapsel.bench;

import java.io.PrintWriter;
import java.util.Locale;

/** The results as a table for the terminal. */
final class TextReport {
  private TextReport() {}

  static void print(PrintWriter out, Machine machine, Result result) {
    out.println();
    out.println(result.scenario() + ": " + result.description());
    out.printf(
        "  %s, %d cores, %,d MiB, %s, %s%n",
        machine.processor(), machine.cores(), machine.memoryMib(), machine.system(), machine.jdk());
    out.printf("  kapsel %s (%s)%n", machine.kapsel(), machine.commit());
    result.settings().forEach((name, value) -> out.println("  " + name + " = " + value));
    for (Result.Figure figure : result.figures())
      out.printf(
          "  %-46s %12s %-6s %-12s %-7s %s%n",
          figure.name(),
          number(figure.value()),
          figure.unit(),
          figure.target(),
          verdict(figure),
          figure.spread());
    for (Result.Check check : result.checks())
      out.println("  " + (check.holds() ? "ok    " : "WRONG ") + check.what() + check(check));
    out.flush();
  }

  private static String verdict(Result.Figure figure) {
    if (figure.target() instanceof Result.Target.None) return "";
    return figure.isMissed() ? "missed" : "met";
  }

  private static String check(Result.Check check) {
    return check.detail().isEmpty() ? "" : ": " + check.detail();
  }

  /** With three significant digits or more. */
  static String number(double value) {
    double size = Math.abs(value);
    String format = size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }
}
