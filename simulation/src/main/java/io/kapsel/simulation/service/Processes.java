package io.kapsel.simulation.service;

import static io.kapsel.node.Node.SERVING_TIMEOUT;

import akka.actor.BootstrapSetup;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigValueFactory;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.deliver.DeliveryPool;
import io.kapsel.endpoint.EndpointActor;
import io.kapsel.endpoint.VaultSetup;
import io.kapsel.http.Handler;
import io.kapsel.http.ProblemResponse;
import io.kapsel.http.Request;
import io.kapsel.http.RequestHead;
import io.kapsel.http.Response;
import io.kapsel.ingest.IngestHttp;
import io.kapsel.ingest.OfferGateway;
import io.kapsel.ingest.Reconciler;
import io.kapsel.node.Membership;
import io.kapsel.node.SteadyClock;
import io.kapsel.secrets.Keyring;
import io.kapsel.secrets.Vault;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.storage.Database;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.World;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The service on every node: production's wiring with simulated ports. */
public final class Processes {
  private static final Duration PING_TIMEOUT = Duration.ofSeconds(1);
  private static final long PING_AGAIN_NANOS = 500_000_000L;
  private static final int CONTENTS_QUEUED_MAX = 50;
  private static final String SEED_NODES = "akka.cluster.seed-nodes";
  private static final ConfigList NONE = ConfigValueFactory.fromIterable(List.of());

  /** What a planted bug makes of a node's ports; without one, nothing. */
  public interface Surgery {
    io.kapsel.node.Node.Ports ports(io.kapsel.node.Node.Ports ports);
  }

  private static final class Running {
    final io.kapsel.node.Node service;
    final IngestHttp ingest;
    boolean serves;
    boolean draining;

    Running(io.kapsel.node.Node service, IngestHttp ingest) {
      this.service = service;
      this.ingest = ingest;
    }
  }

  private final World world;
  private final Options options;
  private final Database database;
  private final Recorder recorder;
  private final Destinations destinations;
  private final Gates gates;
  private final Surgery surgery;
  private final SimulatedContents.Rows contents = new SimulatedContents.Rows();
  private final HistoryRows history = new HistoryRows();
  private final SimulatedDirectory.Rows directory = new SimulatedDirectory.Rows();
  private final SimulatedRegister.Rows register = new SimulatedRegister.Rows();
  private final TreeMap<String, Running> processes = new TreeMap<>();
  private long lost;

  public Processes(
      World world,
      Options options,
      Database database,
      Recorder recorder,
      Destinations destinations,
      Gates gates,
      Surgery surgery) {
    this.world = world;
    this.options = options;
    this.database = database;
    this.recorder = recorder;
    this.destinations = destinations;
    this.gates = gates;
    this.surgery = surgery;
  }

  /** Starts the service on a node; called as a part of it. */
  public ActorSystem<?> start(Node node, Config config) {
    recorder.see(new Observation.NodeBooted(recorder.now(), node.id()));
    List<String> seedNodes = config.getStringList(SEED_NODES);
    boolean isAlone = seedNodes.size() == 1;
    ActorSystem<Void> system =
        ActorSystem.create(
            Behaviors.empty(),
            "kapsel",
            BootstrapSetup.create(isAlone ? config : config.withValue(SEED_NODES, NONE))
                .and(new VaultSetup(vault(node))));
    if (!isAlone)
      Membership.start(
          system, seedNodes, new SimulatedRegister(node, recorder, database, register));
    InstantSource wall = wall();
    io.kapsel.node.Node.Ports ports =
        new io.kapsel.node.Node.Ports(
            new SteadyClock(wall, world::nanoTime),
            wall,
            random(node),
            new SimulatedContents(node, database, contents, history, recorder, CONTENTS_QUEUED_MAX),
            new SimulatedHistory(node, database, history, recorder),
            new SimulatedDirectory(node, database, directory, recorder),
            destinations.from(node),
            gates.of(node),
            tenant -> 0,
            recorder.at(node),
            permits -> {},
            count -> lost += count);
    io.kapsel.node.Node service =
        io.kapsel.node.Node.start(system, surgery.ports(ports), settings());
    IngestHttp ingest =
        new IngestHttp(
            new IngestHttp.Pipeline(service.ingest()::admit, service.ingest()::accept),
            Workload.BODY_BYTES_MAX,
            "https://kapsel.example",
            reply -> {});
    processes.put(node.id(), new Running(service, ingest));
    awaitServing(node, system, recorder.now() + SERVING_TIMEOUT.toNanos());
    return system;
  }

  /** As in production, a node takes requests once the cluster's sharding has answered it. */
  private void awaitServing(Node node, ActorSystem<Void> system, long deadlineNanos) {
    Running process = process(node);
    process
        .service
        .ping(PING_TIMEOUT)
        .whenComplete(
            (pong, failure) -> {
              if (failure == null) {
                process.serves = true;
                recorder.see(new Observation.NodeServes(recorder.now(), node.id()));
              } else if (recorder.now() > deadlineNanos) {
                system.terminate();
              } else {
                world.schedule(
                    node,
                    PING_AGAIN_NANOS,
                    () ->
                        world.enqueue(
                            node, "start", () -> awaitServing(node, system, deadlineNanos)));
              }
            });
  }

  private InstantSource wall() {
    return new InstantSource() {
      @Override
      public Instant instant() {
        return Instant.ofEpochMilli(millis());
      }

      @Override
      public long millis() {
        return world.wallMillis();
      }
    };
  }

  private RandomGenerator random(Node node) {
    return world.randomness().stream("node", node.id());
  }

  /** A restart comes with another key in front: operators do that. */
  private Vault vault(Node node) {
    Randomness randomness = world.randomness();
    String one = Keyring.newKey(randomness.stream("key", 1));
    String other = Keyring.newKey(randomness.stream("key", 2));
    boolean swapped = node.incarnation() % 2 == 0;
    return new Vault(
        Keyring.parse(swapped ? other + "," + one : one + "," + other),
        randomness.stream("nonce", node.id()));
  }

  /** The bounds on every endpoint of a run. */
  public static Limits limits(Options options) {
    return new Limits(
        options.count(Option.QUEUE_MAX),
        options.whole(Option.WINDOW_SECONDS) * 1_000,
        options.count(Option.WINDOW_KEYS_MAX),
        options.whole(Option.OFFER_AGE_MILLIS_MAX),
        options.whole(Option.ATTEMPT_GRACE_MILLIS),
        options.count(Option.OUTBOX_BATCHES_MAX),
        Limits.DEFAULT.rotationOverlapMillis(),
        options.count(Option.WINDOW_SEGMENT_KEYS));
  }

  private io.kapsel.node.Node.NodeSettings settings() {
    return new io.kapsel.node.Node.NodeSettings(
        limits(options),
        new EndpointActor.ActorSettings(
            millis(Option.IDLE_MILLIS),
            options.count(Option.SNAPSHOT_WEIGHT_MIN),
            millis(Option.DIRECTORY_REFRESH_MILLIS_MAX)),
        new DeliveryPool.PoolSettings(
            options.count(Option.POOL_CONCURRENCY),
            options.whole(Option.POOL_WAIT_MILLIS_MAX),
            options.whole(Option.POOL_BODIES_BYTES_MAX)),
        new OfferGateway.GatewaySettings(
            options.count(Option.GATEWAY_BATCH_MAX),
            options.count(Option.GATEWAY_WAITING_MAX),
            millis(Option.GATEWAY_TIMEOUT_MILLIS)),
        new Reconciler.ReconcilerSettings(
            millis(Option.RECONCILER_EVERY_MILLIS),
            Reconciler.ReconcilerSettings.DEFAULT.settled(),
            options.count(Option.RECONCILER_BATCH_MAX)),
        options.count(Option.GATEWAYS),
        options.count(Option.NODE_KEYS_MAX),
        options.count(Option.CACHE_ENDPOINTS_MAX),
        millis(Option.ORDER_TIMEOUT_MILLIS));
  }

  private Duration millis(Option option) {
    return Duration.ofMillis(options.whole(option));
  }

  private Running process(Node node) {
    Running process = processes.get(node.id());
    if (process == null) throw new IllegalStateException(node + " was never started");
    return process;
  }

  /** The service of a living node that takes requests. */
  public io.kapsel.node.Node service(Node node) {
    return process(node).service;
  }

  /** A node that takes requests, as a load balancer would choose it. */
  public @Nullable Node pick(Randomness.Stream draws) {
    long draw = draws.nextLong() >>> 1;
    List<Node> serving = new ArrayList<>();
    for (Node node : world.liveNodes()) {
      Running process = processes.get(node.id());
      if (process != null && process.serves && !process.draining) serving.add(node);
    }
    return serving.isEmpty() ? null : serving.get((int) (draw % serving.size()));
  }

  public boolean serves(Node node) {
    Running process = processes.get(node.id());
    return process != null && process.serves;
  }

  /** Stored webhooks that the service had to give up. */
  public long lost() {
    return lost;
  }

  HistoryRows history() {
    return history;
  }

  SimulatedContents.Rows contents() {
    return contents;
  }

  /** One request to the HTTP handler of production; runs as a part of the node. */
  CompletionStage<Response> take(
      Node node, EndpointId endpoint, Supplier<List<Header>> headers, Body body) {
    Running process = process(node);
    RequestHead head =
        new RequestHead(
            "POST",
            IngestHttp.PREFIX + endpoint,
            IngestHttp.PREFIX + endpoint,
            "",
            "kapsel.example",
            false,
            headers.get(),
            body.length(),
            true,
            false);
    if (process.draining)
      return CompletableFuture.completedFuture(
          ProblemResponse.of(Rejection.of(ErrorCode.SHUTTING_DOWN), "request"));
    return answer(process.ingest.admit(head, null), new Request(head, body.unsafeBytes().clone()));
  }

  private static CompletionStage<Response> answer(Handler.Admission admission, Request request) {
    return switch (admission) {
      case Handler.Admission.Refuse refuse -> CompletableFuture.completedFuture(refuse.response());
      case Handler.Admission.Later later ->
          later.admission().thenCompose(known -> answer(known, request));
      case Handler.Admission.Read read ->
          request.body().length > read.bodyBytesMax()
              ? CompletableFuture.completedFuture(
                  ProblemResponse.of(Rejection.of(ErrorCode.PAYLOAD_TOO_LARGE), "request"))
              : read.answer().to(request);
    };
  }

  /** The first half of an orderly stop: no new requests, attempts in flight end. */
  public CompletionStage<?> drain(Node node) {
    Running process = process(node);
    process.draining = true;
    recorder.see(new Observation.NodeLeaving(recorder.now(), node.id()));
    return process.service.drain(millis(Option.DRAIN_MILLIS));
  }
}
