package io.kapsel.core.webhook;

import java.util.List;
import java.util.OptionalLong;

/** The Retry-After header of a response (RFC 9110 §10.2.3). */
public final class RetryAfter {
  /** Longer waits are read as this one, so that adding the result to a time cannot overflow. */
  private static final long SECONDS_MAX = Integer.MAX_VALUE;

  private RetryAfter() {}

  /**
   * How many milliseconds from now the sender asks to wait: 0 for a date in the past, not capped by
   * any policy. Empty when the header is absent, repeated, or neither {@code 1*DIGIT} nor an
   * HTTP-date.
   *
   * @param values the values of all Retry-After lines of the response
   */
  public static OptionalLong millisFromNow(List<String> values, long nowMillis) {
    if (values.size() != 1) return OptionalLong.empty();
    String value = HeaderLines.withoutBlanks(values.get(0));
    if (value.isEmpty()) return OptionalLong.empty();
    char first = value.charAt(0);
    if (first >= '0' && first <= '9') return seconds(value);
    OptionalLong date = HttpDate.parseEpochSeconds(value, nowMillis);
    if (date.isEmpty()) return date;
    long millis = date.getAsLong() * 1000 - nowMillis;
    return OptionalLong.of(Math.clamp(millis, 0, SECONDS_MAX * 1000));
  }

  private static OptionalLong seconds(String value) {
    long seconds = 0;
    for (int i = 0; i < value.length(); i++) {
      int digit = value.charAt(i) - '0';
      if (digit < 0 || digit > 9) return OptionalLong.empty();
      seconds = Math.min(seconds * 10 + digit, SECONDS_MAX);
    }
    return OptionalLong.of(seconds * 1000);
  }
}
