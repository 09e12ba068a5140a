package io.kapsel.storage;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing byte array with values in PostgreSQL's binary form, most significant byte first. */
final class WireBuffer {
  private byte[] bytes;
  private int length;

  WireBuffer(int capacity) {
    bytes = new byte[capacity];
  }

  int length() {
    return length;
  }

  /** Valid up to {@link #length}. */
  byte[] unsafeBytes() {
    return bytes;
  }

  void clear() {
    length = 0;
  }

  WireBuffer int1(int value) {
    room(1);
    bytes[length++] = (byte) value;
    return this;
  }

  WireBuffer int2(int value) {
    room(2);
    bytes[length++] = (byte) (value >>> 8);
    bytes[length++] = (byte) value;
    return this;
  }

  WireBuffer int4(int value) {
    room(4);
    bytes[length++] = (byte) (value >>> 24);
    bytes[length++] = (byte) (value >>> 16);
    bytes[length++] = (byte) (value >>> 8);
    bytes[length++] = (byte) value;
    return this;
  }

  WireBuffer int8(long value) {
    return int4((int) (value >>> 32)).int4((int) value);
  }

  WireBuffer put(byte[] value) {
    room(value.length);
    System.arraycopy(value, 0, bytes, length, value.length);
    length += value.length;
    return this;
  }

  WireBuffer latin1(String value) {
    return put(value.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** The length, then UTF-8 without the one character that PostgreSQL's text cannot hold. */
  WireBuffer text(String value) {
    byte[] encoded =
        (value.indexOf('\0') < 0 ? value : value.replace('\0', '\ufffd'))
            .getBytes(StandardCharsets.UTF_8);
    return int4(encoded.length).put(encoded);
  }

  private void room(int more) {
    int needed = Math.addExact(length, more);
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 8L, 2L * needed));
    }
  }
}
