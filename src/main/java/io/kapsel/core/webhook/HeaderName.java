package io.kapsel.core.webhook;

/** The syntax of header names (RFC 9110 §5.6.2, token). */
public final class HeaderName {
  private static final int CHARACTERS_MAX = 256;

  private HeaderName() {}

  public static boolean isValid(String name) {
    if (name.isEmpty() || name.length() > CHARACTERS_MAX) return false;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean letterOrDigit =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!letterOrDigit && "!#$%&'*+-.^_`|~".indexOf(c) < 0) return false;
    }
    return true;
  }
}
