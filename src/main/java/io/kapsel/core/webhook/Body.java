package io.kapsel.core.webhook;

import java.util.Arrays;

/**
 * Immutable payload bytes. The array given or returned by the unsafe methods must not be written
 * to.
 */
public final class Body {
  public static final Body EMPTY = new Body(new byte[0]);
  private final byte[] bytes;

  private Body(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Takes ownership of the array. */
  public static Body wrap(byte[] bytes) {
    return new Body(bytes);
  }

  /** The bytes themselves, for readers only. */
  public byte[] unsafeBytes() {
    return bytes;
  }

  public int length() {
    return bytes.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Body body && Arrays.equals(bytes, body.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return "Body[" + bytes.length + " bytes]";
  }
}
