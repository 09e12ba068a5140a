package io.kapsel.core.webhook;

import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Names one endpoint. Written {@code ep_} followed by 32 lower-case hex digits; sorts by creation
 * time.
 */
public record EndpointId(long high, long low) implements Comparable<EndpointId> {
  private static final String PREFIX = "ep_";

  /** A new identifier (UUIDv7) for the given time in milliseconds since the epoch. */
  public static EndpointId create(long epochMillis, RandomGenerator random) {
    return new EndpointId(Ids.high(epochMillis, random), Ids.low(random));
  }

  /** Empty when the text is not exactly of the written form. */
  public static Optional<EndpointId> parse(String text) {
    return Ids.isWellFormed(PREFIX, text)
        ? Optional.of(new EndpointId(Ids.high(PREFIX, text), Ids.low(PREFIX, text)))
        : Optional.empty();
  }

  /** When this identifier was made, in milliseconds since the epoch. */
  public long createdAtMillis() {
    return high >>> 16;
  }

  @Override
  public int compareTo(EndpointId other) {
    int order = Long.compareUnsigned(high, other.high);
    return order != 0 ? order : Long.compareUnsigned(low, other.low);
  }

  @Override
  public String toString() {
    return Ids.text(PREFIX, high, low);
  }
}
