package io.kapsel.core.webhook;

import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Base64 (RFC 4648 §4) in its one canonical form. The decoder of the JDK also takes missing padding
 * and stray trailing bits, so that several texts would stand for the same bytes.
 */
final class CanonicalBase64 {
  private CanonicalBase64() {}

  static String encode(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  static byte @Nullable [] decode(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) > 0x7e) return null;
    }
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException notBase64) {
      return null;
    }
    return encode(bytes).equals(text) ? bytes : null;
  }
}
