package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Outcome.Kind;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.deliver.Destination.Dispatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Names, addresses, and what happens when they change. 127.0.0.2 stands for a public address. */
@Timeout(60)
class DestinationAddressesIT {
  private static final String OK = "HTTP/1.1 200 OK\nContent-Length: 2\n\nok";

  private final Queue<String> asked = new ConcurrentLinkedQueue<>();

  /** Says one thing after the other, the last one for good. */
  private final ArrayDeque<List<InetAddress>> answers = new ArrayDeque<>();

  private synchronized List<InetAddress> answer(String host) throws UnknownHostException {
    asked.add(host);
    List<InetAddress> answer = answers.size() > 1 ? answers.removeFirst() : answers.getFirst();
    if (answer.isEmpty()) {
      throw new UnknownHostException(host);
    }
    return answer;
  }

  private Destinations client() throws Exception {
    return client(Duration.ZERO);
  }

  private Destinations client(Duration addressCache) throws Exception {
    return new Destinations(
        Destinations.with(
            tuning -> {
              tuning.allowPrivate = false;
              tuning.allowedNetworks =
                  Stream.of("127.0.0.2/32", "127.0.0.4/32").map(Network::of).toList();
              tuning.addressCache = addressCache;
            }),
        this::answer,
        SSLContext.getDefault());
  }

  private static InetAddress loopback(int last) {
    return IpLiteral.inetAddress("", new byte[] {127, 0, 0, (byte) last});
  }

  private static RawServer listeningOn(int last) throws IOException {
    return listeningOn(last, 0);
  }

  private static RawServer listeningOn(int last, int port) throws IOException {
    return new RawServer(
        new ServerSocket(port, 50, loopback(last)),
        connection -> {
          while (true) {
            connection.read();
            connection.say(OK);
          }
        });
  }

  private static String url(RawServer server) {
    return "http://hook.example.test:" + server.port() + "/";
  }

  private static void assertBlocked(Outcome outcome) {
    assertEquals(Kind.REFUSED, outcome.kind(), outcome::toString);
    assertEquals(ErrorCode.DESTINATION_BLOCKED, outcome.error());
    assertFalse(outcome.message().matches(".*[0-9].*"), outcome::message);
  }

  @Test
  void an_allowed_address_is_connected_to_under_its_name() throws Exception {
    answers.add(List.of(loopback(2)));
    try (Destinations client = client();
        RawServer server = listeningOn(2)) {
      assertEquals(Outcome.delivered(200, "ok"), client.deliver(url(server)));
      assertEquals("hook.example.test:" + server.port(), server.next().value("Host"));
    }
  }

  @Test
  void an_address_inside_is_blocked() throws Exception {
    answers.add(List.of(loopback(1)));
    try (Destinations client = client();
        RawServer server = listeningOn(1)) {
      assertBlocked(client.deliver(url(server)));
      assertEquals(0, server.accepted.get());
    }
  }

  @Test
  void an_address_inside_is_reached_where_the_endpoint_may() throws Exception {
    answers.add(List.of(loopback(1)));
    try (Destinations client = client();
        RawServer server = listeningOn(1)) {
      Dispatch plain = Destinations.dispatch(url(server), 10_000);
      Dispatch trusted =
          new Dispatch(plain.url(), plain.settings(), true, plain.webhook(), plain.attemptNumber());
      assertEquals(Kind.DELIVERED, client.deliver(trusted).kind());
      // Not even over the connection that the other one has left behind.
      assertBlocked(client.deliver(plain));
    }
  }

  @Test
  void one_address_inside_blocks_the_name() throws Exception {
    answers.add(List.of(loopback(2), loopback(1)));
    try (Destinations client = client();
        RawServer server = listeningOn(2)) {
      assertBlocked(client.deliver(url(server)));
      assertEquals(0, server.accepted.get());
    }
  }

  /** The name is asked for once an attempt: what was judged is what is connected to. */
  @Test
  void a_name_that_changes_its_mind_is_judged_each_time() throws Exception {
    answers.add(List.of(loopback(2)));
    answers.add(List.of(loopback(3)));
    try (Destinations client = client();
        RawServer server = listeningOn(2);
        RawServer inside = listeningOn(3, server.port())) {
      assertEquals(Kind.DELIVERED, client.deliver(url(server)).kind());
      assertEquals(1, asked.size());
      assertBlocked(client.deliver(url(server)));
      assertEquals(2, asked.size());
      assertEquals(0, inside.accepted.get());
      assertEquals(1, server.requests.size(), "nor was the kept connection used");
    }
  }

  @Test
  void a_kept_connection_to_a_former_address_is_not_used() throws Exception {
    answers.add(List.of(loopback(2)));
    answers.add(List.of(loopback(4)));
    try (Destinations client = client();
        RawServer former = listeningOn(2);
        RawServer present = listeningOn(4, former.port())) {
      client.deliver(url(former));
      client.deliver(url(former));
      assertEquals(1, former.requests.size());
      assertEquals(1, present.requests.size());
    }
  }

  @Test
  void a_redirect_inside_is_not_followed() throws Exception {
    answers.add(List.of(loopback(2)));
    try (Destinations client = client();
        RawServer inside = listeningOn(1);
        RawServer server =
            new RawServer(
                new ServerSocket(0, 50, loopback(2)),
                connection -> {
                  connection.read();
                  connection.say(
                      "HTTP/1.1 307 There\nLocation: "
                          + inside.url("/")
                          + "\nContent-Length: 0\n\n");
                })) {
      assertEquals(ErrorCode.INVALID_RESPONSE, client.deliver(url(server)).error());
      assertEquals(0, inside.accepted.get());
    }
  }

  @Test
  void the_next_address_is_tried_where_the_first_cannot_be_reached() throws Exception {
    answers.add(List.of(loopback(4), loopback(2)));
    try (Destinations client = client();
        RawServer server = listeningOn(2)) {
      assertEquals(Kind.DELIVERED, client.deliver(url(server)).kind());
    }
  }

  @Test
  void no_address_that_can_be_reached_is_a_failed_connection() throws Exception {
    answers.add(List.of(loopback(4), loopback(2)));
    String url;
    try (RawServer gone = listeningOn(2)) {
      url = url(gone);
    }
    try (Destinations client = client()) {
      Outcome outcome = client.deliver(url);
      assertEquals(Kind.FAILED, outcome.kind());
      assertEquals(ErrorCode.CONNECTION_FAILED, outcome.error());
    }
  }

  @Test
  void a_name_without_an_address_is_a_failed_lookup() throws Exception {
    answers.add(List.of());
    try (Destinations client = client()) {
      Outcome outcome = client.deliver("http://nowhere.example.test/");
      assertEquals(Kind.FAILED, outcome.kind());
      assertEquals(ErrorCode.DNS_FAILURE, outcome.error());
    }
  }

  @Test
  void an_address_as_the_host_is_nothing_to_ask_for() throws Exception {
    try (Destinations client = client();
        RawServer server = listeningOn(2)) {
      assertEquals(
          Kind.DELIVERED, client.deliver("http://127.0.0.2:" + server.port() + "/").kind());
      assertTrue(asked.isEmpty());
    }
  }

  @Test
  void an_answer_is_used_again_for_a_while() throws Exception {
    answers.add(List.of(loopback(2)));
    try (Destinations client = client(Duration.ofMinutes(1));
        RawServer server = listeningOn(2)) {
      for (int i = 0; i < 3; i++) {
        client.deliver(url(server));
      }
      assertEquals(1, asked.size());
    }
  }

  @Test
  void a_name_service_that_hangs_fails_the_attempt_and_holds_up_nobody_else() throws Exception {
    CountDownLatch hang = new CountDownLatch(1);
    NameResolver resolver =
        host -> {
          asked.add(host);
          if (host.startsWith("dead")) {
            try {
              hang.await();
            } catch (InterruptedException e) {
              throw new UnknownHostException(host);
            }
          }
          return List.of(loopback(1));
        };
    HttpDestinationSettings settings =
        Destinations.with(tuning -> tuning.resolve = Duration.ofMillis(300));
    try (Destinations client = new Destinations(settings, resolver, SSLContext.getDefault());
        RawServer server = listeningOn(1)) {
      List<CompletableFuture<Outcome>> stuck =
          IntStream.range(0, 200)
              .mapToObj(
                  i ->
                      client
                          .destination
                          .deliver(Destinations.dispatch("http://dead.example.test/", 10_000))
                          .toCompletableFuture())
              .toList();
      assertEquals(Kind.DELIVERED, client.deliver(url(server)).kind());
      for (CompletableFuture<Outcome> each : stuck) {
        assertEquals(ErrorCode.DNS_FAILURE, each.join().error());
      }
      assertEquals(1, asked.stream().filter(host -> host.startsWith("dead")).count());
    } finally {
      hang.countDown();
    }
  }
}
