package io.kapsel.endpoint;

import akka.actor.typed.ActorRef;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Standing;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.deliver.DeliveryPool;
import java.util.List;
import java.util.Optional;

/** What an endpoint's actor understands. {@link Remote} messages travel between nodes. */
public sealed interface EndpointMessage {

  /** Serialised by {@link KapselSerializer} when the endpoint lives on another node. */
  sealed interface Remote permits Offer, Order, Inquire, Explain, Ping, Reply {}

  /**
   * Webhooks to accept. One offer at a time per endpoint and node.
   *
   * @param ticket comes back in the answer
   */
  record Offer(Endpoint.Offer offer, long ticket, ActorRef<Reply> replyTo)
      implements EndpointMessage, Remote {}

  /**
   * A command of the management API.
   *
   * @param command empty to look without changing anything
   */
  record Order(Optional<Endpoint.Command> command, ActorRef<Reply> replyTo)
      implements EndpointMessage, Remote {}

  /** The reconciler's question. */
  record Inquire(Endpoint.Inquire inquiry, ActorRef<Reply> replyTo)
      implements EndpointMessage, Remote {}

  /** Where a webhook stands; answered by {@code Explained} or {@code Rejected}. */
  record Explain(WebhookId webhook, ActorRef<Reply> replyTo) implements EndpointMessage, Remote {}

  /** Whether sharding serves; answered by {@link ShardedPing}, never by an endpoint. */
  record Ping(ActorRef<Reply> replyTo) implements EndpointMessage, Remote {}

  /** Answers of an endpoint's actor. */
  sealed interface Reply extends Remote {}

  /**
   * @param answers one for each offered webhook; empty when the settings were outdated
   * @param current the endpoint as it is now, when the settings were outdated
   */
  record Offered(long ticket, List<Endpoint.Answer> answers, Optional<EndpointView> current)
      implements Reply {}

  record Viewed(EndpointView view) implements Reply {}

  record Explained(EndpointView view, Standing standing) implements Reply {}

  record Rejected(Rejection rejection) implements Reply {}

  record Unowned(List<WebhookId> webhooks) implements Reply {}

  record Pong() implements Reply {}

  // -------------------------------------------------------------------- within the node

  /** Outcomes from the delivery pool. */
  record Reported(DeliveryPool.Report report) implements EndpointMessage {}

  record HistoryTaken(long batch) implements EndpointMessage {}

  record HistoryFailed(Throwable cause) implements EndpointMessage {}

  record DirectoryTaken(long version) implements EndpointMessage {}

  record DirectoryFailed(Throwable cause) implements EndpointMessage {}

  enum Timer implements EndpointMessage {
    WAKE,
    HISTORY,
    DIRECTORY,
    IDLE
  }

  /** Sent by the shard at hand-over and passivation; always obeyed at once. */
  enum Stop implements EndpointMessage {
    INSTANCE
  }
}
