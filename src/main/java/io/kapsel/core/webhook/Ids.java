package io.kapsel.core.webhook;

import java.util.HexFormat;
import java.util.random.RandomGenerator;

/** The shared text and bit layout of the 128-bit identifiers (RFC 9562 UUIDv7 behind a prefix). */
final class Ids {
  private static final HexFormat HEX = HexFormat.of();
  private static final int HEX_DIGITS = 32;

  private Ids() {}

  static long high(long epochMillis, RandomGenerator random) {
    return (epochMillis << 16) | 0x7000L | (random.nextLong() & 0x0fffL);
  }

  static long low(RandomGenerator random) {
    return (random.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
  }

  static String text(String prefix, long high, long low) {
    return prefix + HEX.toHexDigits(high) + HEX.toHexDigits(low);
  }

  static boolean isWellFormed(String prefix, String text) {
    if (text.length() != prefix.length() + HEX_DIGITS || !text.startsWith(prefix)) return false;
    for (int i = prefix.length(); i < text.length(); i++) {
      char c = text.charAt(i);
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
    return true;
  }

  static long high(String prefix, String text) {
    return HexFormat.fromHexDigitsToLong(text, prefix.length(), prefix.length() + 16);
  }

  static long low(String prefix, String text) {
    return HexFormat.fromHexDigitsToLong(text, prefix.length() + 16, prefix.length() + 32);
  }
}
