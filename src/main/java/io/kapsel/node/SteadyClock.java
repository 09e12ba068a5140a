package io.kapsel.node;

import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * Wall time that never runs backwards and never jumps. It advances with the monotonic clock and
 * approaches the system's wall clock by a twentieth of the time that passes (docs/adr/0006): a step
 * of the wall clock must neither release every retry at once nor hold a circuit open for an hour.
 */
public final class SteadyClock implements InstantSource {
  private static final long SLEW_DIVISOR = 20;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final InstantSource wall;
  private final LongSupplier monotonicNanos;
  private long readAtNanos;
  private long epochNanos;

  public SteadyClock(InstantSource wall, LongSupplier monotonicNanos) {
    this.wall = wall;
    this.monotonicNanos = monotonicNanos;
    this.readAtNanos = monotonicNanos.getAsLong();
    this.epochNanos = wall.millis() * NANOS_PER_MILLI;
  }

  @Override
  public synchronized long millis() {
    long nowNanos = monotonicNanos.getAsLong();
    long elapsed = Math.max(0, nowNanos - readAtNanos);
    readAtNanos = nowNanos;
    long slewMax = elapsed / SLEW_DIVISOR;
    long error = wall.millis() * NANOS_PER_MILLI - (epochNanos + elapsed);
    epochNanos += elapsed + Math.clamp(error, -slewMax, slewMax);
    return epochNanos / NANOS_PER_MILLI;
  }

  @Override
  public Instant instant() {
    return Instant.ofEpochMilli(millis());
  }
}
