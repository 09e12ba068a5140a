package io.kapsel.endpoint;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;

/** An endpoint as its actor sees it at one moment. */
public record EndpointView(
    EndpointId id,
    TenantId tenant,
    EndpointConfig config,
    Status status,
    String statusReason,
    long version,
    long createdAtMillis,
    long updatedAtMillis,
    Live live) {

  /**
   * @param oldestReceivedAtMillis of the pending webhooks, 0 when there are none
   * @param circuitOpenUntilMillis 0 unless the circuit is open
   * @param nextAttemptAtMillis when the next attempt may start at the earliest, 0 when none is due
   * @param idempotencyKeys how many keys are remembered
   */
  public record Live(
      int queueDepth,
      long oldestReceivedAtMillis,
      int inFlight,
      Circuit.Phase circuit,
      long circuitOpenUntilMillis,
      long nextAttemptAtMillis,
      int idempotencyKeys) {}
}
