package io.kapsel.node;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.ClusterShardingSettings;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.typed.ClusterSingleton;
import akka.cluster.typed.SingletonActor;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.deliver.DeliveryPool;
import io.kapsel.deliver.Destination;
import io.kapsel.endpoint.EndpointActor;
import io.kapsel.endpoint.EndpointMessage;
import io.kapsel.endpoint.EndpointObserver;
import io.kapsel.endpoint.Endpoints;
import io.kapsel.endpoint.KeyRoom;
import io.kapsel.endpoint.ShardedPing;
import io.kapsel.ingest.Ingest;
import io.kapsel.ingest.OfferGateway;
import io.kapsel.ingest.Reconciler;
import io.kapsel.limit.IngestGate;
import io.kapsel.storage.ContentStore;
import io.kapsel.storage.EndpointDirectory;
import io.kapsel.storage.HistoryStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;
import java.util.function.ToIntFunction;
import java.util.random.RandomGenerator;

/** The actors of one node and the ways to reach them. */
public final class Node {
  /** A start has failed when the cluster's sharding has not answered the node by then. */
  public static final Duration SERVING_TIMEOUT = Duration.ofMinutes(2);

  private static final Duration RESTART_MIN = Duration.ofMillis(200);
  private static final Duration RESTART_MAX = Duration.ofSeconds(10);
  private static final double RESTART_JITTER = 0.2;

  /**
   * What a node needs from outside; real in production, simulated in the simulator.
   *
   * @param clock for everything that is due: see {@link SteadyClock}
   * @param wall the system's wall clock, for comparing with the timestamps of others
   * @param gate who may send how much
   * @param tenantConcurrency attempts of one tenant at the same time on this node, 0 for no limit;
   *     must be quick
   */
  public record Ports(
      InstantSource clock,
      InstantSource wall,
      RandomGenerator random,
      ContentStore contents,
      HistoryStore history,
      EndpointDirectory directory,
      Destination destination,
      IngestGate gate,
      ToIntFunction<TenantId> tenantConcurrency,
      EndpointObserver observer,
      DeliveryPool.PoolGauge poolGauge,
      LongConsumer lost) {

    /** Without limits of tenants. */
    public Ports(
        InstantSource clock,
        InstantSource wall,
        RandomGenerator random,
        ContentStore contents,
        HistoryStore history,
        EndpointDirectory directory,
        Destination destination,
        EndpointObserver observer,
        DeliveryPool.PoolGauge poolGauge,
        LongConsumer lost) {
      this(
          clock,
          wall,
          random,
          contents,
          history,
          directory,
          destination,
          IngestGate.open(),
          tenant -> 0,
          observer,
          poolGauge,
          lost);
    }
  }

  /**
   * @param gateways offers to different endpoints are spread over so many actors
   * @param idempotencyKeysMax keys that all endpoints of the node remember together
   * @param endpointsCachedMax endpoints whose settings the edge remembers
   * @param orderTimeout how long a management call waits for an endpoint
   */
  public record NodeSettings(
      Limits limits,
      EndpointActor.ActorSettings actor,
      DeliveryPool.PoolSettings pool,
      OfferGateway.GatewaySettings gateway,
      Reconciler.ReconcilerSettings reconciler,
      int gateways,
      int idempotencyKeysMax,
      int endpointsCachedMax,
      Duration orderTimeout) {
    public static final NodeSettings DEFAULT =
        new NodeSettings(
            Limits.DEFAULT,
            EndpointActor.ActorSettings.DEFAULT,
            DeliveryPool.PoolSettings.DEFAULT,
            OfferGateway.GatewaySettings.DEFAULT,
            Reconciler.ReconcilerSettings.DEFAULT,
            2,
            4_000_000,
            100_000,
            Duration.ofSeconds(5));
  }

  private final ActorSystem<?> system;
  private final ActorRef<DeliveryPool.Message> pool;
  private final Ingest ingest;
  private final Endpoints endpoints;
  private final ShardedPing ping;

  private Node(
      ActorSystem<?> system,
      ActorRef<DeliveryPool.Message> pool,
      Ingest ingest,
      Endpoints endpoints,
      ShardedPing ping) {
    this.system = system;
    this.pool = pool;
    this.ingest = ingest;
    this.endpoints = endpoints;
    this.ping = ping;
  }

  /** Starts the node's actors; the node takes part in sharding as soon as it is up. */
  public static Node start(ActorSystem<?> system, Ports ports, NodeSettings settings) {
    ActorRef<DeliveryPool.Message> pool =
        system.systemActorOf(
            restarted(
                DeliveryPool.create(
                    settings.pool(),
                    ports.contents(),
                    ports.destination(),
                    ports.clock(),
                    ports.tenantConcurrency(),
                    ports.poolGauge())),
            "delivery-pool",
            Props.empty());
    Endpoints endpoints = new Endpoints(system, settings.orderTimeout());
    EndpointActor.Node home =
        new EndpointActor.Node(
            ports.clock(),
            ports.random(),
            pool,
            ports.history(),
            ports.directory(),
            ports.observer(),
            settings.limits(),
            new KeyRoom(settings.idempotencyKeysMax()),
            settings.actor(),
            endpoints::awaken);
    ClusterSharding.get(system)
        .init(
            Entity.of(
                    EndpointActor.KEY,
                    context ->
                        EndpointActor.create(
                            endpointId(context.getEntityId()), home, context.getShard()))
                .withStopMessage(EndpointMessage.Stop.INSTANCE)
                .withSettings(ClusterShardingSettings.create(system).withRememberEntities(true)));
    Ingest ingest = ingest(system, ports, settings, endpoints);
    ClusterSingleton.get(system)
        .init(
            SingletonActor.of(
                    restarted(
                        Reconciler.create(
                            settings.reconciler(),
                            ports.contents(),
                            Reconciler.Owners.of(endpoints),
                            ports.clock(),
                            ports.lost())),
                    "reconciler")
                .withStopMessage(Reconciler.Stop.INSTANCE));
    system.systemActorOf(StandstillWatch.create(ports.clock()), "standstill-watch", Props.empty());
    return new Node(system, pool, ingest, endpoints, ShardedPing.start(system));
  }

  private static Ingest ingest(
      ActorSystem<?> system, Ports ports, NodeSettings settings, Endpoints endpoints) {
    List<ActorRef<OfferGateway.Message>> gateways = new ArrayList<>();
    for (int i = 0; i < settings.gateways(); i++)
      gateways.add(
          system.systemActorOf(
              restarted(OfferGateway.create(settings.gateway(), ports.clock(), endpoints::offer)),
              "offer-gateway-" + i,
              Props.empty()));
    return Ingest.create(
        ports.directory(),
        endpoints,
        settings.endpointsCachedMax(),
        settings.actor().idleAfter(),
        ports.gate(),
        ports.contents(),
        submit ->
            gateways.get(Math.floorMod(submit.endpoint().hashCode(), gateways.size())).tell(submit),
        ports.clock(),
        ports.wall(),
        ports.random());
  }

  private static EndpointId endpointId(String entity) {
    return EndpointId.parse(entity)
        .orElseThrow(() -> new IllegalArgumentException("Not an endpoint: " + entity));
  }

  private static <T> Behavior<T> restarted(Behavior<T> behavior) {
    return Behaviors.supervise(behavior)
        .onFailure(SupervisorStrategy.restartWithBackoff(RESTART_MIN, RESTART_MAX, RESTART_JITTER));
  }

  public Ingest ingest() {
    return ingest;
  }

  public Endpoints endpoints() {
    return endpoints;
  }

  /** Completes when the cluster's sharding answers this node; fails when it does not in time. */
  public CompletionStage<?> ping(Duration timeout) {
    return ping.ask(timeout);
  }

  /** Starts no more attempts; completes when those in flight have ended and are journaled. */
  public CompletionStage<Done> drain(Duration timeout) {
    return AskPattern.ask(pool, DeliveryPool.Drain::new, timeout, system.scheduler());
  }
}
