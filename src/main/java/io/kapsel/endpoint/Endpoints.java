package io.kapsel.endpoint;

import akka.actor.typed.ActorSystem;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.WebhookId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The endpoints of the cluster, wherever they live. For management and other rare questions; stages
 * fail with a timeout when nobody answers.
 */
public final class Endpoints {
  private final ActorSystem<?> system;
  private final ClusterSharding sharding;
  private final Duration timeout;

  public Endpoints(ActorSystem<?> system, Duration timeout) {
    this.system = system;
    this.sharding = ClusterSharding.get(system);
    this.timeout = timeout;
  }

  /** Changes something; answers {@code Viewed} once the directory shows it, or {@code Rejected}. */
  public CompletionStage<EndpointMessage.Reply> order(EndpointId id, Endpoint.Command command) {
    return at(id).ask(replyTo -> new EndpointMessage.Order(Optional.of(command), replyTo), timeout);
  }

  /** Answers {@code Viewed}, or {@code Rejected} when the endpoint was never created. */
  public CompletionStage<EndpointMessage.Reply> look(EndpointId id) {
    return at(id).ask(replyTo -> new EndpointMessage.Order(Optional.empty(), replyTo), timeout);
  }

  /** Answers {@code Explained}, or {@code Rejected} when the endpoint was never created. */
  public CompletionStage<EndpointMessage.Reply> explain(EndpointId id, WebhookId webhook) {
    return at(id).ask(replyTo -> new EndpointMessage.Explain(webhook, replyTo), timeout);
  }

  /** Answers {@code Unowned}. */
  public CompletionStage<EndpointMessage.Reply> inquire(EndpointId id, List<WebhookId> webhooks) {
    return at(id)
        .ask(
            replyTo -> new EndpointMessage.Inquire(new Endpoint.Inquire(webhooks), replyTo),
            timeout);
  }

  /** Offers webhooks that were stored but are not owned; answers {@code Offered}. */
  public CompletionStage<EndpointMessage.Reply> adopt(
      EndpointId id, List<Endpoint.Offered> webhooks) {
    return at(id)
        .ask(
            replyTo -> new EndpointMessage.Offer(new Endpoint.Offer(0, true, webhooks), 0, replyTo),
            timeout);
  }

  /** Fire and forget; the answer goes to the offer's own reply address. */
  public void offer(EndpointId id, EndpointMessage.Offer offer) {
    at(id).tell(offer);
  }

  /** Starts the endpoint where it belongs, if it is asleep. */
  public void awaken(EndpointId id) {
    at(id).tell(new EndpointMessage.Order(Optional.empty(), system.ignoreRef()));
  }

  private EntityRef<EndpointMessage> at(EndpointId id) {
    return sharding.entityRefFor(EndpointActor.KEY, id.toString());
  }
}
