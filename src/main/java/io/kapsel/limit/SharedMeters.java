package io.kapsel.limit;

import io.kapsel.core.limit.Allowance;
import io.kapsel.core.limit.Lease;
import io.kapsel.core.limit.TokenBucket;
import io.kapsel.limit.LocalMeters.LocalMeter;
import io.kapsel.limit.TokenBank.Grant;
import io.kapsel.limit.TokenBank.Trouble;
import io.kapsel.limit.TokenBank.Unreliable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Every node leases tokens from the bank. While the bank cannot be relied on, each grants its local
 * share; {@link #tick} finds out when it can again.
 *
 * <p>In any time {@code t} all nodes together pass at most {@code burst + rate * (t + }twice {@link
 * Lease#LIFE_NANOS}{@code )} while the bank is well. Each time a node falls back on its share or
 * returns from it, that node passes at most its share of a burst more.
 */
public final class SharedMeters implements Meters {
  /** Is told about every change, once. */
  public interface Watch {
    void degraded(Trouble trouble, String detail);

    void recovered();
  }

  /**
   * @param answerMillisMax how long an answer of the bank may be under way
   * @param probeMillis how often a bank in trouble is tried again
   * @param distrustMillis how long a bank that lied is left alone
   * @param waitingMax webhooks of one account that wait for the bank; further ones are ruled on
   *     locally
   */
  public record SharedSettings(
      long answerMillisMax, long probeMillis, long distrustMillis, int waitingMax) {}

  private enum Health {
    STARTING,
    WELL,
    TROUBLED
  }

  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final double MILLIS_PER_SECOND = 1_000;

  private final TokenBank bank;
  private final LocalMeters local;
  private final LongSupplier nanos;
  private final SharedSettings settings;
  private final Watch watch;
  private final AtomicReference<Health> health = new AtomicReference<>(Health.STARTING);
  private final AtomicBoolean probing = new AtomicBoolean();
  private volatile long probeAtNanos;

  /**
   * @param local grants the local share, by the same clock
   */
  public SharedMeters(
      TokenBank bank, LocalMeters local, LongSupplier nanos, SharedSettings settings, Watch watch) {
    this.bank = bank;
    this.local = local;
    this.nanos = nanos;
    this.settings = settings;
    this.watch = watch;
    this.probeAtNanos = nanos.getAsLong();
  }

  @Override
  public Meter open(String account, Allowance allowance, @Nullable Meter before) {
    return allowance.isLimited()
        ? new SharedMeter(account, allowance, before instanceof SharedMeter meter ? meter : null)
        : Meter.OPEN;
  }

  /** Whether the bank rules. */
  public boolean isWell() {
    return health.get() == Health.WELL;
  }

  /** To be called about as often as a bank in trouble should be tried. */
  public void tick() {
    if (isWell() || nanos.getAsLong() - probeAtNanos < 0) return;
    if (!probing.compareAndSet(false, true)) return;
    try {
      var unused =
          bank.probe()
              .whenComplete(
                  (well, failure) -> {
                    probing.set(false);
                    if (failure != null) degrade(failure);
                    else if (health.getAndSet(Health.WELL) != Health.WELL) watch.recovered();
                  });
    } catch (RuntimeException failure) {
      probing.set(false);
      degrade(failure);
    }
  }

  private void degrade(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    Trouble trouble = cause instanceof Unreliable known ? known.trouble() : Trouble.DOWN;
    degrade(trouble, String.valueOf(cause == null ? failure : cause.getMessage()));
  }

  private void degrade(Trouble trouble, String detail) {
    long pause = trouble == Trouble.LYING ? settings.distrustMillis() : settings.probeMillis();
    long until = nanos.getAsLong() + pause * NANOS_PER_MILLI;
    if (until - probeAtNanos > 0) probeAtNanos = until;
    if (health.getAndSet(Health.TROUBLED) != Health.TROUBLED) watch.degraded(trouble, detail);
  }

  private final class SharedMeter implements Meter {
    private final String account;
    private final Allowance allowance;
    private final Lease lease;
    private final LocalMeter fallback;
    private final TokenBucket credible;
    private final AtomicBoolean asking = new AtomicBoolean();

    /** Leased and not used. */
    private final AtomicLong tokens = new AtomicLong();

    private volatile long size;
    private volatile long grantedAtNanos;
    private volatile long emptyUntilNanos;
    private volatile long nextTokenAtNanos;

    // Guarded by this:
    private final ArrayDeque<CompletableFuture<Ruling>> waiting = new ArrayDeque<>();
    private long credibleSpent;

    SharedMeter(String account, Allowance allowance, @Nullable SharedMeter before) {
      long now = nanos.getAsLong();
      this.account = account;
      this.allowance = allowance;
      this.lease = new Lease(allowance);
      this.fallback = local.meter(allowance, before == null ? null : before.fallback);
      this.credible =
          new TokenBucket(lease.credible(settings.answerMillisMax() / MILLIS_PER_SECOND), now);
      this.credibleSpent = credible.full();
      this.grantedAtNanos = now;
      this.emptyUntilNanos = now;
      this.nextTokenAtNanos = now;
    }

    @Override
    public CompletableFuture<Ruling> take() {
      if (!isWell()) return fallback.take();
      long now = nanos.getAsLong();
      boolean empty = emptyUntilNanos - now > 0;
      long left = takeLeased(now);
      if (left >= 0) {
        if (!empty && Lease.isLow(size, left)) ask(now, 0);
        return Ruling.GRANTED;
      }
      return empty ? empty(now) : waitForBank(now);
    }

    /** How many are left after one was taken; negative when there was none. */
    private long takeLeased(long now) {
      if (now - grantedAtNanos > Lease.LIFE_NANOS) return -1;
      long left;
      do {
        left = tokens.get() - 1;
        if (left < 0) return -1;
      } while (!tokens.compareAndSet(left + 1, left));
      fallback.charge(now);
      return left;
    }

    private CompletableFuture<Ruling> empty(long now) {
      return Ruling.refused(Math.max(Math.max(emptyUntilNanos, nextTokenAtNanos) - now, 1));
    }

    private CompletableFuture<Ruling> waitForBank(long now) {
      CompletableFuture<Ruling> ruling = new CompletableFuture<>();
      int behind;
      synchronized (this) {
        if (takeLeased(now) >= 0) return Ruling.GRANTED;
        if (waiting.size() >= settings.waitingMax()) return fallback.take();
        waiting.addLast(ruling);
        behind = waiting.size();
      }
      ask(now, behind);
      return ruling;
    }

    /** One question at a time; what waits when the answer comes is in the next question. */
    private void ask(long now, int waiters) {
      if (!asking.compareAndSet(false, true)) return;
      long wanted = Math.max(lease.next(size, now - grantedAtNanos), waiters);
      try {
        var unused =
            bank.ask(account, allowance, wanted)
                .whenComplete(
                    (grant, failure) -> {
                      if (failure != null) failed(failure);
                      else answered(wanted, grant);
                    });
      } catch (RuntimeException failure) {
        failed(failure);
      }
    }

    private void answered(long wanted, Grant grant) {
      long now = nanos.getAsLong();
      if (grant.tokens() < 0 || grant.tokens() > wanted || grant.waitNanos() < 0) {
        failed(new Unreliable(Trouble.LYING, "it granted " + grant + " of " + wanted));
        return;
      }
      List<CompletableFuture<Ruling>> granted = new ArrayList<>();
      List<CompletableFuture<Ruling>> refused = new ArrayList<>();
      int behind;
      synchronized (this) {
        long after = credible.take(credibleSpent, grant.tokens(), now);
        if (after == TokenBucket.EMPTY) {
          behind = -1;
        } else {
          credibleSpent = after;
          book(grant, wanted, now);
          distribute(grant.tokens() < wanted, now, granted, refused);
          behind = waiting.size();
        }
      }
      if (behind < 0) {
        failed(new Unreliable(Trouble.LYING, "it grants more than the limit"));
        return;
      }
      asking.set(false);
      granted.forEach(each -> each.complete(Ruling.Granted.INSTANCE));
      refused.forEach(each -> each.complete(empty(now).join()));
      askForThoseBehind(now);
    }

    private void book(Grant grant, long wanted, long now) {
      boolean live = now - grantedAtNanos <= Lease.LIFE_NANOS;
      if (live) tokens.addAndGet(grant.tokens());
      else tokens.set(grant.tokens());
      size = wanted;
      grantedAtNanos = now;
      if (grant.tokens() < wanted) {
        long wait = Math.min(grant.waitNanos(), lease.waitNanosMax());
        nextTokenAtNanos = now + wait;
        emptyUntilNanos = now + lease.askAgainNanos(wait);
      }
    }

    private void distribute(
        boolean drained,
        long now,
        List<CompletableFuture<Ruling>> granted,
        List<CompletableFuture<Ruling>> refused) {
      while (!waiting.isEmpty() && takeLeased(now) >= 0) granted.add(waiting.removeFirst());
      if (!drained) return;
      refused.addAll(waiting);
      waiting.clear();
    }

    private void askForThoseBehind(long now) {
      int behind;
      synchronized (this) {
        behind = waiting.size();
      }
      if (behind > 0) ask(now, behind);
    }

    private void failed(Throwable failure) {
      degrade(failure);
      asking.set(false);
      List<CompletableFuture<Ruling>> stranded;
      synchronized (this) {
        stranded = new ArrayList<>(waiting);
        waiting.clear();
      }
      for (CompletableFuture<Ruling> each : stranded) each.complete(fallback.take().join());
    }
  }
}
