package io.kapsel.json;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.OptionalLong;

/** Times as Kapsel writes them: RFC 3339, UTC, milliseconds. */
public final class Rfc3339 {
  private static final int TEXT_CHARS_MAX = 40;

  private Rfc3339() {}

  /** Such as {@code 2026-11-23T21:08:00.042Z}. */
  public static String format(long epochMillis) {
    long second = Math.floorDiv(epochMillis, 1_000L);
    var time = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
    var text = new StringBuilder(24);
    digits(text, time.getYear(), 4).append('-');
    digits(text, time.getMonthValue(), 2).append('-');
    digits(text, time.getDayOfMonth(), 2).append('T');
    digits(text, time.getHour(), 2).append(':');
    digits(text, time.getMinute(), 2).append(':');
    digits(text, time.getSecond(), 2).append('.');
    return digits(text, (int) Math.floorMod(epochMillis, 1_000L), 3).append('Z').toString();
  }

  private static StringBuilder digits(StringBuilder text, int number, int width) {
    for (int power = width == 4 ? 1_000 : width == 3 ? 100 : 10; power > 0; power /= 10) {
      text.append((char) ('0' + number / power % 10));
    }
    return text;
  }

  /** Milliseconds since the epoch of a time with any offset; empty when the text is none. */
  public static OptionalLong parse(String text) {
    if (text.length() > TEXT_CHARS_MAX) return OptionalLong.empty();
    try {
      return OptionalLong.of(OffsetDateTime.parse(text).toInstant().toEpochMilli());
    } catch (DateTimeException | ArithmeticException notATime) {
      return OptionalLong.empty();
    }
  }
}
