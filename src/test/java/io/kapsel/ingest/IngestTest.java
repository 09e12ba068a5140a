package io.kapsel.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.endpoint.EndpointActor;
import io.kapsel.endpoint.EndpointMessage;
import io.kapsel.endpoint.EndpointView;
import io.kapsel.endpoint.Endpoints;
import io.kapsel.limit.IngestGate;
import io.kapsel.storage.EndpointDirectory;
import io.kapsel.testing.NoContents;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The edge in front of an endpoint that only says what it is. */
final class IngestTest {
  private static final EndpointId ID = new EndpointId(0x0192_0000_0000_7001L, -3L);
  private static final TenantId TENANT = new TenantId(1, 1);
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
  private static final EndpointView VIEW =
      new EndpointView(
          ID,
          TENANT,
          CONFIG,
          Status.ACTIVE,
          "",
          1,
          0,
          0,
          new EndpointView.Live(0, 0, 0, Circuit.Phase.CLOSED, 0, 0, 0));

  private static final Duration CACHED_FOR = Duration.ofMinutes(2);

  private final Directory directory = new Directory();
  private Instant now = Instant.EPOCH;
  private final ActorTestKit kit = ActorTestKit.create(config());

  private static Config config() {
    return ConfigFactory.parseString(
            """
            akka.loglevel = WARNING
            akka.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
            """)
        .withFallback(ConfigFactory.parseResources("kapsel-akka.conf"))
        .withFallback(ConfigFactory.load())
        .resolve();
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private Ingest ingest(RandomGenerator random) {
    Cluster cluster = Cluster.get(kit.system());
    cluster.manager().tell(Join.create(cluster.selfMember().address()));
    ClusterSharding.get(kit.system()).init(Entity.of(EndpointActor.KEY, context -> endpoint()));
    return Ingest.create(
        directory,
        new Endpoints(kit.system(), Duration.ofSeconds(15)),
        10,
        CACHED_FOR,
        IngestGate.open(),
        new NoContents(),
        submit -> {},
        () -> now,
        InstantSource.system(),
        random);
  }

  private static <T> T get(CompletionStage<T> answer)
      throws ExecutionException, InterruptedException, TimeoutException {
    return answer.toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  @Test
  void an_exception_while_a_webhook_is_judged_reaches_whoever_answers() {
    Ingest ingest =
        ingest(
            () -> {
              throw new IllegalStateException("broken on purpose");
            });
    var request =
        new Ingest.Request("POST", "", "text/plain", List.of(), Body.wrap(new byte[] {1}));
    ExecutionException failed =
        assertThrows(ExecutionException.class, () -> get(ingest.accept(ID, request)));
    assertEquals("broken on purpose", Objects.requireNonNull(failed.getCause()).getMessage());
  }

  @Test
  void an_endpoint_that_gets_nothing_is_forgotten() throws Exception {
    Ingest ingest = ingest(() -> 0);
    for (int i = 0; i < 3; i++) {
      assertInstanceOf(Entrance.Open.class, get(ingest.admit(ID, "text/plain")));
      now = now.plus(CACHED_FOR).minusMillis(1);
    }
    assertEquals(1, directory.asked);
    now = now.plusMillis(1);
    assertInstanceOf(Entrance.Open.class, get(ingest.admit(ID, "text/plain")));
    assertEquals(2, directory.asked);
  }

  private static Behavior<EndpointMessage> endpoint() {
    return Behaviors.receiveMessage(
        message -> {
          if (message instanceof EndpointMessage.Order order)
            order.replyTo().tell(new EndpointMessage.Viewed(VIEW));
          return Behaviors.same();
        });
  }

  private static final class Directory implements EndpointDirectory {
    private int asked;

    @Override
    public CompletionStage<Optional<Entry>> find(EndpointId id) {
      asked++;
      return CompletableFuture.completedFuture(
          Optional.of(new Entry(id, TENANT, Status.ACTIVE, 1, CONFIG, 0, 0)));
    }

    @Override
    public CompletionStage<Void> put(Entry entry) {
      throw new UnsupportedOperationException();
    }
  }
}
