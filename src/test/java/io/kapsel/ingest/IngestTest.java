package io.kapsel.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
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

  @Test
  void an_exception_while_a_webhook_is_judged_reaches_whoever_answers() {
    Cluster cluster = Cluster.get(kit.system());
    cluster.manager().tell(Join.create(cluster.selfMember().address()));
    ClusterSharding.get(kit.system()).init(Entity.of(EndpointActor.KEY, context -> endpoint()));
    RandomGenerator broken =
        () -> {
          throw new IllegalStateException("broken on purpose");
        };
    Ingest ingest =
        Ingest.create(
            new Directory(),
            new Endpoints(kit.system(), Duration.ofSeconds(15)),
            10,
            IngestGate.open(),
            new NoContents(),
            submit -> {},
            InstantSource.system(),
            InstantSource.system(),
            broken);
    var request =
        new Ingest.Request("POST", "", "text/plain", List.of(), Body.wrap(new byte[] {1}));
    CompletableFuture<IngestReply> reply = ingest.accept(ID, request).toCompletableFuture();
    ExecutionException failed =
        assertThrows(ExecutionException.class, () -> reply.get(30, TimeUnit.SECONDS));
    assertEquals("broken on purpose", Objects.requireNonNull(failed.getCause()).getMessage());
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
    @Override
    public CompletionStage<Optional<Entry>> find(EndpointId id) {
      return CompletableFuture.completedFuture(
          Optional.of(new Entry(id, TENANT, Status.ACTIVE, 1, CONFIG, 0, 0)));
    }

    @Override
    public CompletionStage<Void> put(Entry entry) {
      throw new UnsupportedOperationException();
    }
  }
}
