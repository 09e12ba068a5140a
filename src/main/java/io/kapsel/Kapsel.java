package io.kapsel;

import akka.actor.BootstrapSetup;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.deliver.HttpDestination;
import io.kapsel.deliver.NameResolver;
import io.kapsel.endpoint.ConfigSeal;
import io.kapsel.endpoint.Renewal;
import io.kapsel.endpoint.VaultSetup;
import io.kapsel.http.HttpServer;
import io.kapsel.manage.ReplayRunner;
import io.kapsel.metrics.Metrics;
import io.kapsel.node.Membership;
import io.kapsel.node.Node;
import io.kapsel.node.SteadyClock;
import io.kapsel.secrets.Vault;
import io.kapsel.storage.Database;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.storage.EmbeddedPostgres;
import io.kapsel.storage.EmbeddedPostgresSettings;
import io.kapsel.storage.JournalKeeper;
import io.kapsel.storage.JournalWriter;
import io.kapsel.storage.KeyKeeper;
import io.kapsel.storage.PartitionSettings;
import io.kapsel.storage.Partitions;
import io.kapsel.storage.PostgresClusterRegister;
import io.kapsel.storage.PostgresContentStore;
import io.kapsel.storage.PostgresEndpointDirectory;
import io.kapsel.storage.PostgresHistoryStore;
import io.kapsel.storage.Replays;
import io.kapsel.storage.Schema;
import io.kapsel.storage.SchemaMismatch;
import java.io.IOException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The service of one node, from its database to its port. */
public final class Kapsel implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Kapsel.class);
  private static final Duration PING_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration LEAVING_TIMEOUT = Duration.ofSeconds(45);

  private static final long JOURNAL_KEEPER_EVERY_SECONDS = 60;

  private final Settings settings;
  private final BooleanSupplier toldToStop;

  /** What was opened, newest first: closed in this order. */
  private final Deque<AutoCloseable> opened;

  private final ActorSystem<Void> system;
  private final Node node;
  private final Tenancy.FirstKeys firstKeys;
  private final List<String> remarks;
  private final KeyKeeper keyKeeper;
  private final Edge edge;
  private final HttpServer server;

  /** Returns when webhooks are taken. */
  public static Kapsel start(Settings settings) throws StartFailed {
    return start(settings, ConfigFactory.empty(), () -> false);
  }

  /**
   * Returns when webhooks are taken.
   *
   * @param foreign what the operator says to Akka and the other libraries
   * @param toldToStop asked between the steps: a start that is not wanted any more fails
   */
  public static Kapsel start(Settings settings, Config foreign, BooleanSupplier toldToStop)
      throws StartFailed {
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    try {
      return new Kapsel(settings, foreign, toldToStop, opened);
    } catch (StartFailed failed) {
      closeAll(opened);
      throw failed;
    } catch (SchemaMismatch mismatch) {
      closeAll(opened);
      throw StartFailed.of(
          ErrorCode.SCHEMA_MISMATCH, String.valueOf(mismatch.getMessage()), mismatch);
    } catch (InterruptedException interrupted) {
      closeAll(opened);
      Thread.currentThread().interrupt();
      throw StartFailed.because(interrupted);
    } catch (Exception unexpected) {
      closeAll(opened);
      throw StartFailed.because(unexpected);
    }
  }

  private Kapsel(
      Settings settings, Config foreign, BooleanSupplier toldToStop, Deque<AutoCloseable> opened)
      throws Exception {
    this.settings = settings;
    this.toldToStop = toldToStop;
    this.opened = opened;
    InstantSource wall = InstantSource.system();
    InstantSource clock = new SteadyClock(wall, System::nanoTime);
    DatabaseSettings address = databaseAddress();
    Database database = open(Database.open(Wiring.database(settings.database(), address)));
    Schema.migrate(database);
    SecureRandom secureRandom = new SecureRandom();
    SecretKeys.Prepared keys = SecretKeys.prepare(settings, database, secureRandom);
    remarks = keys.remarks();
    Vault vault = new Vault(keys.keyring(), secureRandom);
    ConfigSeal seal = new ConfigSeal(vault);
    keyKeeper =
        open(
            new KeyKeeper(
                database, keys.current(), new Renewal(vault), clock, KeyKeeper.Pace.USUAL));
    keyKeeper.start();
    Tenancy tenancy = new Tenancy(database, clock);
    open(new Partitions(database, new PartitionSettings(3, settings.retentionDays()), clock))
        .start();
    open(new JournalKeeper(
            database, settings.endpoint().snapshotsKept(), JOURNAL_KEEPER_EVERY_SECONDS))
        .start();
    var contents = open(new PostgresContentStore(database, Wiring.contents(settings.content())));
    var history = open(new PostgresHistoryStore(database, Wiring.history(settings.history())));
    var directory = new PostgresEndpointDirectory(database, seal::write, seal::read);
    var journal = open(new JournalWriter(database, Wiring.journal(settings.journal())));
    system =
        ActorSystem.create(
            Behaviors.empty(),
            AkkaConfig.SYSTEM,
            BootstrapSetup.create(AkkaConfig.of(settings, address, foreign))
                .and(new VaultSetup(vault))
                .and(journal));
    opened.push(this::leave);
    List<String> seedNodes = AkkaConfig.seedNodes(settings.cluster());
    if (!seedNodes.isEmpty())
      Membership.start(system, seedNodes, new PostgresClusterRegister(database));
    var destination = open(destination(wall));
    Metrics metrics = Metrics.start();
    var limits = open(new ClusterLimits(settings, system, database, metrics.limits()));
    metrics.poolSize(settings.delivery().concurrencyMax());
    RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
    node =
        Node.start(
            system,
            new Node.Ports(
                clock,
                wall,
                random,
                contents,
                history,
                directory,
                destination,
                limits.gate(),
                limits::deliveryConcurrency,
                metrics.endpoints(),
                metrics::poolInUse,
                metrics::lost),
            Wiring.node(settings));
    if (seedNodes.isEmpty()) joinItself();
    awaitServing();
    edge =
        new Edge(
            settings,
            database,
            node,
            metrics,
            new Edge.Managed(clock, directory, contents, destination, tenancy.cursorKey()));
    open(new ReplayRunner(
            new Replays(database), node.endpoints(), clock, Wiring.management(settings).replays()))
        .start();
    server = bind();
    // Last, because they are shown once, by a start that has succeeded.
    firstKeys = tenancy.prepare(settings.apiKey(), settings.operatorKey());
  }

  private <T extends AutoCloseable> T open(T resource) throws StartFailed {
    opened.push(resource);
    goOn();
    return resource;
  }

  private void goOn() throws StartFailed {
    if (toldToStop.getAsBoolean())
      throw StartFailed.because(new CancellationException("told to stop while starting"));
  }

  private DatabaseSettings databaseAddress() throws IOException, StartFailed {
    if (!settings.database().url().isEmbedded()) return Wiring.external(settings.database());
    EmbeddedPostgres postgres =
        open(
            EmbeddedPostgres.start(
                EmbeddedPostgresSettings.in(settings.data().resolve("postgres"))
                    .withPort(settings.database().embeddedPort())));
    return DatabaseSettings.of(postgres);
  }

  private HttpDestination destination(InstantSource wall) throws NoSuchAlgorithmException {
    return new HttpDestination(
        system,
        Wiring.destination(settings.delivery(), Version.number()),
        NameResolver.system(),
        SSLContext.getDefault(),
        wall);
  }

  private void joinItself() {
    Cluster cluster = Cluster.get(system);
    cluster.manager().tell(Join.create(cluster.selfMember().address()));
  }

  /** A node that cannot reach its shards must not take webhooks. */
  private void awaitServing() throws InterruptedException, StartFailed {
    long deadline = System.nanoTime() + Node.SERVING_TIMEOUT.toNanos();
    while (true) {
      goOn();
      try {
        node.ping(PING_TIMEOUT).toCompletableFuture().get();
        return;
      } catch (ExecutionException notYet) {
        if (system.getWhenTerminated().toCompletableFuture().isDone())
          throw StartFailed.because(
              new IllegalStateException("the node did not get into its cluster"));
        if (System.nanoTime() > deadline)
          throw StartFailed.because(
              new TimeoutException("the cluster does not serve within " + Node.SERVING_TIMEOUT));
      }
    }
  }

  private HttpServer bind() throws StartFailed, InterruptedException {
    Settings.Http http = settings.http();
    try {
      return HttpServer.bind(http.host(), http.port(), Wiring.http(http), edge.entry())
          .toCompletableFuture()
          .get();
    } catch (ExecutionException failed) {
      throw StartFailed.of(
          ErrorCode.BIND_FAILED,
          "cannot listen on " + http.host() + ":" + http.port() + "; is something else there?",
          failed);
    }
  }

  public int port() {
    return server.address().getPort();
  }

  Node node() {
    return node;
  }

  Edge edge() {
    return edge;
  }

  /** Keys that this start has made, to be shown once. */
  Tenancy.FirstKeys firstKeys() {
    return firstKeys;
  }

  KeyKeeper keyKeeper() {
    return keyKeeper;
  }

  /** What the operator should know about this start, one line each. */
  List<String> remarks() {
    return remarks;
  }

  /** Completes when the node has stopped, by itself or because it was told to. */
  public CompletionStage<?> whenTerminated() {
    return system.getWhenTerminated();
  }

  /**
   * Turns new work away, finishes what is in flight, hands the shards over and closes the database.
   */
  @Override
  public void close() {
    if (!system.getWhenTerminated().toCompletableFuture().isDone()) drain();
    closeAll(opened);
    log.info("Stopped.");
  }

  private void drain() {
    log.info("Draining.");
    edge.front().startDraining();
    pause(settings.shutdown().quietMillis());
    Duration drain = Duration.ofMillis(settings.shutdown().drainMillis());
    await(server.stop(drain), drain, "requests in progress");
    await(node.drain(drain), drain, "attempts in flight");
  }

  private static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void leave() {
    CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.jvmExitReason());
    await(system.getWhenTerminated(), LEAVING_TIMEOUT, "leaving the cluster");
  }

  private static void await(CompletionStage<?> stage, Duration timeout, String what) {
    try {
      stage.toCompletableFuture().get(timeout.toMillis() + 1_000, TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException late) {
      log.warn("Gave up waiting for {}: {}", what, late.toString());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void closeAll(Deque<AutoCloseable> opened) {
    for (Optional<AutoCloseable> next = Optional.ofNullable(opened.poll());
        next.isPresent();
        next = Optional.ofNullable(opened.poll())) {
      try {
        next.get().close();
      } catch (Exception failed) {
        log.warn("Could not close {}", next.get(), failed);
      }
    }
  }
}
