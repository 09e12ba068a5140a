package io.kapsel.config;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers with a unit. A unit is never guessed, except that a bare size is in bytes. */
public final class Quantity {
  private static final Pattern WRITTEN = Pattern.compile("([0-9]{1,18}) *([A-Za-z]*)");

  private static final Map<String, Long> NANOS =
      Map.of(
          "us", 1_000L,
          "ms", 1_000_000L,
          "s", 1_000_000_000L,
          "m", 60_000_000_000L,
          "h", 3_600_000_000_000L,
          "d", 86_400_000_000_000L);

  private static final Map<String, Long> BYTES =
      Map.of(
          "", 1L,
          "B", 1L,
          "KiB", 1L << 10,
          "MiB", 1L << 20,
          "GiB", 1L << 30,
          "TiB", 1L << 40,
          "kB", 1_000L,
          "MB", 1_000_000L,
          "GB", 1_000_000_000L);

  private Quantity() {}

  /**
   * In units of so many nanoseconds; empty when it is not a duration or not a whole number of them.
   */
  public static Optional<Long> duration(String text, long unitNanos) {
    return scaled(text, NANOS)
        .filter(nanos -> nanos % unitNanos == 0)
        .map(nanos -> nanos / unitNanos);
  }

  public static Optional<Long> bytes(String text) {
    return scaled(text, BYTES);
  }

  private static Optional<Long> scaled(String text, Map<String, Long> units) {
    Matcher matcher = WRITTEN.matcher(text.strip());
    if (!matcher.matches()) return Optional.empty();
    Long unit = units.get(matcher.group(2));
    if (unit == null) return Optional.empty();
    try {
      return Optional.of(Math.multiplyExact(Long.parseLong(matcher.group(1)), unit));
    } catch (ArithmeticException overflow) {
      return Optional.empty();
    }
  }
}
