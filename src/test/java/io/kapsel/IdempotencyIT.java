package io.kapsel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.IdempotencySettings.Strategy;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.storage.EventStatus;
import io.kapsel.testing.PostgresForTests;
import io.kapsel.testing.RawConnection;
import io.kapsel.testing.RawConnection.Reply;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Duplicates are harmless: one event, one delivery, one answer, however many arrive at once. A
 * duplicate of a request in flight waits for its answer instead of being sent away with 409.
 */
final class IdempotencyIT {
  private static final int SENDERS = 48;

  private final DatabaseSettings database = PostgresForTests.freshDatabase();
  private final ScriptedDestination destination =
      new ScriptedDestination(ScriptedDestination.status(200));
  private KapselForTests kapsel = KapselForTests.start(database, Map.of());

  @AfterEach
  void stop() {
    kapsel.close();
    destination.close();
  }

  private EndpointId endpoint(IdempotencySettings idempotency) {
    return kapsel.create(
        new EndpointConfig(
            "idempotent-" + System.nanoTime(),
            destination.url(),
            SignatureSettings.NONE,
            idempotency,
            RetryPolicy.DEFAULT,
            CircuitPolicy.DEFAULT,
            DeliverySettings.DEFAULT,
            false));
  }

  private InetSocketAddress address() {
    URI uri = URI.create(kapsel.url("/"));
    return new InetSocketAddress(uri.getHost(), uri.getPort());
  }

  private static String post(EndpointId id, String key, String body) {
    return "POST /ingest/"
        + id
        + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        + (key.isEmpty() ? "" : "Idempotency-Key: " + key + "\r\n")
        + "Content-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  /** Sends all requests at the same moment, each on a connection of its own. */
  private List<Reply> atOnce(List<String> requests) {
    var barrier = new CyclicBarrier(requests.size());
    InetSocketAddress address = address();
    List<CompletableFuture<Reply>> replies = new ArrayList<>();
    for (String request : requests) {
      replies.add(
          CompletableFuture.supplyAsync(
              () -> {
                try (var connection = new RawConnection(address)) {
                  barrier.await();
                  return connection.send(request).receive();
                } catch (Exception broken) {
                  throw new IllegalStateException(broken);
                }
              },
              command -> Thread.ofVirtual().start(command)));
    }
    return replies.stream().map(CompletableFuture::join).toList();
  }

  private static SortedMap<String, Long> outcomes(List<Reply> replies) {
    return replies.stream()
        .collect(
            Collectors.groupingBy(
                reply -> reply.status() < 400 ? reply.text() : reply.problem(),
                TreeMap::new,
                Collectors.counting()));
  }

  private void awaitDelivered(String answer) {
    WebhookId id = KapselForTests.eventId(answer);
    KapselForTests.await("delivered", () -> kapsel.event(id).status() == EventStatus.DELIVERED);
  }

  private void awaitStored(int webhooks) {
    KapselForTests.await(
        webhooks + " stored",
        () ->
            PostgresForTests.query(database, "select count(*) from webhook")
                .equals(Integer.toString(webhooks)));
  }

  @ParameterizedTest
  @EnumSource(
      value = Strategy.class,
      names = {"HEADER", "CONTENT", "SOURCE_ID"})
  void duplicates_at_once_are_one_event_with_one_answer(Strategy strategy) {
    EndpointId id = endpoint(new IdempotencySettings(strategy, "$.data.id", true));
    for (int round = 1; round <= 5; round++) {
      String body = "{\"data\":{\"id\":" + round + "}}";
      String request = post(id, strategy == Strategy.HEADER ? "key-" + round : "", body);
      SortedMap<String, Long> outcomes = outcomes(atOnce(Collections.nCopies(SENDERS, request)));
      assertEquals(1, outcomes.size(), outcomes.toString());
      assertTrue(outcomes.firstKey().startsWith("{\"event_id\""), outcomes.toString());
      awaitDelivered(outcomes.firstKey());
    }
    awaitStored(5);
    assertEquals(5, destination.received().size());
  }

  @Test
  void of_two_bodies_at_once_under_one_key_one_is_taken_and_the_other_refused() {
    EndpointId id = endpoint(new IdempotencySettings(Strategy.HEADER, "", true));
    for (int round = 1; round <= 5; round++) {
      List<String> requests = new ArrayList<>();
      for (int i = 0; i < SENDERS; i++) {
        requests.add(post(id, "key-" + round, i % 2 == 0 ? "{\"a\":1}" : "{\"b\":2}"));
      }
      SortedMap<String, Long> outcomes = outcomes(atOnce(requests));
      assertEquals(2, outcomes.size(), outcomes.toString());
      assertEquals(SENDERS / 2L, outcomes.get("422 E1010"), outcomes.toString());
      awaitDelivered(outcomes.lastKey());
    }
    awaitStored(5);
    assertEquals(5, destination.received().size());
  }

  @Test
  void a_key_of_one_endpoint_says_nothing_about_another() {
    var settings = new IdempotencySettings(Strategy.HEADER, "", true);
    String first = RawConnection.exchange(address(), post(endpoint(settings), "k", "1")).text();
    String second = RawConnection.exchange(address(), post(endpoint(settings), "k", "2")).text();
    awaitDelivered(first);
    awaitDelivered(second);
    assertEquals(2, destination.received().size());
  }

  /** Senders repeat one webhook all the while; the service is stopped and started among them. */
  @Test
  void duplicates_across_a_restart_are_one_event_with_one_answer() {
    EndpointId id = endpoint(new IdempotencySettings(Strategy.CONTENT, "", false));
    String request = post(id, "", "{\"restart\":true}");
    String first = RawConnection.exchange(address(), request).text();
    var over = new AtomicBoolean();
    var answers = new ConcurrentSkipListSet<String>();
    List<CompletableFuture<Void>> senders = new ArrayList<>();
    InetSocketAddress before = address();
    for (int i = 0; i < 8; i++) {
      senders.add(
          CompletableFuture.runAsync(
              () -> {
                while (!over.get()) repeat(before, request, answers);
              },
              command -> Thread.ofVirtual().start(command)));
    }
    kapsel.close();
    over.set(true);
    senders.forEach(CompletableFuture::join);
    answers.removeIf(answer -> answer.startsWith("503 "));
    kapsel = KapselForTests.start(database, Map.of());
    SortedMap<String, Long> after = outcomes(atOnce(Collections.nCopies(SENDERS, request)));
    assertEquals(List.of(first), List.copyOf(after.keySet()));
    answers.remove(first);
    assertEquals(List.of(), List.copyOf(answers));
    awaitDelivered(first);
    awaitStored(1);
    assertEquals(1, destination.received().size());
  }

  /** One attempt that may find nobody there. */
  private static void repeat(InetSocketAddress address, String request, Set<String> answers) {
    try {
      Reply reply = RawConnection.exchange(address, request);
      answers.add(reply.status() < 400 ? reply.text() : reply.problem());
    } catch (RuntimeException | AssertionError notThere) {
      LockSupport.parkNanos(1_000_000);
    }
  }
}
