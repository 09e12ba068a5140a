package io.kapsel.core.endpoint;

/** A hashed idempotency key: the first 128 bits of its SHA-256. */
public record KeyHash(long high, long low) implements Comparable<KeyHash> {
  @Override
  public int compareTo(KeyHash other) {
    int order = Long.compare(high, other.high);
    return order != 0 ? order : Long.compare(low, other.low);
  }
}
