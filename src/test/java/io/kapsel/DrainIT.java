package io.kapsel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.storage.DatabaseSettings;
import io.kapsel.testing.PostgresForTests;
import io.kapsel.testing.RawConnection;
import io.kapsel.testing.RawConnection.Reply;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What senders and load balancers see between SIGTERM and the end. */
final class DrainIT {
  @Test
  void a_draining_node_turns_work_away_and_says_that_it_is_not_ready() {
    DatabaseSettings database = PostgresForTests.freshDatabase();
    try (var kapsel = KapselForTests.start(database, Map.of("shutdown.quiet", "5s"))) {
      URI uri = URI.create(kapsel.url("/"));
      var address = new InetSocketAddress(uri.getHost(), uri.getPort());
      String post =
          "POST /ingest/ep_" + "0".repeat(32) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
      String ready = "GET /ready HTTP/1.1\r\nHost: a\r\n\r\n";
      assertEquals("404 E1003", RawConnection.exchange(address, post).problem());
      assertEquals(200, RawConnection.exchange(address, ready).status());
      try (var kept = new RawConnection(address)) {
        kept.send(post).receive();
        var stopping =
            CompletableFuture.runAsync(kapsel::stop, command -> Thread.ofPlatform().start(command));
        KapselForTests.await(
            "unready", () -> RawConnection.exchange(address, ready).status() == 503);
        for (Reply refused :
            new Reply[] {RawConnection.exchange(address, post), kept.send(post).receive()}) {
          assertEquals("503 E3006", refused.problem());
          assertEquals(Optional.of("1"), refused.header("Retry-After"));
          assertTrue(refused.json().get("retryable").asBoolean());
          assertTrue(refused.closes());
        }
        String live = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n";
        assertEquals(200, RawConnection.exchange(address, live).status());
        stopping.join();
      }
    }
    assertEquals("0", PostgresForTests.query(database, "select count(*) from webhook"));
  }
}
