package io.kapsel.core.webhook;

import io.kapsel.core.webhook.SignatureSettings.Algorithm;
import io.kapsel.core.webhook.SignatureSettings.Encoding;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Message authentication codes (RFC 2104) and their comparison. */
final class Hmac {
  private static final HexFormat HEX = HexFormat.of();

  private Hmac() {}

  /** The code over the concatenation of the parts; the key is not empty. */
  static byte[] of(Algorithm algorithm, byte[] key, List<byte[]> parts) {
    String name = javaName(algorithm);
    try {
      Mac mac = Mac.getInstance(name);
      mac.init(new SecretKeySpec(key, name));
      for (byte[] part : parts) mac.update(part);
      return mac.doFinal();
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("every JDK has " + name, impossible);
    }
  }

  /**
   * Whether any of the keys yields any of the candidates. All keys and all candidates are tried,
   * whatever matched before, and equal lengths are compared in constant time. What is compared is
   * the text: no decoder stands between the sender and the comparison.
   */
  static boolean anyMatches(
      Algorithm algorithm,
      List<byte[]> keys,
      List<byte[]> parts,
      Encoding encoding,
      List<String> candidates) {
    boolean matches = false;
    for (byte[] key : keys) {
      byte[] expected = ascii(text(encoding, of(algorithm, key, parts)));
      for (String candidate : candidates) {
        matches |= constantTimeEquals(expected, ascii(candidate));
      }
    }
    return matches;
  }

  static boolean constantTimeEquals(byte[] expected, byte[] actual) {
    return expected.length == actual.length && MessageDigest.isEqual(expected, actual);
  }

  private static String text(Encoding encoding, byte[] code) {
    return switch (encoding) {
      case HEX -> HEX.formatHex(code);
      case BASE64 -> CanonicalBase64.encode(code);
    };
  }

  // Characters beyond ISO-8859-1 become '?', which no encoding uses.
  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String javaName(Algorithm algorithm) {
    return switch (algorithm) {
      case SHA1 -> "HmacSHA1";
      case SHA256 -> "HmacSHA256";
      case SHA512 -> "HmacSHA512";
      case ED25519 -> throw new IllegalArgumentException("Ed25519 is not a MAC");
    };
  }
}
