package io.kapsel.http;

import java.util.Locale;
import java.util.regex.Pattern;

/** Media types (RFC 9110 §8.3.1). */
public final class MediaType {
  private static final Pattern WEIGHT_ZERO = Pattern.compile("(?i).*;q=0(\\.0*)?(;.*)?");

  private MediaType() {}

  /** Whether the text is {@code type/subtype} with well-formed parameters. */
  public static boolean isValid(String text) {
    int slash = token(text, 0);
    if (slash <= 0 || slash >= text.length() || text.charAt(slash) != '/') return false;
    int at = token(text, slash + 1);
    if (at == slash + 1) return false;
    while (at < text.length()) {
      at = blanks(text, at);
      if (at == text.length()) return false;
      if (text.charAt(at) != ';') return false;
      at = blanks(text, at + 1);
      if (at == text.length() || text.charAt(at) == ';') continue;
      at = parameter(text, at);
      if (at < 0) return false;
    }
    return true;
  }

  /** {@code type/subtype} in lower case without the parameters. */
  public static String essence(String text) {
    int semicolon = text.indexOf(';');
    return (semicolon < 0 ? text : text.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
  }

  /**
   * Whether an Accept header lets a type through: of the ranges that cover it the most precise one
   * decides (RFC 9110 §12.5.1). An absent header lets everything through.
   */
  public static boolean isAccepted(String accept, String type) {
    if (accept.isBlank()) return true;
    int best = 0;
    boolean accepted = false;
    for (String range : accept.split(",", -1)) {
      int precision = precision(essence(range), type);
      if (precision == 0 || precision < best) continue;
      boolean wanted = !WEIGHT_ZERO.matcher(range.replace(" ", "")).matches();
      accepted = wanted || (precision == best && accepted);
      best = precision;
    }
    return accepted;
  }

  /** 0 when the range does not cover the type. */
  private static int precision(String range, String type) {
    if (range.equals(type)) return 3;
    if (range.equals(type.substring(0, type.indexOf('/') + 1) + "*")) return 2;
    return range.equals("*/*") ? 1 : 0;
  }

  private static int parameter(String text, int from) {
    int equals = token(text, from);
    if (equals == from || equals == text.length() || text.charAt(equals) != '=') return -1;
    int start = equals + 1;
    if (start < text.length() && text.charAt(start) == '"') return quoted(text, start + 1);
    int end = token(text, start);
    return end == start ? -1 : end;
  }

  private static int quoted(String text, int from) {
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"') return i + 1;
      if (c == '\\') i++;
    }
    return -1;
  }

  private static int token(String text, int from) {
    int i = from;
    while (i < text.length() && Octets.isTokenCharacter(text.charAt(i))) i++;
    return i;
  }

  private static int blanks(String text, int from) {
    int i = from;
    while (i < text.length() && (text.charAt(i) == ' ' || text.charAt(i) == '\t')) i++;
    return i;
  }
}
