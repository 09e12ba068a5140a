package io.kapsel.limit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.kapsel.core.limit.Allowance;
import io.kapsel.core.limit.Quota;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.storage.QuotaUse;
import io.kapsel.storage.TenantLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What each tenant is granted, never older than a second when it is used. Nothing runs by itself:
 * use makes the terms that are half a second old due, and everything that is due is read with one
 * query. While the database does not answer, the last known terms hold.
 */
public final class TenantTerms {
  static final long REFRESH_NANOS = 500_000_000L;
  static final long AGE_NANOS_MAX = 1_000_000_000L;
  private static final int READ_MAX = 1_000;

  /** Reads the limits of these tenants; those that do not exist are left out. */
  @FunctionalInterface
  public interface Source {
    CompletionStage<Map<TenantId, TenantLimits>> limits(List<TenantId> tenants);
  }

  /** Counts what all nodes have accepted under a quota. */
  @FunctionalInterface
  public interface Ledger {
    /** Draws up to {@code wanted}, and what is left when that is less. */
    CompletionStage<QuotaUse.Draw> draw(TenantId tenant, Quota quota, long wanted);
  }

  /**
   * What holds where the tenant's own limit is 0.
   *
   * @param ingest every tenant's allowance
   * @param deliveryConcurrency attempts of one tenant at the same time per node, 0 for no limit
   */
  public record Usual(Allowance ingest, int deliveryConcurrency) {
    public static final Usual UNLIMITED = new Usual(Allowance.UNLIMITED, 0);
  }

  /** One tenant's. */
  final class Terms {
    private final TenantId tenant;
    private volatile TenantLimits limits = TenantLimits.NONE;
    private volatile Meter meter;
    private volatile QuotaMeter quota;
    private volatile long readAtNanos;

    private Terms(TenantId tenant) {
      this.tenant = tenant;
      this.meter = meters.open(tenant.toString(), usual.ingest(), null);
      this.quota = new QuotaMeter(tenant, Quota.NONE, ledger, nanos);
      this.readAtNanos = nanos.getAsLong();
    }

    Meter meter() {
      return meter;
    }

    QuotaMeter quota() {
      return quota;
    }

    Allowance ingest() {
      return ingest(limits);
    }

    private Allowance ingest(TenantLimits of) {
      return of.ingestRatePerSecond() > 0
          ? Allowance.of(of.ingestRatePerSecond(), of.ingestBurst())
          : usual.ingest();
    }

    private synchronized void become(TenantLimits to, long asOfNanos) {
      Allowance before = ingest();
      limits = to;
      Allowance after = ingest();
      if (!after.equals(before)) meter = meters.open(tenant.toString(), after, meter);
      if (!to.ingestQuota().equals(quota.quota()))
        quota = new QuotaMeter(tenant, to.ingestQuota(), ledger, nanos);
      readAtNanos = asOfNanos;
    }
  }

  private final Source source;
  private final Ledger ledger;
  private final Meters meters;
  private final Usual usual;
  private final LongSupplier nanos;
  private final Cache<TenantId, Terms> known;
  private final Map<TenantId, CompletableFuture<Terms>> due = new ConcurrentHashMap<>();
  private final AtomicBoolean reading = new AtomicBoolean();

  /**
   * @param tenantsMax tenants whose terms and buckets this node remembers
   */
  public TenantTerms(
      Source source,
      Ledger ledger,
      Meters meters,
      Usual usual,
      LongSupplier nanos,
      int tenantsMax) {
    this.source = source;
    this.ledger = ledger;
    this.meters = meters;
    this.usual = usual;
    this.nanos = nanos;
    this.known = Caffeine.newBuilder().maximumSize(tenantsMax).executor(Runnable::run).build();
  }

  /** Null when they are not known well enough; then {@link #read} has to be awaited. */
  @Nullable Terms current(TenantId tenant) {
    Terms terms = known.getIfPresent(tenant);
    if (terms == null) return null;
    long age = nanos.getAsLong() - terms.readAtNanos;
    if (age > AGE_NANOS_MAX) return null;
    if (age > REFRESH_NANOS) {
      var unused = read(tenant);
    }
    return terms;
  }

  /** Never fails. Callers at the same time share one reading. */
  CompletableFuture<Terms> read(TenantId tenant) {
    CompletableFuture<Terms> mine = new CompletableFuture<>();
    CompletableFuture<Terms> before = due.putIfAbsent(tenant, mine);
    readWhatIsDue();
    return before == null ? mine : before;
  }

  /** As last known; 0 for no limit. Asks for better knowledge, but does not wait for it. */
  public int deliveryConcurrency(TenantId tenant) {
    Terms terms = current(tenant);
    if (terms == null) {
      var unused = read(tenant);
      terms = known.getIfPresent(tenant);
    }
    int own = terms == null ? 0 : terms.limits.deliveryConcurrency();
    return own > 0 ? own : usual.deliveryConcurrency();
  }

  private void readWhatIsDue() {
    while (!due.isEmpty() && reading.compareAndSet(false, true)) {
      List<TenantId> tenants = due.keySet().stream().sorted().limit(READ_MAX).toList();
      if (tenants.isEmpty()) {
        reading.set(false);
        continue;
      }
      long asked = nanos.getAsLong();
      CompletableFuture<Map<TenantId, TenantLimits>> limits = limits(tenants);
      if (!limits.isDone()) {
        var unused = limits.whenComplete((found, failure) -> finish(tenants, limits, asked));
        return;
      }
      settle(tenants, limits, asked);
    }
  }

  private CompletableFuture<Map<TenantId, TenantLimits>> limits(List<TenantId> tenants) {
    try {
      return source.limits(tenants).toCompletableFuture();
    } catch (RuntimeException failure) {
      return CompletableFuture.failedFuture(failure);
    }
  }

  private void finish(
      List<TenantId> tenants,
      CompletableFuture<Map<TenantId, TenantLimits>> limits,
      long askedNanos) {
    settle(tenants, limits, askedNanos);
    readWhatIsDue();
  }

  /**
   * Leaves {@code reading} only when the terms are known, so that nobody reads them twice. An
   * answer is as old as its question, however late it comes.
   */
  private void settle(
      List<TenantId> tenants,
      CompletableFuture<Map<TenantId, TenantLimits>> limits,
      long askedNanos) {
    boolean failed = limits.isCompletedExceptionally();
    long asOf = failed ? nanos.getAsLong() : askedNanos;
    Map<TenantId, TenantLimits> found = failed ? new TreeMap<>() : limits.join();
    List<Runnable> waiting = new ArrayList<>();
    for (TenantId tenant : tenants) {
      Terms terms = known.get(tenant, Terms::new);
      TenantLimits own = found.get(tenant);
      terms.become(own == null ? terms.limits : own, asOf);
      CompletableFuture<Terms> future = due.remove(tenant);
      if (future != null) waiting.add(() -> future.complete(terms));
    }
    reading.set(false);
    waiting.forEach(Runnable::run);
  }
}
