package io.kapsel.manage;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.kapsel.core.limit.Allowance;
import io.kapsel.core.limit.TokenBucket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** A token bucket for each name, all alike. A name that is forgotten begins with a full one. */
final class Buckets {
  private static final Duration KEPT = Duration.ofMinutes(10);

  private final TokenBucket bucket;
  private final LongSupplier nanoTime;
  private final Cache<String, AtomicLong> spent;

  /**
   * @param allowance of each name
   * @param namesMax names remembered; further ones push out the least used
   */
  Buckets(Allowance allowance, int namesMax, LongSupplier nanoTime) {
    this.bucket = new TokenBucket(allowance, nanoTime.getAsLong());
    this.nanoTime = nanoTime;
    this.spent =
        Caffeine.newBuilder()
            .maximumSize(namesMax)
            .expireAfterAccess(KEPT)
            .executor(Runnable::run)
            .build();
  }

  Allowance allowance() {
    return bucket.allowance();
  }

  /** Takes a token; returns 0, or the seconds to wait when there is none. */
  int take(String name) {
    AtomicLong state = spent.get(name, unused -> new AtomicLong(bucket.full()));
    while (true) {
      long now = nanoTime.getAsLong();
      long before = state.get();
      long after = bucket.take(before, now);
      if (after == TokenBucket.EMPTY)
        return TokenBucket.retryAfterSeconds(bucket.waitNanos(before, now));
      if (state.compareAndSet(before, after)) return 0;
    }
  }

  /** The token was not needed. */
  void giveBack(String name) {
    AtomicLong state = spent.getIfPresent(name);
    if (state != null) state.updateAndGet(bucket::giveBack);
  }
}
