package io.kapsel.storage;

/**
 * What the operator grants a tenant; 0 means no limit.
 *
 * @param ingestRatePerSecond webhooks taken per second over all endpoints
 * @param ingestBurst webhooks taken at once above the rate
 * @param deliveryConcurrency attempts at the same time per node; one endpoint gets two thirds of
 *     them at most
 * @param maxEndpoints living endpoints
 * @param allowPrivateDestination whether endpoints may ask for private destinations
 */
public record TenantLimits(
    double ingestRatePerSecond,
    int ingestBurst,
    int deliveryConcurrency,
    int maxEndpoints,
    boolean allowPrivateDestination) {
  public static final TenantLimits NONE = new TenantLimits(0, 0, 0, 0, false);
}
