package io.kapsel.core.webhook;

/** Timestamps that are part of a signature. */
final class SignedTime {
  /** What {@link #parse} answers to anything that is not a plain number. */
  static final long MALFORMED = -1;

  private static final int DIGITS_MAX = 19;

  private SignedTime() {}

  /**
   * Reads ASCII digits without sign, blanks or leading zeros. {@link Long#parseLong} would also
   * take {@code +1} and the digits of other scripts.
   */
  static long parse(String text) {
    int length = text.length();
    if (length == 0 || length > DIGITS_MAX || (length > 1 && text.charAt(0) == '0'))
      return MALFORMED;
    long value = 0;
    for (int i = 0; i < length; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) return MALFORMED;
      value = value * 10 + digit;
    }
    // Nineteen digits reach at most 9.99e18, so an overflow of 9.22e18 shows as a negative number.
    return value < 0 ? MALFORMED : value;
  }

  /**
   * Whether a time in seconds is at most the tolerance away from now, before or after, inclusive.
   */
  static boolean isFreshSeconds(long nowMillis, long seconds, int toleranceSeconds) {
    return isWithin(Math.floorDiv(nowMillis, 1000L), seconds, toleranceSeconds);
  }

  /** Whether a time in milliseconds is at most the tolerance away from now, inclusive. */
  static boolean isFreshMillis(long nowMillis, long millis, int toleranceSeconds) {
    return isWithin(nowMillis, millis, toleranceSeconds * 1000L);
  }

  /** Times so far apart that their distance overflows are not near each other. */
  private static boolean isWithin(long now, long then, long tolerance) {
    long distance = Math.abs(now - then);
    return distance >= 0 && distance <= tolerance;
  }
}
