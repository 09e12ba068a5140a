package io.kapsel.storage;

import io.kapsel.core.webhook.Header;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Header lines as they are kept in the database: {@code Name: value} in ISO-8859-1, each ended by a
 * line feed, which can occur in neither part (RFC 9110 §5.5).
 */
final class HeaderLines {
  private static final int PUNCTUATION_BYTES = 3;

  private HeaderLines() {}

  static int length(List<Header> headers) {
    int length = 0;
    for (Header header : headers) {
      length += header.name().length() + header.value().length() + PUNCTUATION_BYTES;
    }
    return length;
  }

  static void write(List<Header> headers, WireBuffer target) {
    for (Header header : headers) {
      target.latin1(header.name()).int1(':').int1(' ').latin1(header.value()).int1('\n');
    }
  }

  static byte[] write(List<Header> headers) {
    var buffer = new WireBuffer(length(headers));
    write(headers, buffer);
    return Arrays.copyOf(buffer.unsafeBytes(), buffer.length());
  }

  static List<Header> read(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    var headers = new ArrayList<Header>();
    int start = 0;
    while (start < text.length()) {
      int colon = text.indexOf(": ", start);
      int end = text.indexOf('\n', colon);
      headers.add(new Header(text.substring(start, colon), text.substring(colon + 2, end)));
      start = end + 1;
    }
    return headers;
  }
}
