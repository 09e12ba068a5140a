package io.kapsel.storage;

import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Webhook content: written once before acceptance, read for delivery. Implementations: PostgreSQL
 * in production, the simulated store in the simulator. Stages may complete on any thread, and fail
 * with {@link StorageUnavailable} when the store cannot answer; a failed store may still have
 * happened.
 */
public interface ContentStore {
  /** Completes when the content is durably committed. */
  CompletionStage<Void> store(Webhook webhook);

  /** The contents found, in no particular order; missing ones (erased, expired) are left out. */
  CompletionStage<List<Webhook>> fetch(List<WebhookId> ids);

  /**
   * @param found in no particular order; missing ones (erased, expired) are left out
   * @param later left out for want of room
   */
  record Contents(List<Webhook> found, List<WebhookId> later) {}

  /**
   * As much of these contents as fits.
   *
   * @param bytesMax of bodies together; small ones may come although they exceed it
   */
  default CompletionStage<Contents> fetch(List<WebhookId> ids, long bytesMax) {
    return fetch(ids).thenApply(found -> new Contents(found, List.of()));
  }

  /** Removes content that was never acknowledged; unknown ids are ignored. */
  CompletionStage<Void> remove(List<WebhookId> ids);

  /**
   * @param webhooks in id order, without headers and body
   * @param reached there are no others up to this id
   */
  record Stretch(List<Webhook> webhooks, WebhookId reached) {}

  /**
   * Content with an id in (after, until] that has no recorded outcome, at most {@code limit}, as
   * far as it is found with a bounded amount of work.
   */
  CompletionStage<Stretch> withoutOutcome(WebhookId after, WebhookId until, int limit);

  /** How far the reconciler has come; the smallest identifier before its first run. */
  CompletionStage<WebhookId> watermark();

  /** Remembers how far the reconciler has come. */
  CompletionStage<@Nullable Void> advance(WebhookId watermark);
}
