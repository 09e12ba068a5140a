package io.kapsel.limit;

import io.kapsel.core.limit.Quota;
import io.kapsel.core.limit.TokenBucket;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.storage.QuotaUse.Draw;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's quota on this node. What all nodes together have accepted is counted in the
 * database, because it may not be lost; each node draws a little of it at a time. So no window sees
 * more than the quota, and a node that dies takes no more than it had drawn.
 */
final class QuotaMeter {
  /** A used-up quota is asked for again so often: it may have been raised, or a window begun. */
  private static final long ASK_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Shared, so that counting nothing allocates nothing. */
  static final CompletableFuture<Counting> UNLIMITED =
      CompletableFuture.completedFuture(Counting.Unlimited.INSTANCE);

  private static final long NO_WINDOW = Long.MIN_VALUE;
  private static final Stock NONE = new Stock(new AtomicLong(), NO_WINDOW, 0, 0);

  /**
   * What this node has drawn in a window and not used.
   *
   * @param windowEndsSeconds names the window
   * @param askAgainNanos before that an empty stock stays empty
   */
  private record Stock(
      AtomicLong left, long windowEndsSeconds, long endsAtNanos, long askAgainNanos) {
    boolean isDrawn() {
      return windowEndsSeconds != NO_WINDOW;
    }

    boolean take() {
      long before;
      do {
        before = left.get();
        if (before <= 0) return false;
      } while (!left.compareAndSet(before, before - 1));
      return true;
    }
  }

  private final TenantId tenant;
  private final Quota quota;
  private final TenantTerms.Ledger ledger;
  private final LongSupplier nanos;
  private final AtomicReference<@Nullable CompletableFuture<Stock>> drawing =
      new AtomicReference<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private volatile Stock stock = NONE;

  QuotaMeter(TenantId tenant, Quota quota, TenantTerms.Ledger ledger, LongSupplier nanos) {
    this.tenant = tenant;
    this.quota = quota;
    this.ledger = ledger;
    this.nanos = nanos;
  }

  Quota quota() {
    return quota;
  }

  /** Why nothing can be accepted now, as far as this node knows. */
  Optional<Rejection> usedUp() {
    return quota.isLimited() ? usedUp(stock, nanos.getAsLong()) : Optional.empty();
  }

  private Optional<Rejection> usedUp(Stock current, long now) {
    boolean empty = current.isDrawn() && current.left.get() <= 0 && current.askAgainNanos - now > 0;
    return empty ? Optional.of(refusal(current.endsAtNanos - now)) : Optional.empty();
  }

  private Rejection refusal(long waitNanos) {
    return Rejection.of(
            ErrorCode.QUOTA_EXCEEDED,
            "The tenant has used up its quota; the fields say until when.")
        .withRetryAfterSeconds(TokenBucket.retryAfterSeconds(waitNanos))
        .under(new Rejection.Policy("quota", quota.webhooks(), quota.windowSeconds()));
  }

  /** Counts a webhook. Fails when the ledger does. */
  CompletableFuture<Counting> count() {
    if (!quota.isLimited()) return UNLIMITED;
    long now = nanos.getAsLong();
    Stock current = stock;
    if (current.isDrawn() && current.endsAtNanos - now > 0 && current.take())
      return counted(current);
    Optional<Rejection> usedUp = usedUp(current, now);
    if (usedUp.isPresent())
      return CompletableFuture.completedFuture(new Counting.Refused(usedUp.get()));
    waiting.incrementAndGet();
    return draw()
        .whenComplete((drawn, failure) -> waiting.decrementAndGet())
        .thenCompose(drawn -> drawn.take() ? counted(drawn) : count());
  }

  private static CompletableFuture<Counting> counted(Stock from) {
    return CompletableFuture.completedFuture(new Counting.Counted(from.left));
  }

  /** One draw at a time, shared by all who wait; for whom it was too small there is another. */
  private CompletableFuture<Stock> draw() {
    CompletableFuture<Stock> mine = new CompletableFuture<>();
    CompletableFuture<Stock> before = drawing.compareAndExchange(null, mine);
    if (before != null) return before;
    ask()
        .whenComplete(
            (drawn, failure) -> {
              if (failure == null) stock = stock(drawn);
              drawing.set(null);
              if (failure == null) mine.complete(stock);
              else mine.completeExceptionally(failure);
            });
    return mine;
  }

  private CompletionStage<Draw> ask() {
    try {
      return ledger.draw(tenant, quota, Math.max(quota.draw(), waiting.get()));
    } catch (RuntimeException failure) {
      return CompletableFuture.failedFuture(failure);
    }
  }

  /** What is left of the same window stays, and what is given back later comes to it. */
  private Stock stock(Draw drawn) {
    long now = nanos.getAsLong();
    long ends = now + TimeUnit.MILLISECONDS.toNanos(drawn.endsInMillis());
    long again = drawn.webhooks() > 0 ? now : Math.min(ends, now + ASK_AGAIN_NANOS);
    Stock before = stock;
    boolean same = before.windowEndsSeconds == drawn.windowEndsSeconds();
    AtomicLong left = same ? before.left : new AtomicLong();
    left.addAndGet(drawn.webhooks());
    return new Stock(left, drawn.windowEndsSeconds(), ends, again);
  }
}
