package io.kapsel.core.webhook;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * HTTP-date (RFC 9110 §5.6.7). Reads the three forms that a recipient must accept, each exactly as
 * the grammar has it, and writes the first: {@code Sun, 06 Nov 1994 08:49:37 GMT}, {@code Sunday,
 * 06-Nov-94 08:49:37 GMT}, {@code Sun Nov 6 08:49:37 1994}.
 */
public final class HttpDate {
  private static final List<String> DAYS =
      List.of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday");
  private static final List<String> MONTHS =
      List.of("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec");
  private static final int IMF_LENGTH = 29;
  private static final int ASCTIME_LENGTH = 24;
  private static final int YEAR_MIN = 1900;
  private static final int YEARS_AHEAD_MAX = 50;

  private HttpDate() {}

  /**
   * Seconds since the epoch, empty when the text is none of the three forms.
   *
   * @param nowMillis decides the century of a two-digit year: a date more than fifty years ahead
   *     means the past
   */
  public static OptionalLong parseEpochSeconds(String text, long nowMillis) {
    int comma = text.indexOf(',');
    if (comma < 0) return asctime(text);
    return comma == 3 ? imfFixdate(text) : rfc850(text, comma, nowMillis);
  }

  /** The IMF-fixdate form; years 0 to 9999. */
  public static String format(long epochSeconds) {
    LocalDateTime time =
        LocalDateTime.ofInstant(Instant.ofEpochSecond(epochSeconds), ZoneOffset.UTC);
    StringBuilder out = new StringBuilder(IMF_LENGTH);
    out.append(DAYS.get(time.getDayOfWeek().getValue() - 1), 0, 3).append(", ");
    padded(out, time.getDayOfMonth(), 2).append(' ');
    out.append(MONTHS.get(time.getMonthValue() - 1)).append(' ');
    padded(out, time.getYear(), 4).append(' ');
    padded(out, time.getHour(), 2).append(':');
    padded(out, time.getMinute(), 2).append(':');
    padded(out, time.getSecond(), 2).append(" GMT");
    return out.toString();
  }

  private static OptionalLong imfFixdate(String text) {
    if (text.length() != IMF_LENGTH
        || text.charAt(4) != ' '
        || text.charAt(7) != ' '
        || text.charAt(11) != ' '
        || text.charAt(16) != ' '
        || !text.endsWith(" GMT")) {
      return OptionalLong.empty();
    }
    int day = number(text, 5, 2);
    int month = MONTHS.indexOf(text.substring(8, 11)) + 1;
    return epochSeconds(text.substring(0, 3), dateTime(number(text, 12, 4), month, day, text, 17));
  }

  private static OptionalLong rfc850(String text, int comma, long nowMillis) {
    int start = comma + 2;
    if (text.length() != start + 22
        || text.charAt(comma + 1) != ' '
        || text.charAt(start + 2) != '-'
        || text.charAt(start + 6) != '-'
        || text.charAt(start + 9) != ' '
        || !text.endsWith(" GMT")) {
      return OptionalLong.empty();
    }
    String weekday = text.substring(0, comma);
    int shortYear = number(text, start + 7, 2);
    if (!DAYS.contains(weekday) || shortYear < 0) return OptionalLong.empty();
    int day = number(text, start, 2);
    int month = MONTHS.indexOf(text.substring(start + 3, start + 6)) + 1;
    LocalDateTime latest =
        LocalDateTime.ofInstant(Instant.ofEpochMilli(nowMillis), ZoneOffset.UTC)
            .plusYears(YEARS_AHEAD_MAX);
    int year = latest.getYear() - latest.getYear() % 100 + shortYear;
    if (year > latest.getYear()) year -= 100;
    LocalDateTime time = dateTime(year, month, day, text, start + 10);
    if (time == null || time.isAfter(latest)) {
      // The day decides in the last year that is near enough, and whether it exists in any.
      time = dateTime(year - 100, month, day, text, start + 10);
    }
    return epochSeconds(weekday.substring(0, 3), time);
  }

  private static OptionalLong asctime(String text) {
    if (text.length() != ASCTIME_LENGTH
        || text.charAt(3) != ' '
        || text.charAt(7) != ' '
        || text.charAt(10) != ' '
        || text.charAt(19) != ' ') {
      return OptionalLong.empty();
    }
    int month = MONTHS.indexOf(text.substring(4, 7)) + 1;
    int day = text.charAt(8) == ' ' ? number(text, 9, 1) : number(text, 8, 2);
    return epochSeconds(text.substring(0, 3), dateTime(number(text, 20, 4), month, day, text, 11));
  }

  /**
   * Null when there is no such moment; {@code HH:MM:SS} stands at timeStart. A leap second is read
   * as the second before it.
   */
  private static @Nullable LocalDateTime dateTime(
      int year, int month, int day, String text, int timeStart) {
    int hour = number(text, timeStart, 2);
    int minute = number(text, timeStart + 3, 2);
    int second = number(text, timeStart + 6, 2);
    if (text.charAt(timeStart + 2) != ':'
        || text.charAt(timeStart + 5) != ':'
        || year < YEAR_MIN
        || month < 1) {
      return null;
    }
    if (hour == 23 && minute == 59 && second == 60) second = 59;
    try {
      return LocalDateTime.of(year, month, day, hour, minute, second);
    } catch (DateTimeException noSuchMoment) {
      return null;
    }
  }

  /** Empty when there is no time, or when its day of the week is not the stated one. */
  private static OptionalLong epochSeconds(String weekday, @Nullable LocalDateTime time) {
    return time != null
            && DAYS.get(time.getDayOfWeek().getValue() - 1).substring(0, 3).equals(weekday)
        ? OptionalLong.of(time.toEpochSecond(ZoneOffset.UTC))
        : OptionalLong.empty();
  }

  /** ASCII digits only; -1 for anything else. */
  private static int number(String text, int start, int digits) {
    int value = 0;
    for (int i = start; i < start + digits; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  private static StringBuilder padded(StringBuilder out, int value, int digits) {
    String text = Integer.toString(value);
    for (int i = text.length(); i < digits; i++) out.append('0');
    return out.append(text);
  }
}
