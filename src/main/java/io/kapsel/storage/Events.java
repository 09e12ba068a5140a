package io.kapsel.storage;

import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * What the event tables tell a tenant. Every query costs a bounded amount of work whatever the
 * tables hold: a list may therefore return fewer events than asked for, or none, and still have a
 * next page.
 */
public final class Events {
  /**
   * @param deliveredAtMillis 0 when not delivered
   * @param nextAttemptAtMillis 0 when none was due when the history was written
   * @param payloadSha256 64 lower-case hex digits
   */
  public record Event(
      WebhookId id,
      EndpointId endpoint,
      EventStatus status,
      int attempts,
      long deliveredAtMillis,
      long nextAttemptAtMillis,
      String idempotencyKey,
      String contentType,
      int payloadBytes,
      String payloadSha256,
      boolean erased) {}

  /**
   * @param responseStatus 0 when there was no response
   * @param errorCode empty when delivered
   * @param nextAttemptAtMillis 0 when it was the last
   */
  public record AttemptMade(
      int number,
      long attemptedAtMillis,
      int durationMillis,
      int responseStatus,
      Outcome.Kind outcome,
      String errorCode,
      String errorMessage,
      String responseExcerpt,
      long nextAttemptAtMillis) {}

  /** As received; empty after erasure. */
  public record Payload(String contentType, List<Header> headers, Body body, boolean erased) {}

  /**
   * @param receivedFromMillis inclusive, 0 for no bound
   * @param receivedUntilMillis exclusive, {@link Long#MAX_VALUE} for no bound
   */
  public record Filter(
      Optional<EndpointId> endpoint,
      Optional<EventStatus> status,
      long receivedFromMillis,
      long receivedUntilMillis) {
    public static final Filter NONE =
        new Filter(Optional.empty(), Optional.empty(), 0, Long.MAX_VALUE);
  }

  /**
   * @param next where the next page starts, empty when there is none
   */
  public record Page(List<Event> events, Optional<WebhookId> next) {}

  private final Database database;

  public Events(Database database) {
    this.database = database;
  }

  /** Found as soon as its content is stored. */
  public CompletionStage<Optional<Event>> find(TenantId tenant, WebhookId id) {
    return database.run(connection -> EventQueries.find(connection, tenant, id));
  }

  /** In order of their numbers, the latest {@code limit} of each webhook. */
  public CompletionStage<Map<WebhookId, List<AttemptMade>>> attempts(
      List<WebhookId> ids, int limit) {
    return database.run(connection -> EventQueries.attempts(connection, ids, limit));
  }

  public CompletionStage<Optional<Payload>> payload(TenantId tenant, WebhookId id) {
    return database.run(connection -> EventQueries.payload(connection, tenant, id));
  }

  /** The hash of the ordering key that the webhook was stored with. */
  public CompletionStage<Long> laneKey(WebhookId id) {
    return database.run(connection -> EventQueries.laneKey(connection, id));
  }

  /**
   * Removes body and headers for good; what was done with them stays. True when the tenant has the
   * webhook, erased before or not.
   */
  public CompletionStage<Boolean> erase(TenantId tenant, WebhookId id, long nowMillis) {
    return database.run(connection -> EventQueries.erase(connection, tenant, id, nowMillis));
  }

  /**
   * Newest first.
   *
   * @param before where the page starts, exclusive: {@link Page#next} of the page before
   */
  public CompletionStage<Page> list(
      TenantId tenant, Filter filter, Optional<WebhookId> before, int limit) {
    return database.run(
        connection -> new EventList(connection, tenant, filter, before, limit).page());
  }
}
