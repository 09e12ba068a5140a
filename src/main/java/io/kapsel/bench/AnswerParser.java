package io.kapsel.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Reads what the bench needs of an answer: its status, where it ends, and the event's id. */
final class AnswerParser {
  private static final byte[] LENGTH = "content-length:".getBytes(ISO_8859_1);
  private static final byte[] CLOSE = "connection: close".getBytes(ISO_8859_1);
  private static final byte[] EVENT_ID = "\"event_id\":\"evt_".getBytes(ISO_8859_1);
  private static final int STATUS_AT = "HTTP/1.1 ".length();
  private static final int BYTES_FIRST = 1_024;

  private int status;
  private boolean closes;
  private int bodyAt;
  private int bodyEnd;
  private long idHigh;
  private long idLow;

  /** The bytes held so far with those that came; the array may be a larger one. */
  static byte[] append(byte[] held, int length, ByteBuffer more) {
    byte[] target = held;
    if (target.length < length + more.remaining())
      target =
          Arrays.copyOf(
              held, Math.max(BYTES_FIRST, Math.max(2 * length, length + more.remaining())));
    more.get(target, length, more.remaining());
    return target;
  }

  /** False when the answer is not complete yet. */
  boolean parse(byte[] bytes, int length) {
    int lineAt = 0;
    int contentLength = 0;
    closes = false;
    for (int i = 0; i + 1 < length; i++) {
      if (bytes[i] != '\r' || bytes[i + 1] != '\n') continue;
      if (i == lineAt) {
        status =
            100 * (bytes[STATUS_AT] - '0')
                + 10 * (bytes[STATUS_AT + 1] - '0')
                + (bytes[STATUS_AT + 2] - '0');
        bodyAt = i + 2;
        bodyEnd = bodyAt + contentLength;
        return length >= bodyEnd;
      }
      if (startsWith(bytes, lineAt, LENGTH))
        contentLength = number(bytes, lineAt + LENGTH.length, i);
      else if (startsWith(bytes, lineAt, CLOSE)) closes = true;
      lineAt = i + 2;
    }
    return false;
  }

  /** ASCII letters of any case; {@code lower} is in lower case. */
  static boolean startsWith(byte[] bytes, int at, byte[] lower) {
    if (at + lower.length > bytes.length) return false;
    for (int i = 0; i < lower.length; i++) {
      byte b = bytes[at + i];
      if ((b >= 'A' && b <= 'Z' ? b + 32 : b) != lower[i]) return false;
    }
    return true;
  }

  /** Digits after spaces. */
  static int number(byte[] bytes, int from, int to) {
    int number = 0;
    for (int i = from; i < to; i++)
      if (bytes[i] >= '0' && bytes[i] <= '9') number = number * 10 + (bytes[i] - '0');
    return number;
  }

  int status() {
    return status;
  }

  /** Whether the server ends the connection after this answer. */
  boolean closes() {
    return closes;
  }

  /** Finds the event's id in the body; false when there is none. */
  boolean readEventId(byte[] bytes) {
    for (int at = bodyAt; at + EVENT_ID.length + 32 <= bodyEnd; at++) {
      if (bytes[at] != EVENT_ID[0] || !startsWith(bytes, at, EVENT_ID)) continue;
      idHigh = hex(bytes, at + EVENT_ID.length);
      idLow = hex(bytes, at + EVENT_ID.length + 16);
      return true;
    }
    return false;
  }

  long idHigh() {
    return idHigh;
  }

  long idLow() {
    return idLow;
  }

  /** Sixteen hexadecimal digits. */
  static long hex(byte[] bytes, int at) {
    long value = 0;
    for (int i = at; i < at + 16; i++) value = value << 4 | Character.digit(bytes[i], 16);
    return value;
  }
}
