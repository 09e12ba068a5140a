package io.kapsel.simulation.report;

import java.util.Locale;

/** Virtual time and durations, for readers. */
public final class Clock {
  private static final long SECOND = 1_000_000_000L;
  private static final long MINUTE = 60 * SECOND;
  private static final long HOUR = 60 * MINUTE;

  private Clock() {}

  /** A point in time, to the microsecond: {@code 37.308777 s}, {@code 2 m 04.100000 s}. */
  public static String at(long nanos) {
    String minutes = nanos < MINUTE ? "" : nanos / MINUTE + " m ";
    String seconds = String.format(Locale.ROOT, "%.6f s", nanos % MINUTE / 1e9);
    return minutes + (minutes.isEmpty() || nanos % MINUTE >= 10 * SECOND ? "" : "0") + seconds;
  }

  /** Short, three digits that matter: {@code 12 µs}, {@code 3.4 ms}, {@code 2 m 04 s}. */
  public static String span(long nanos) {
    if (nanos < 1_000_000) return nanos / 1_000 + " µs";
    if (nanos < 10_000_000) return decimal(nanos / 1e6, 1) + " ms";
    if (nanos < SECOND) return nanos / 1_000_000 + " ms";
    if (nanos < 10 * SECOND) return decimal(nanos / 1e9, 1) + " s";
    if (nanos < MINUTE) return Math.round(nanos / 1e9) + " s";
    if (nanos < HOUR) return nanos / MINUTE + " m" + rest(nanos % MINUTE / SECOND, " s");
    if (nanos < 1_000 * HOUR) return nanos / HOUR + " h" + rest(nanos % HOUR / MINUTE, " m");
    return String.format(Locale.ROOT, "%,d h", nanos / HOUR);
  }

  private static String decimal(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  private static String rest(long value, String unit) {
    return value == 0 ? "" : (value < 10 ? " 0" : " ") + value + unit;
  }
}
