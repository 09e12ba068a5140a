package io.kapsel.storage;

import io.kapsel.core.limit.Quota;

/**
 * What the operator grants a tenant; 0 means no limit.
 *
 * @param ingestRatePerSecond webhooks taken per second over all endpoints
 * @param ingestBurst webhooks taken at once above the rate
 * @param ingestQuota webhooks accepted in a window, over all endpoints
 * @param deliveryConcurrency attempts at the same time per node; one endpoint gets two thirds of
 *     them at most
 * @param maxEndpoints living endpoints
 * @param allowPrivateDestination whether endpoints may ask for private destinations
 */
public record TenantLimits(
    double ingestRatePerSecond,
    int ingestBurst,
    Quota ingestQuota,
    int deliveryConcurrency,
    int maxEndpoints,
    boolean allowPrivateDestination) {
  public static final TenantLimits NONE = new TenantLimits(0, 0, Quota.NONE, 0, 0, false);
}
