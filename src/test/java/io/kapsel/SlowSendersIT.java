package io.kapsel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.testing.PostgresForTests;
import io.kapsel.testing.RawConnection;
import io.kapsel.testing.RawConnection.Reply;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Senders that lie, dawdle or never end, before a service whose patience is a few seconds. */
final class SlowSendersIT {
  private static final int PAUSE_MILLIS = 100;

  private static DatabaseSettings database;
  private static KapselForTests kapsel;
  private static ScriptedDestination destination;
  private static InetSocketAddress address;
  private static EndpointId endpoint;

  @BeforeAll
  static void start() {
    database = PostgresForTests.freshDatabase();
    kapsel =
        KapselForTests.start(
            database,
            Map.of(
                "http.header-timeout", "2s",
                "http.body-idle-timeout", "2s",
                "http.body-timeout", "5s",
                "http.bodies-bytes-max", "24 MiB"));
    URI uri = URI.create(kapsel.url("/"));
    address = new InetSocketAddress(uri.getHost(), uri.getPort());
    destination = new ScriptedDestination(ScriptedDestination.status(200));
    endpoint =
        kapsel.create(
            new EndpointConfig(
                "slow",
                destination.url(),
                SignatureSettings.NONE,
                IdempotencySettings.DEFAULT,
                RetryPolicy.DEFAULT,
                CircuitPolicy.DEFAULT,
                DeliverySettings.DEFAULT,
                false));
  }

  @AfterAll
  static void stop() {
    kapsel.close();
    destination.close();
  }

  private static String head(String headers) {
    return "POST /ingest/" + endpoint + " HTTP/1.1\r\nHost: a\r\n" + headers;
  }

  private static long storedWebhooks() {
    return Long.parseLong(PostgresForTests.query(database, "select count(*) from webhook"));
  }

  private static void assertTimedOut(RawConnection connection) {
    Reply reply = connection.receive();
    assertEquals("408 E1106", reply.problem());
    assertTrue(reply.json().get("retryable").asBoolean());
    assertTrue(reply.closes());
    assertTrue(connection.isEnded());
  }

  /** Sends a piece again and again until the answer comes. */
  private static String answerToTrickle(RawConnection connection, byte[] piece) {
    String answer = "";
    for (int i = 0; answer.isEmpty() && i < 300; i++) {
      connection.sendUnlessCut(piece);
      answer = connection.rest(PAUSE_MILLIS);
    }
    return answer;
  }

  @Test
  void slow_headers_are_answered_with_a_timeout() {
    long before = storedWebhooks();
    try (var connection = new RawConnection(address)) {
      assertTimedOut(connection.send(head("X-A: ")));
    }
    assertEquals(before, storedWebhooks());
  }

  @Test
  void headers_that_trickle_are_answered_with_a_timeout() {
    try (var connection = new RawConnection(address)) {
      connection.send(head(""));
      String answer = answerToTrickle(connection, "X: y\r\n".getBytes(ISO_8859_1));
      assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
    }
  }

  @Test
  void a_body_without_progress_is_answered_with_a_timeout() {
    long before = storedWebhooks();
    try (var connection = new RawConnection(address)) {
      assertTimedOut(connection.send(head("Content-Length: 9\r\n\r\nabc")));
    }
    try (var connection = new RawConnection(address)) {
      assertTimedOut(connection.send(head("Transfer-Encoding: chunked\r\n\r\n9\r\nabc")));
    }
    assertEquals(before, storedWebhooks());
  }

  @Test
  void a_body_of_less_than_a_kibibyte_a_second_is_answered_with_a_timeout() {
    try (var connection = new RawConnection(address)) {
      connection.send(head("Content-Length: 9000\r\n\r\n"));
      String answer = answerToTrickle(connection, new byte[] {'x'});
      assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
    }
  }

  @Test
  void an_endless_body_is_answered_when_its_time_is_up() {
    try (var connection = new RawConnection(address)) {
      connection.send(head("Transfer-Encoding: chunked\r\n\r\n"));
      String piece = "800\r\n" + "a".repeat(0x800) + "\r\n";
      String answer = answerToTrickle(connection, piece.getBytes(ISO_8859_1));
      assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
    }
  }

  @Test
  void hundreds_that_dawdle_neither_stop_the_others_nor_store_anything() {
    long before = storedWebhooks();
    int threads = Thread.activeCount();
    List<RawConnection> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 300; i++) {
        var connection = new RawConnection(address);
        slow.add(connection);
        connection.send(
            switch (i % 3) {
              case 0 -> head("X-A: ");
              case 1 -> head("Content-Length: 10485760\r\n\r\nabc");
              default -> head("Transfer-Encoding: chunked\r\n\r\nA00000\r\nabc");
            });
      }
      assertTrue(Thread.activeCount() - threads < 50, "threads for senders");
      assertEquals(200, kapsel.ingest(endpoint, "{}").statusCode());
      for (RawConnection connection : slow) assertTimedOut(connection);
    } finally {
      slow.forEach(RawConnection::close);
    }
    assertEquals(before + 1, storedWebhooks());
  }

  /** Two bodies of ten megabytes have room, three have not; whoever is refused is told when. */
  @Test
  void large_bodies_beyond_the_budget_are_turned_away_and_the_budget_comes_back() {
    byte[] body = new byte[9 << 20];
    String head = head("Content-Length: " + (body.length + 1) + "\r\n\r\n");
    List<CompletableFuture<Reply>> senders = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      senders.add(
          CompletableFuture.supplyAsync(
              () -> {
                try (var connection = new RawConnection(address)) {
                  connection.send(head).sendUnlessCut(body);
                  return connection.receive();
                }
              },
              command -> Thread.ofVirtual().start(command)));
    }
    long turnedAway = 0;
    for (var sender : senders) {
      Reply reply = sender.join();
      if (reply.status() == 503) {
        turnedAway++;
        assertEquals("503 E3002", reply.problem());
        assertEquals("1", reply.header("Retry-After").orElse(""));
      } else {
        assertEquals("408 E1106", reply.problem());
      }
      assertTrue(reply.closes());
    }
    assertTrue(turnedAway >= 2, turnedAway + " turned away");
    try (var connection = new RawConnection(address)) {
      connection.send(head).send(body).send("x");
      assertEquals(200, connection.receive().status());
    }
  }
}
