package io.kapsel.core.webhook;

import java.util.List;

/**
 * One received webhook with its content.
 *
 * @param idempotencyKey the sender's key, or the empty string when the endpoint uses none
 * @param laneKey hash of the ordering key for keyed endpoints, 0 when there is none
 * @param bodySha256 SHA-256 of the body, 32 bytes; not to be written to
 */
@SuppressWarnings("ArrayRecordComponent") // webhooks are told apart by id, not by equals
public record Webhook(
    WebhookId id,
    EndpointId endpoint,
    TenantId tenant,
    String contentType,
    List<Header> headers,
    Body body,
    byte[] bodySha256,
    String idempotencyKey,
    long laneKey) {

  /** Milliseconds since the epoch; carried by the identifier. */
  public long receivedAtMillis() {
    return id.createdAtMillis();
  }
}
