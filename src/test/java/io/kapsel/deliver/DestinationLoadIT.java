package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Outcome.Kind;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many deliveries at once. */
@Timeout(120)
class DestinationLoadIT {
  private static final int MANY = 1_000;

  private static List<CompletableFuture<Outcome>> deliver(
      Destinations client, String url, int count) {
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                client
                    .destination
                    .deliver(Destinations.dispatch(url, 60_000))
                    .toCompletableFuture())
        .toList();
  }

  @Test
  void a_thousand_to_one_host_are_in_flight_together() throws Exception {
    CountDownLatch all = new CountDownLatch(MANY);
    try (Destinations client = Destinations.onLoopback();
        RawServer server =
            new RawServer(
                connection -> {
                  while (true) {
                    connection.read();
                    all.countDown();
                    all.await();
                    connection.answer(200);
                  }
                })) {
      for (int round = 0; round < 2; round++) {
        for (CompletableFuture<Outcome> each : deliver(client, server.url("/"), MANY)) {
          assertEquals(Kind.DELIVERED, each.join().kind());
        }
        assertEquals(0, client.destination.deliveriesInFlight());
        assertEquals(MANY, client.destination.keptConnections());
      }
      assertEquals(MANY, server.accepted.get(), "the second round used the kept connections");
    }
  }

  @Test
  void slow_deliveries_do_not_hold_up_another_to_the_same_host() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch waiting = new CountDownLatch(200);
    try (Destinations client = Destinations.onLoopback();
        RawServer server =
            new RawServer(
                connection -> {
                  while (true) {
                    if (connection.read().head().startsWith("POST /slow")) {
                      waiting.countDown();
                      release.await();
                    }
                    connection.answer(200);
                  }
                })) {
      List<CompletableFuture<Outcome>> slow = deliver(client, server.url("/slow"), 200);
      waiting.await();
      for (int i = 0; i < 20; i++) {
        assertEquals(Kind.DELIVERED, client.deliver(server.url("/quick")).kind());
      }
      release.countDown();
      slow.forEach(each -> assertEquals(Kind.DELIVERED, each.join().kind()));
    }
  }

  /** Servers that close without saying so: every delivery meets the race sooner or later. */
  @Test
  void none_fails_for_a_server_that_closes_after_each_answer() throws Exception {
    try (Destinations client = Destinations.onLoopback();
        RawServer server =
            new RawServer(
                connection -> {
                  connection.read();
                  connection.answer(200);
                })) {
      List<CompletableFuture<Outcome>> loops =
          IntStream.range(0, 16).mapToObj(i -> again(client, server.url("/"), 50)).toList();
      loops.forEach(each -> assertEquals(Kind.DELIVERED, each.join().kind()));
    }
  }

  private static CompletableFuture<Outcome> again(Destinations client, String url, int times) {
    CompletableFuture<Outcome> one =
        client.destination.deliver(Destinations.dispatch(url, 60_000)).toCompletableFuture();
    return times == 1
        ? one
        : one.thenCompose(
            outcome ->
                outcome.kind() == Kind.DELIVERED
                    ? again(client, url, times - 1)
                    : CompletableFuture.completedFuture(outcome));
  }
}
