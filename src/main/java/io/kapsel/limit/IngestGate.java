package io.kapsel.limit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.kapsel.core.limit.Allowance;
import io.kapsel.core.limit.TokenBucket;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.limit.TenantTerms.Terms;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Whether a webhook may come in, by the endpoint's own limit and then by its tenant's: what one
 * endpoint refuses must not use up the others' tokens.
 */
public final class IngestGate {
  private static final CompletableFuture<Optional<Rejection>> OPEN =
      CompletableFuture.completedFuture(Optional.empty());

  private record EndpointMeter(Allowance allowance, Meter meter) {}

  private final @Nullable TenantTerms terms;
  private final Meters meters;
  private final Cache<EndpointId, EndpointMeter> endpoints;

  /**
   * @param endpointsMax endpoints with a limit of their own whose buckets this node remembers
   */
  public IngestGate(TenantTerms terms, Meters meters, int endpointsMax) {
    this(terms, meters, cache(endpointsMax));
  }

  private IngestGate(
      @Nullable TenantTerms terms, Meters meters, Cache<EndpointId, EndpointMeter> endpoints) {
    this.terms = terms;
    this.meters = meters;
    this.endpoints = endpoints;
  }

  /** Lets everything pass. */
  public static IngestGate open() {
    return new IngestGate(null, (account, allowance, before) -> Meter.OPEN, cache(0));
  }

  private static Cache<EndpointId, EndpointMeter> cache(int entriesMax) {
    return Caffeine.newBuilder().maximumSize(entriesMax).executor(Runnable::run).build();
  }

  /**
   * Empty, or why not. Never fails; complete at once unless something has to be asked first.
   *
   * @param own the endpoint's own limit
   */
  public CompletableFuture<Optional<Rejection>> admit(
      TenantId tenant, EndpointId endpoint, Allowance own) {
    if (!own.isLimited()) return admit(tenant);
    CompletableFuture<Ruling> ruling = meter(endpoint, own).take();
    if (Ruling.isGranted(ruling)) return admit(tenant);
    return ruling.thenCompose(
        each ->
            each instanceof Ruling.Refused refused
                ? refused("endpoint", own, refused)
                : admit(tenant));
  }

  private CompletableFuture<Optional<Rejection>> admit(TenantId tenant) {
    if (terms == null) return OPEN;
    Terms current = terms.current(tenant);
    return current != null ? admit(current) : terms.read(tenant).thenCompose(this::admit);
  }

  private CompletableFuture<Optional<Rejection>> admit(Terms tenant) {
    CompletableFuture<Ruling> ruling = tenant.meter().take();
    if (Ruling.isGranted(ruling)) return withinQuota(tenant);
    return ruling.thenCompose(
        each ->
            each instanceof Ruling.Refused refused
                ? refused("tenant", tenant.ingest(), refused)
                : withinQuota(tenant));
  }

  private static CompletableFuture<Optional<Rejection>> withinQuota(Terms tenant) {
    Optional<Rejection> usedUp = tenant.quota().usedUp();
    return usedUp.isEmpty() ? OPEN : CompletableFuture.completedFuture(usedUp);
  }

  /**
   * Counts a webhook against its tenant's quota: one that was verified and is about to be stored,
   * so that a sender without a secret uses up nobody's. Fails when the count cannot be reached.
   */
  public CompletableFuture<Counting> count(TenantId tenant) {
    if (terms == null) return QuotaMeter.UNLIMITED;
    Terms current = terms.current(tenant);
    return current != null
        ? current.quota().count()
        : terms.read(tenant).thenCompose(read -> read.quota().count());
  }

  private Meter meter(EndpointId endpoint, Allowance allowance) {
    EndpointMeter known = endpoints.getIfPresent(endpoint);
    if (known != null && known.allowance.equals(allowance)) return known.meter;
    EndpointMeter opened =
        endpoints
            .asMap()
            .compute(
                endpoint,
                (id, before) ->
                    before != null && before.allowance.equals(allowance)
                        ? before
                        : new EndpointMeter(
                            allowance,
                            meters.open(
                                id.toString(), allowance, before == null ? null : before.meter)));
    return opened.meter;
  }

  private static CompletableFuture<Optional<Rejection>> refused(
      String policy, Allowance allowance, Ruling.Refused refused) {
    Rejection rejection =
        Rejection.of(
                ErrorCode.RATE_LIMITED,
                "Too many webhooks for this " + policy + "; the fields say how many may come.")
            .withRetryAfterSeconds(TokenBucket.retryAfterSeconds(refused.waitNanos()))
            .under(Rejection.Policy.of(policy, allowance));
    return CompletableFuture.completedFuture(Optional.of(rejection));
  }
}
