package io.kapsel.ingest;

import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.WebhookId;

/** What the sender is told. */
public sealed interface IngestReply {
  /**
   * Durably stored and owned by its endpoint.
   *
   * @param id of the webhook that was accepted first under this key
   */
  record Accepted(WebhookId id, boolean duplicate) implements IngestReply {}

  record Rejected(Rejection rejection) implements IngestReply {}
}
