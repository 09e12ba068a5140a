package io.kapsel.core.webhook;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the header lines of a request without building an index: there are at most a hundred.
 */
final class HeaderLines {
  private HeaderLines() {}

  /** The value of the first line of that name. */
  static @Nullable String first(List<Header> headers, String name) {
    for (Header header : headers) {
      if (header.isNamed(name)) return header.value();
    }
    return null;
  }

  /** The value of the first line of that name, or the empty string. */
  static String firstOrEmpty(List<Header> headers, String name) {
    String value = first(headers, name);
    return value == null ? "" : value;
  }

  static int count(List<Header> headers, String name) {
    int lines = 0;
    for (Header header : headers) {
      if (header.isNamed(name)) lines++;
    }
    return lines;
  }

  /** Whether a content coding stands between the octets and their meaning (RFC 9110 §8.4). */
  static boolean isEncoded(List<Header> headers) {
    for (Header header : headers) {
      if (!header.isNamed("Content-Encoding")) continue;
      for (String coding : header.value().split(",", -1)) {
        String name = withoutBlanks(coding);
        if (!name.isEmpty() && !name.equalsIgnoreCase("identity")) return true;
      }
    }
    return false;
  }

  /** Optional whitespace around a field value is not part of it (RFC 9110 §5.5). */
  static String withoutBlanks(String value) {
    int start = 0;
    int end = value.length();
    while (start < end && isBlank(value.charAt(start))) start++;
    while (end > start && isBlank(value.charAt(end - 1))) end--;
    return value.substring(start, end);
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }

  /**
   * Refuses a header that decides about authenticity when it is there twice (RFC 9110 §5.3: neither
   * the first nor the last wins) or when it is absent or empty.
   */
  static Optional<Rejection> requireSingle(List<Header> headers, String... names) {
    boolean missing = false;
    for (String name : names) {
      int lines = count(headers, name);
      if (lines > 1) return Optional.of(Rejection.of(ErrorCode.SIGNATURE_MALFORMED));
      missing |= lines == 0 || firstOrEmpty(headers, name).isEmpty();
    }
    return missing ? Optional.of(Rejection.of(ErrorCode.SIGNATURE_MISSING)) : Optional.empty();
  }
}
