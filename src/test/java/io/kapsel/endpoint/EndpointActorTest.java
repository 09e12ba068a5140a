package io.kapsel.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.persistence.testkit.PersistenceTestKitPlugin;
import akka.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import akka.persistence.testkit.ProcessingSuccess;
import akka.persistence.testkit.WriteEvents;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import akka.persistence.testkit.javadsl.SnapshotTestKit;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kapsel.core.endpoint.Attempt;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.KeyHash;
import io.kapsel.core.endpoint.KeyWindow;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.deliver.DeliveryPool;
import io.kapsel.storage.EndpointDirectory;
import io.kapsel.storage.HistoryStore;
import io.kapsel.storage.StorageUnavailable;
import io.kapsel.testing.Waiting;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * The shell on a journal and a snapshot store in memory that serialise everything they are given.
 * Its neighbours are probes and lists.
 */
final class EndpointActorTest {
  private static final long NOW = System.currentTimeMillis();
  private static final Duration SOON = Duration.ofMillis(50);
  private static final EndpointId ID = new EndpointId(0x0192_0000_0000_7001L, -3L);

  /** However long ago the test began, an offer of its time is not too old. */
  private static final Limits PATIENT =
      new Limits(
          100_000,
          86_400_000,
          1_000_000,
          86_400_000,
          60_000,
          1_000,
          86_400_000,
          KeyWindow.SEGMENT_KEYS);

  private static final EndpointConfig CONFIG =
      new EndpointConfig(
          "orders",
          "https://example.com/hooks",
          SignatureSettings.NONE,
          IdempotencySettings.DEFAULT,
          RetryPolicy.DEFAULT,
          CircuitPolicy.DEFAULT,
          DeliverySettings.DEFAULT,
          false);

  private final KeyRoom keys = new KeyRoom(1_500);
  private final Directory directory = new Directory();
  private final History history = new History();
  private final Watcher watcher = new Watcher();
  private final ConcurrentLinkedQueue<EndpointId> awakened = new ConcurrentLinkedQueue<>();
  private final AtomicLong passedMillis = new AtomicLong();
  private ActorTestKit kit;
  private TestProbe<ClusterSharding.ShardCommand> shard;
  private TestProbe<DeliveryPool.Message> pool;
  private TestProbe<EndpointMessage.Reply> asker;
  private int spawned;

  @BeforeEach
  void start() {
    Config kapsel = ConfigFactory.parseResources("kapsel-akka.conf");
    kit =
        ActorTestKit.create(
            ConfigFactory.parseString(
                    """
                    akka.loglevel = WARNING
                    akka.actor.provider = local
                    akka.actor.testkit.typed.single-expect-default = 15s
                    akka.persistence.journal.plugin = "akka.persistence.testkit.journal"
                    akka.persistence.testkit.events.serialize = on
                    akka.persistence.testkit.snapshots.serialize = on
                    """)
                .withFallback(PersistenceTestKitPlugin.config())
                .withFallback(PersistenceTestKitSnapshotPlugin.config())
                .withFallback(kapsel)
                .resolve());
    shard = kit.createTestProbe();
    pool = kit.createTestProbe();
    asker = kit.createTestProbe();
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Nested
  class WhenItFallsAsleep {
    @Test
    void asks_its_shard_to_let_it_go() {
      created(SOON);
      assertEquals(
          ClusterSharding.Passivate.class, shard.receiveMessage(Duration.ofSeconds(10)).getClass());
    }

    @Test
    void is_woken_again_for_what_it_accepted_in_the_meantime() {
      ActorRef<EndpointMessage> endpoint = created(SOON);
      shard.receiveMessage(Duration.ofSeconds(10));
      accept(endpoint, 1);
      stop(endpoint);
      assertEquals(List.of(ID), List.copyOf(awakened));
    }

    @Test
    void begins_no_attempt_that_it_would_repeat_when_awake() {
      ActorRef<EndpointMessage> endpoint = created(SOON);
      shard.receiveMessage(Duration.ofSeconds(10));
      accept(endpoint, 1);
      stop(endpoint);
      pool.expectNoMessage(Duration.ZERO);
      spawn(Duration.ofHours(1));
      assertEquals(1, delivery().attempts().size());
    }

    @Test
    void is_not_woken_when_it_is_moved_with_its_backlog() {
      ActorRef<EndpointMessage> endpoint = created(Duration.ofHours(1));
      accept(endpoint, 1);
      stop(endpoint);
      assertEquals(List.of(), List.copyOf(awakened));
    }

    @Test
    void is_left_asleep_when_nothing_came() {
      ActorRef<EndpointMessage> endpoint = created(SOON);
      shard.receiveMessage(Duration.ofSeconds(10));
      stop(endpoint);
      assertEquals(List.of(), List.copyOf(awakened));
    }
  }

  @Nested
  class WhileTheDirectoryIsAway {
    @Test
    void stays_awake_until_its_row_is_written() {
      ActorRef<EndpointMessage> endpoint = created(SOON);
      shard.receiveMessage(Duration.ofSeconds(10));
      directory.away = true;
      endpoint.tell(
          new EndpointMessage.Order(
              Optional.of(new Endpoint.SetStatus(Status.PAUSED)), asker.ref()));
      EndpointMessage.Rejected rejected = asker.expectMessageClass(EndpointMessage.Rejected.class);
      assertEquals(ErrorCode.DATABASE_UNAVAILABLE, rejected.rejection().code());
      shard.expectNoMessage(Duration.ofMillis(500));
      directory.away = false;
      shard.receiveMessage(Duration.ofSeconds(10));
      assertEquals(
          Status.PAUSED, directory.find(ID).toCompletableFuture().join().orElseThrow().status());
    }
  }

  @Nested
  class AfterARestart {
    @Test
    void is_what_it_was_and_owes_what_it_owed() {
      ActorRef<EndpointMessage> endpoint = created(Duration.ofHours(1));
      accept(endpoint, 1, 2, 3);
      DeliveryPool.Deliver deliver = delivery();
      deliver
          .replyTo()
          .tell(
              new DeliveryPool.Report(
                  List.of(
                      finished(deliver.attempts().get(0), Outcome.delivered(200, "thanks")),
                      finished(
                          deliver.attempts().get(1),
                          new Outcome(
                              Outcome.Kind.RATE_LIMITED,
                              429,
                              ErrorCode.DELIVERY_RATE_LIMITED,
                              "Slow down.",
                              "später",
                              60_000))),
                  List.of()));
      pool.expectMessageClass(DeliveryPool.Taken.class);
      State before = stateAfterStop(endpoint);

      spawn(Duration.ofHours(1));
      DeliveryPool.Deliver repeated = delivery();
      assertEquals(List.of(deliver.attempts().get(2)), repeated.attempts());
      watcher.awaitState(before);
    }

    @Test
    void comes_back_from_a_snapshot_and_what_followed_it() {
      ActorRef<EndpointMessage> endpoint = created(Duration.ofHours(1));
      for (int i = 1; i <= 400; i++) accept(endpoint, i);
      State before = stateAfterStop(endpoint);
      assertFalse(
          SnapshotTestKit.create(kit.system()).persistedInStorage("endpoint|" + ID).isEmpty(),
          "no snapshot was taken");

      pool = kit.createTestProbe();
      spawn(Duration.ofHours(1));
      DeliveryPool.Deliver repeated = delivery();
      assertEquals(100, repeated.attempts().size());
      watcher.awaitState(before);
    }
  }

  @Nested
  class InManyShortLives {
    @Test
    void takes_a_snapshot_when_they_are_long_enough_together() {
      ActorRef<EndpointMessage> endpoint = created(Duration.ofHours(1));
      for (int life = 0; life < 4; life++) {
        for (int i = 1; i <= 60; i++) accept(endpoint, 100 * life + i);
        stop(endpoint);
        pool = kit.createTestProbe();
        endpoint = spawn(Duration.ofHours(1));
      }
      assertFalse(
          SnapshotTestKit.create(kit.system()).persistedInStorage("endpoint|" + ID).isEmpty(),
          "no snapshot was taken");
    }
  }

  @Nested
  class WhenTheNodeHasRoomForFewKeys {
    @Test
    void forgets_its_oldest_before_their_time_and_says_so() {
      ActorRef<EndpointMessage> endpoint = created(Duration.ofHours(1));
      for (int from = 1; from < 3_000; from += 200)
        accept(endpoint, IntStream.range(from, from + 200).toArray());
      State state = stateAfterStop(endpoint);
      assertTrue(state.window().size() <= 1_500, "remembers " + state.window().size());
      assertEquals(3_000, state.window().size() + watcher.forgotten.get());
    }

    @Test
    void leaves_its_room_to_the_others_when_it_stops() {
      ActorRef<EndpointMessage> endpoint = created(Duration.ofHours(1));
      Limits unlimited = PATIENT.withWindowKeysMax(6_000);
      accept(endpoint, IntStream.range(0, 200).toArray());
      // The endpoint answers first.
      Waiting.until(() -> keys.within(unlimited).windowKeysMax() == 4 * 1_300);
      stop(endpoint);
      assertEquals(unlimited, keys.within(unlimited));
    }
  }

  @Nested
  class WhenItsCircuitOpens {
    @Test
    void calls_back_what_waits_to_be_sent() {
      allButOneFail(List.of(DeliveryPool.Taken.class, DeliveryPool.Recall.class));
    }

    @Test
    void calls_it_back_before_a_probe_goes_where_the_write_takes_longer_than_it_stays_open() {
      PersistenceTestKit.create(kit.system())
          .withPolicy(
              (id, operation) -> {
                if (operation instanceof WriteEvents)
                  passedMillis.addAndGet(CONFIG.circuit().openMillis());
                return ProcessingSuccess.getInstance();
              });
      allButOneFail(
          List.of(DeliveryPool.Taken.class, DeliveryPool.Recall.class, DeliveryPool.Deliver.class));
    }

    /** The one waits for a permit. */
    private void allButOneFail(List<Class<? extends DeliveryPool.Message>> expected) {
      ActorRef<EndpointMessage> endpoint = created(Duration.ofHours(1));
      int failures = CONFIG.circuit().consecutiveFailures();
      accept(endpoint, IntStream.rangeClosed(0, failures).toArray());
      DeliveryPool.Deliver deliver = delivery();
      Outcome failed = Outcome.failed(Outcome.Kind.FAILED, 500, ErrorCode.SERVER_ERROR, "No.");
      List<Endpoint.Finished> finished = new ArrayList<>();
      for (Endpoint.Started started : deliver.attempts().subList(0, failures))
        finished.add(finished(started, failed));
      deliver.replyTo().tell(new DeliveryPool.Report(finished, List.of()));
      for (Class<? extends DeliveryPool.Message> type : expected)
        assertEquals(type, pool.receiveMessage(Duration.ofSeconds(10)).getClass());
    }
  }

  @Nested
  class WhenAWriteFails {
    @Test
    void acknowledges_nothing_and_stops() {
      ActorRef<EndpointMessage> endpoint = created(Duration.ofHours(1));
      PersistenceTestKit.create(kit.system()).failNextPersisted("endpoint|" + ID);
      offer(endpoint, 1);
      asker.expectTerminated(endpoint, Duration.ofSeconds(10));
      asker.expectNoMessage(Duration.ofMillis(100));
      pool.expectNoMessage(Duration.ofMillis(1));
    }
  }

  // ---------------------------------------------------------------------------------- the stage

  private ActorRef<EndpointMessage> created(Duration idleAfter) {
    ActorRef<EndpointMessage> endpoint = spawn(idleAfter);
    endpoint.tell(
        new EndpointMessage.Order(
            Optional.of(new Endpoint.Create(new TenantId(1, 1), CONFIG)), asker.ref()));
    asker.expectMessageClass(EndpointMessage.Viewed.class);
    return endpoint;
  }

  private ActorRef<EndpointMessage> spawn(Duration idleAfter) {
    EndpointActor.Node node =
        new EndpointActor.Node(
            () -> Instant.ofEpochMilli(System.currentTimeMillis() + passedMillis.get()),
            new Random(1),
            pool.ref(),
            history,
            directory,
            watcher,
            PATIENT,
            keys,
            new EndpointActor.ActorSettings(idleAfter, 1_000, SOON),
            awakened::add);
    return kit.spawn(EndpointActor.create(ID, node, shard.ref()), "endpoint-" + ++spawned);
  }

  private void accept(ActorRef<EndpointMessage> endpoint, int... numbers) {
    offer(endpoint, numbers);
    List<Endpoint.Answer> expected = new ArrayList<>();
    for (int ignored : numbers) expected.add(new Endpoint.Accepted());
    assertEquals(expected, asker.expectMessageClass(EndpointMessage.Offered.class).answers());
  }

  private void offer(ActorRef<EndpointMessage> endpoint, int... numbers) {
    List<Endpoint.Offered> offered = new ArrayList<>();
    for (int number : numbers)
      offered.add(
          new Endpoint.Offered(
              new WebhookId((NOW << 16) | 0x7000L, number), new KeyHash(number, 0), number, 0));
    endpoint.tell(new EndpointMessage.Offer(new Endpoint.Offer(1, false, offered), 0, asker.ref()));
  }

  private DeliveryPool.Deliver delivery() {
    return pool.expectMessageClass(DeliveryPool.Deliver.class, Duration.ofSeconds(10));
  }

  private static Endpoint.Finished finished(Endpoint.Started started, Outcome outcome) {
    return new Endpoint.Finished(
        started.sequence(), new Attempt(started.id(), started.number(), NOW, 5, outcome));
  }

  /** The last state that was seen of it; whoever comes next has shown none yet. */
  private State stateAfterStop(ActorRef<EndpointMessage> endpoint) {
    stop(endpoint);
    return watcher.state.getAndSet(Optional.empty()).orElseThrow();
  }

  private void stop(ActorRef<EndpointMessage> endpoint) {
    endpoint.tell(EndpointMessage.Stop.INSTANCE);
    asker.expectTerminated(endpoint, Duration.ofSeconds(10));
  }

  private static final class Directory implements EndpointDirectory {
    final Map<EndpointId, Optional<Entry>> rows = new ConcurrentHashMap<>();
    volatile boolean away;

    @Override
    public CompletionStage<Optional<Entry>> find(EndpointId id) {
      return CompletableFuture.completedFuture(rows.getOrDefault(id, Optional.empty()));
    }

    @Override
    public CompletionStage<Void> put(Entry entry) {
      if (away) return CompletableFuture.failedFuture(new StorageUnavailable("away", null));
      rows.put(entry.id(), Optional.of(entry));
      return CompletableFuture.completedFuture(null);
    }
  }

  private static final class History implements HistoryStore {
    @Override
    public CompletionStage<Void> record(EndpointId endpoint, List<Ended> ended) {
      return new CompletableFuture<>();
    }
  }

  private static final class Watcher implements EndpointObserver {
    final AtomicInteger forgotten = new AtomicInteger();
    final AtomicReference<Optional<State>> state = new AtomicReference<>(Optional.empty());

    void awaitState(State expected) {
      long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
      while (state.get().isEmpty() && System.nanoTime() < deadline)
        LockSupport.parkNanos(1_000_000);
      assertEquals(Optional.of(expected), state.get());
    }

    @Override
    public void persisted(EndpointId id, Endpoint.Event event) {}

    @Override
    public void forgot(EndpointId id, int keys) {
      forgotten.addAndGet(keys);
    }

    @Override
    public void stepped(EndpointId id, State now, Flight flight) {
      state.set(Optional.of(now));
    }

    @Override
    public void stopped(EndpointId id) {}
  }
}
