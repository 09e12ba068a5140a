package io.kapsel.limit;

import io.kapsel.core.limit.Allowance;
import io.kapsel.core.limit.TokenBucket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Every node grants its share by itself. */
public final class LocalMeters implements Meters {
  private final LongSupplier nanos;
  private final DoubleSupplier share;

  /**
   * @param nanos a clock for measuring, as {@link System#nanoTime}
   * @param share the part of every allowance that is this node's, above 0 and at most 1; must be
   *     cheap, and may change
   */
  public LocalMeters(LongSupplier nanos, DoubleSupplier share) {
    this.nanos = nanos;
    this.share = share;
  }

  @Override
  public Meter open(String account, Allowance allowance, @Nullable Meter before) {
    return allowance.isLimited()
        ? meter(allowance, before instanceof LocalMeter meter ? meter : null)
        : Meter.OPEN;
  }

  /**
   * @param allowance must be limited
   */
  LocalMeter meter(Allowance allowance, @Nullable LocalMeter before) {
    return new LocalMeter(allowance, before);
  }

  /** One bucket and what is spent of it. */
  private record Vessel(double share, TokenBucket bucket, AtomicLong spent) {}

  final class LocalMeter implements Meter {
    private final Allowance allowance;
    private volatile Vessel vessel;

    private LocalMeter(Allowance allowance, @Nullable LocalMeter before) {
      this.allowance = allowance;
      this.vessel = vessel(share.getAsDouble(), before == null ? null : before.vessel);
    }

    private Vessel vessel(double share, @Nullable Vessel before) {
      long now = nanos.getAsLong();
      TokenBucket bucket = new TokenBucket(allowance.share(share), now);
      long spent =
          before == null
              ? bucket.full()
              : bucket.takingOver(before.bucket, before.spent.get(), now);
      return new Vessel(share, bucket, new AtomicLong(spent));
    }

    @Override
    public CompletableFuture<Ruling> take() {
      Vessel current = current();
      TokenBucket bucket = current.bucket;
      long now = nanos.getAsLong();
      while (true) {
        long spent = current.spent.get();
        long after = bucket.take(spent, now);
        if (after == TokenBucket.EMPTY) return Ruling.refused(bucket.waitNanos(spent, now));
        if (current.spent.compareAndSet(spent, after)) return Ruling.GRANTED;
      }
    }

    /** Notes what passed by another's leave. */
    void charge(long nowNanos) {
      Vessel current = current();
      while (true) {
        long spent = current.spent.get();
        long after = current.bucket.charge(spent, nowNanos);
        if (after == spent || current.spent.compareAndSet(spent, after)) return;
      }
    }

    /** A take that races with a change of the share may be forgotten. */
    private Vessel current() {
      Vessel current = vessel;
      double now = share.getAsDouble();
      if (current.share == now) return current;
      synchronized (this) {
        if (vessel.share != now) vessel = vessel(now, vessel);
        return vessel;
      }
    }
  }
}
