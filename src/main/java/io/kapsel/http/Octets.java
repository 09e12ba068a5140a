package io.kapsel.http;

import java.nio.charset.StandardCharsets;

/** The character classes of RFC 9110 §5.6 and RFC 9112, over bytes. */
final class Octets {
  private static final boolean[] TOKEN = new boolean[256];
  private static final boolean[] FIELD_VALUE = new boolean[256];
  private static final boolean[] TARGET = new boolean[256];

  static {
    String punctuation = "!#$%&'*+-.^_`|~";
    for (int i = 0; i < 256; i++) {
      TOKEN[i] = isAlphanumeric(i) || punctuation.indexOf(i) >= 0;
      FIELD_VALUE[i] = i == '\t' || (i >= 0x20 && i != 0x7f);
      TARGET[i] = i > 0x20 && i < 0x7f && i != '#';
    }
  }

  private Octets() {}

  static boolean isAlphanumeric(int c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  }

  static boolean isToken(byte[] bytes, int from, int to) {
    return from < to && all(TOKEN, bytes, from, to);
  }

  static boolean isTokenCharacter(char c) {
    return c < 256 && TOKEN[c];
  }

  static boolean isFieldValue(byte[] bytes, int from, int to) {
    return all(FIELD_VALUE, bytes, from, to);
  }

  static boolean isTarget(byte[] bytes, int from, int to) {
    return from < to && all(TARGET, bytes, from, to);
  }

  private static boolean all(boolean[] allowed, byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) if (!allowed[bytes[i] & 0xff]) return false;
    return true;
  }

  /** The value of a hexadecimal digit, -1 for anything else. */
  static int hexValue(byte b) {
    if (b >= '0' && b <= '9') return b - '0';
    if (b >= 'a' && b <= 'f') return b - 'a' + 10;
    if (b >= 'A' && b <= 'F') return b - 'A' + 10;
    return -1;
  }

  static boolean isDigits(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') return false;
    }
    return !text.isEmpty();
  }

  static String text(byte[] bytes, int from, int to) {
    return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
  }
}
