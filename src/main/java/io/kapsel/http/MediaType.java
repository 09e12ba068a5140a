package io.kapsel.http;

import java.util.Locale;

/** Media types (RFC 9110 §8.3.1). */
public final class MediaType {
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

  /** Whether an Accept header lets a type through; an absent one lets everything through. */
  public static boolean isAccepted(String accept, String type) {
    if (accept.isBlank()) return true;
    String family = type.substring(0, type.indexOf('/') + 1) + "*";
    for (String range : accept.split(",", -1)) {
      String essence = essence(range);
      boolean matches = essence.equals("*/*") || essence.equals(family) || essence.equals(type);
      if (matches && !range.replace(" ", "").matches("(?i).*;q=0(\\.0*)?(;.*)?")) return true;
    }
    return false;
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
