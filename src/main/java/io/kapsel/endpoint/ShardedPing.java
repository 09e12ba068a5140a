package io.kapsel.endpoint;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Asks the cluster's sharding whether it serves. A member may be up and still be without a shard
 * coordinator for good; such a node serves nobody and must not count as ready.
 */
public final class ShardedPing {
  private static final EntityTypeKey<EndpointMessage> KEY =
      EntityTypeKey.create(EndpointMessage.class, "ping");
  private static final int ENTITIES = 16;

  private final ClusterSharding sharding;
  private final AtomicInteger next = new AtomicInteger();

  private ShardedPing(ClusterSharding sharding) {
    this.sharding = sharding;
  }

  public static ShardedPing start(ActorSystem<?> system) {
    ClusterSharding sharding = ClusterSharding.get(system);
    sharding.init(Entity.of(KEY, context -> echo()));
    return new ShardedPing(sharding);
  }

  private static Behavior<EndpointMessage> echo() {
    return Behaviors.receive(EndpointMessage.class)
        .onMessage(
            EndpointMessage.Ping.class,
            ping -> {
              ping.replyTo().tell(new EndpointMessage.Pong());
              return Behaviors.same();
            })
        .build();
  }

  /** Fails when there is no answer in time. */
  public CompletionStage<EndpointMessage.Reply> ask(Duration timeout) {
    String entity = Integer.toString(Math.floorMod(next.getAndIncrement(), ENTITIES));
    return sharding.entityRefFor(KEY, entity).ask(EndpointMessage.Ping::new, timeout);
  }
}
