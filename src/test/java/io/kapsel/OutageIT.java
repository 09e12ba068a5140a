package io.kapsel;

import static io.kapsel.KapselForTests.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.storage.EmbeddedPostgres;
import io.kapsel.storage.EmbeddedPostgresSettings;
import io.kapsel.storage.EventStatus;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What senders see when the database is away or a queue is full. */
final class OutageIT {
  private static final Path BINARIES = Path.of("target", "postgres-binaries");

  @TempDir Path directory;

  private static EndpointConfig config(String url) {
    return config(url, "outage");
  }

  private static EndpointConfig config(String url, String name) {
    return new EndpointConfig(
        name,
        url,
        SignatureSettings.NONE,
        IdempotencySettings.DEFAULT,
        new RetryPolicy(RetryPolicy.Strategy.FIXED, 50, 1, 50, 0, 50, List.of()),
        CircuitPolicy.DEFAULT,
        DeliverySettings.DEFAULT,
        false);
  }

  @Test
  void a_database_that_goes_away_is_a_quick_503_and_heals_by_itself() throws Exception {
    EmbeddedPostgres postgres = EmbeddedPostgres.start(settings(0));
    int port = postgres.port();
    try (var destination = new ScriptedDestination(ScriptedDestination.status(200));
        var kapsel = KapselForTests.start(DatabaseSettings.of(postgres), Map.of())) {
      EndpointId id = kapsel.create(config(destination.url()));
      List<WebhookId> acknowledged = new ArrayList<>();
      acknowledged.add(kapsel.accepted(id, "{\"before\":1}"));
      postgres.close();

      long asked = System.nanoTime();
      HttpResponse<String> refused = kapsel.ingest(id, "{\"during\":1}");
      Duration waited = Duration.ofNanos(System.nanoTime() - asked);
      assertEquals(503, refused.statusCode());
      assertTrue(refused.body().contains("E3001"), refused.body());
      assertEquals("5", refused.headers().firstValue("Retry-After").orElse(""));
      assertTrue(waited.compareTo(Duration.ofSeconds(5)) < 0, "took " + waited);

      try (EmbeddedPostgres again = EmbeddedPostgres.start(settings(port))) {
        assertEquals(port, again.port());
        await(
            "service again",
            () -> {
              HttpResponse<String> response = kapsel.ingest(id, "{\"after\":1}");
              if (response.statusCode() == 200)
                acknowledged.add(KapselForTests.eventId(response.body()));
              return response.statusCode() == 200;
            });
        for (WebhookId webhook : acknowledged)
          await(webhook + " delivered", () -> isDelivered(kapsel, webhook));
        kapsel.stop();
      }
    }
  }

  /** The test's own connections notice only now that their server was replaced. */
  private static boolean isDelivered(KapselForTests kapsel, WebhookId webhook) {
    try {
      return kapsel.event(webhook).status() == EventStatus.DELIVERED;
    } catch (CompletionException ofTheOldServer) {
      return false;
    }
  }

  /** Their outcomes cannot be written, so they stop, and cannot begin again before the end. */
  @Test
  void many_endpoints_with_attempts_in_flight_go_on_soon_after_the_outage() throws Exception {
    EmbeddedPostgres postgres = EmbeddedPostgres.start(settings(0));
    int port = postgres.port();
    CountDownLatch away = new CountDownLatch(1);
    try (var destination = new ScriptedDestination(answerAfter(away));
        var kapsel = KapselForTests.start(DatabaseSettings.of(postgres), Map.of())) {
      Map<EndpointId, WebhookId> waiting = new HashMap<>();
      for (int i = 0; i < 30; i++) {
        EndpointId id = kapsel.create(config(destination.url(), "outage-" + i));
        waiting.put(id, kapsel.accepted(id, "{\"before\":1}"));
      }
      await("attempts in flight", () -> destination.received().size() == waiting.size());
      postgres.close();
      away.countDown();
      EndpointId last = waiting.keySet().stream().max(Comparator.naturalOrder()).orElseThrow();
      await("no endpoint there", () -> !kapsel.isThere(last));

      try (EmbeddedPostgres again = EmbeddedPostgres.start(settings(port))) {
        assertEquals(port, again.port());
        for (EndpointId id : waiting.keySet())
          await("service again", () -> kapsel.ingest(id, "{\"after\":1}").statusCode() == 200);
        for (WebhookId webhook : waiting.values())
          await(
              webhook + " delivered",
              () -> kapsel.event(webhook).status() == EventStatus.DELIVERED);
        kapsel.stop();
      }
    }
  }

  private static ScriptedDestination.Behaviour answerAfter(CountDownLatch latch) {
    return (exchange, received) -> {
      try {
        latch.await();
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
      ScriptedDestination.status(200).handle(exchange, received);
    };
  }

  private EmbeddedPostgresSettings settings(int port) {
    return EmbeddedPostgresSettings.in(directory).withBinaries(BINARIES).withPort(port);
  }

  @Test
  void a_full_queue_is_a_503_that_says_when_to_come_back() {
    try (var destination = new ScriptedDestination(ScriptedDestination.status(200));
        var kapsel = KapselForTests.start(Map.of("endpoint.queue-max", "2"))) {
      EndpointId id = kapsel.create(config(destination.url()));
      kapsel.order(id, new Endpoint.SetStatus(Status.PAUSED));
      List<WebhookId> kept = List.of(kapsel.accepted(id, "1"), kapsel.accepted(id, "2"));
      HttpResponse<String> refused = kapsel.ingest(id, "3");
      assertEquals(503, refused.statusCode());
      assertTrue(refused.body().contains("E3002"), refused.body());
      assertEquals("1", refused.headers().firstValue("Retry-After").orElse(""));
      kapsel.order(id, new Endpoint.SetStatus(Status.ACTIVE));
      for (WebhookId webhook : kept)
        await("delivered", () -> kapsel.event(webhook).status() == EventStatus.DELIVERED);
      assertEquals(2, destination.received().size());
    }
  }
}
