package io.kapsel.deliver;

import akka.util.ByteString;
import java.nio.charset.StandardCharsets;

/** The beginning of an answer as text that every store can hold. */
final class Excerpt {
  private static final int UTF8_CONTINUATIONS_MAX = 3;

  private Excerpt() {}

  /**
   * UTF-8 with the replacement character for what is not, and for NUL, which SQL text cannot hold.
   */
  static String text(ByteString bytes) {
    byte[] array = bytes.toArray();
    String text = new String(array, 0, withoutHalfCharacter(array), StandardCharsets.UTF_8);
    return text.indexOf('\0') < 0 ? text : text.replace('\0', '\uFFFD');
  }

  private static int withoutHalfCharacter(byte[] utf8) {
    int end = utf8.length;
    for (int back = 1; back <= Math.min(UTF8_CONTINUATIONS_MAX, end); back++) {
      int octet = utf8[end - back] & 0xff;
      if (octet >= 0xc0) {
        int length = octet >= 0xf0 ? 4 : octet >= 0xe0 ? 3 : 2;
        return length > back ? end - back : end;
      }
      if (octet < 0x80) {
        return end;
      }
    }
    return end;
  }
}
