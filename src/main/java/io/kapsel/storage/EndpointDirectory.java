package io.kapsel.storage;

import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Which endpoints exist. The endpoint's actor is the owner of its configuration and keeps its entry
 * here current; the edge looks ids up here so that an unknown id never wakes an actor.
 */
public interface EndpointDirectory {
  /**
   * @param version rises with every change; an older version never replaces a newer one
   */
  record Entry(
      EndpointId id,
      TenantId tenant,
      Status status,
      long version,
      EndpointConfig config,
      long createdAtMillis,
      long updatedAtMillis) {}

  CompletionStage<Optional<Entry>> find(EndpointId id);

  /** Completes when committed. */
  CompletionStage<Void> put(Entry entry);
}
