package io.kapsel.core.webhook;

import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Names one tenant. Written {@code ten_} followed by 32 lower-case hex digits; sorts by creation
 * time.
 */
public record TenantId(long high, long low) implements Comparable<TenantId> {
  private static final String PREFIX = "ten_";

  /** A new identifier (UUIDv7) for the given time in milliseconds since the epoch. */
  public static TenantId create(long epochMillis, RandomGenerator random) {
    return new TenantId(Ids.high(epochMillis, random), Ids.low(random));
  }

  /** Empty when the text is not exactly of the written form. */
  public static Optional<TenantId> parse(String text) {
    return Ids.isWellFormed(PREFIX, text)
        ? Optional.of(new TenantId(Ids.high(PREFIX, text), Ids.low(PREFIX, text)))
        : Optional.empty();
  }

  /** When this identifier was made, in milliseconds since the epoch. */
  public long createdAtMillis() {
    return high >>> 16;
  }

  @Override
  public int compareTo(TenantId other) {
    int order = Long.compareUnsigned(high, other.high);
    return order != 0 ? order : Long.compareUnsigned(low, other.low);
  }

  @Override
  public String toString() {
    return Ids.text(PREFIX, high, low);
  }
}
