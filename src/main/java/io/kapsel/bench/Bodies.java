package io.kapsel.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The bodies that the bench sends: some variants of one size, each with its number in it and its
 * signature made in advance, so that sending one costs nothing and receiving one can be checked
 * octet by octet.
 */
final class Bodies {
  static final String SECRET = "bench-secret-of-no-importance";
  static final int BYTES_MIN = 64;

  private static final String START = "{\"variant\":\"";
  private static final int NUMBER_DIGITS = 6;
  private static final long BYTES_IN_ALL_MAX = 64L << 20;
  private static final int VARIANTS_MAX = 256;

  private final byte[][] variants;
  private final byte[][] signatures;
  private final ByteBuffer[] direct;

  Bodies(int bytes, RandomGenerator random) {
    int count = (int) Math.max(2, Math.min(VARIANTS_MAX, BYTES_IN_ALL_MAX / bytes / 2));
    variants = new byte[count][];
    signatures = new byte[count][];
    direct = new ByteBuffer[count];
    for (int i = 0; i < count; i++) {
      variants[i] = body(i, bytes, random);
      signatures[i] = HexFormat.of().formatHex(hmac(variants[i])).getBytes(ISO_8859_1);
      direct[i] = ByteBuffer.allocateDirect(bytes).put(variants[i]).flip();
    }
  }

  private static byte[] body(int number, int bytes, RandomGenerator random) {
    var text = new StringBuilder(bytes);
    text.append(START).append(String.format("%0" + NUMBER_DIGITS + "d", number));
    text.append("\",\"type\":\"invoice.paid\",\"data\":\"");
    while (text.length() < bytes - 2) text.append((char) ('a' + random.nextInt(26)));
    return text.append("\"}").toString().getBytes(ISO_8859_1);
  }

  private static byte[] hmac(byte[] body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET.getBytes(ISO_8859_1), "HmacSHA256"));
      return mac.doFinal(body);
    } catch (NoSuchAlgorithmException | InvalidKeyException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  int count() {
    return variants.length;
  }

  int length(int variant) {
    return variants[variant].length;
  }

  /** 64 hexadecimal digits, as GitHub sends them. */
  byte[] signature(int variant) {
    return signatures[variant];
  }

  /** A view of its own. */
  ByteBuffer direct(int variant) {
    return direct[variant].duplicate();
  }

  /** Which variant these bytes are in every octet; -1 when they are none. */
  int recognise(byte[] bytes, int from, int length) {
    int digits = from + START.length();
    if (length < START.length() + NUMBER_DIGITS) return -1;
    int number = 0;
    for (int i = digits; i < digits + NUMBER_DIGITS; i++) {
      int digit = bytes[i] - '0';
      if (digit < 0 || digit > 9) return -1;
      number = number * 10 + digit;
    }
    if (number >= variants.length) return -1;
    byte[] expected = variants[number];
    boolean same = Arrays.equals(bytes, from, from + length, expected, 0, expected.length);
    return same ? number : -1;
  }
}
