package io.kapsel.manage;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.kapsel.core.limit.Allowance;
import io.kapsel.core.limit.TokenBucket;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.http.ProblemResponse;
import io.kapsel.http.Response;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** How many management calls a tenant, or the operator, may make on this node. */
final class CallRates {
  private static final int CALLERS_MAX = 100_000;

  /** Longer than any bucket takes to fill again. */
  private static final Duration KEPT = Duration.ofMinutes(1);

  private final TokenBucket bucket;
  private final LongSupplier nanoTime;
  private final Cache<String, AtomicLong> spent =
      Caffeine.newBuilder()
          .maximumSize(CALLERS_MAX)
          .expireAfterAccess(KEPT)
          .executor(Runnable::run)
          .build();

  /**
   * @param perSecond also the burst
   */
  CallRates(int perSecond, LongSupplier nanoTime) {
    this.bucket = new TokenBucket(Allowance.of(perSecond, perSecond), nanoTime.getAsLong());
    this.nanoTime = nanoTime;
  }

  /** With the fields of draft-ietf-httpapi-ratelimit-headers. */
  Response refusal(int waitSeconds, String requestId) {
    Rejection rejection =
        Rejection.of(ErrorCode.RATE_LIMITED, "Too many management calls.")
            .withRetryAfterSeconds(waitSeconds);
    return ProblemResponse.of(rejection, requestId)
        .with("RateLimit-Policy", "\"management\";q=" + bucket.allowance().burst() + ";w=1")
        .with("RateLimit", "\"management\";r=0;t=" + waitSeconds);
  }

  /** Counts a call; returns 0, or the seconds to wait when it is one too many. */
  int take(Caller caller) {
    String name =
        switch (caller) {
          case Caller.Operator operator -> "operator";
          case Caller.OfTenant of -> of.tenant().toString();
        };
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
}
