package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Outcome.Kind;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.testing.Waiting;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each behaviour of a destination means, over real sockets. */
@Timeout(60)
class HttpDestinationIT {
  private static final int QUICK_MILLIS = 400;

  private static Destinations destinations;

  @BeforeAll
  static void start() throws Exception {
    destinations = Destinations.onLoopback();
  }

  @AfterAll
  static void stop() {
    destinations.close();
  }

  private static Outcome answered(String response) throws Exception {
    return delivered(
        connection -> {
          connection.read();
          connection.say(response);
          connection.awaitEnd();
        });
  }

  private static Outcome delivered(RawServer.Script script) throws Exception {
    try (RawServer server = new RawServer(script)) {
      Outcome outcome = destinations.deliver(server.url("/"));
      assertEquals(List.of(), server.failures);
      return outcome;
    }
  }

  private static Outcome deliveredQuickly(RawServer.Script script) throws Exception {
    return deliveredQuickly(destinations, script);
  }

  /** With a short timeout, which must be kept. */
  private static Outcome deliveredQuickly(Destinations client, RawServer.Script script)
      throws Exception {
    try (RawServer server = new RawServer(script)) {
      return withinTimeout(client, server.url("/"));
    }
  }

  private static Outcome withinTimeout(Destinations client, String url) {
    long before = System.nanoTime();
    Outcome outcome = client.deliver(Destinations.dispatch(url, QUICK_MILLIS));
    long tookMillis = (System.nanoTime() - before) / 1_000_000;
    assertTrue(tookMillis < QUICK_MILLIS + 2_000, () -> "took " + tookMillis + " ms");
    return outcome;
  }

  private static void assertOutcome(Kind kind, int status, ErrorCode error, Outcome outcome) {
    assertEquals(
        kind + " " + status + " " + error,
        outcome.kind() + " " + outcome.status() + " " + outcome.error(),
        outcome::toString);
    assertFalse(outcome.message().isEmpty());
    assertFalse(outcome.message().contains("127.0.0.1"), outcome::message);
  }

  @Nested
  class AnAnswer {
    @ParameterizedTest
    @ValueSource(ints = {200, 201, 202, 204, 226, 299})
    void of_2xx_is_a_delivery(int status) throws Exception {
      assertEquals(
          Outcome.delivered(status, ""),
          answered("HTTP/1.1 " + status + " Fine\nContent-Length: 0\n\n"));
    }

    @ParameterizedTest
    @CsvSource({
      "300, REFUSED, INVALID_RESPONSE",
      "301, REFUSED, INVALID_RESPONSE",
      "302, REFUSED, INVALID_RESPONSE",
      "304, REFUSED, INVALID_RESPONSE",
      "307, REFUSED, INVALID_RESPONSE",
      "308, REFUSED, INVALID_RESPONSE",
      "400, REFUSED, CLIENT_ERROR",
      "401, REFUSED, CLIENT_ERROR",
      "404, REFUSED, CLIENT_ERROR",
      "413, REFUSED, CLIENT_ERROR",
      "422, REFUSED, CLIENT_ERROR",
      "499, REFUSED, CLIENT_ERROR",
      "408, RATE_LIMITED, CLIENT_ERROR",
      "425, RATE_LIMITED, CLIENT_ERROR",
      "429, RATE_LIMITED, DELIVERY_RATE_LIMITED",
      "410, GONE, ENDPOINT_GONE",
      "500, FAILED, SERVER_ERROR",
      "502, FAILED, SERVER_ERROR",
      "503, FAILED, SERVER_ERROR",
      "599, FAILED, SERVER_ERROR"
    })
    void of_another_status_means_what_the_table_says(int status, Kind kind, ErrorCode error)
        throws Exception {
      assertOutcome(
          kind,
          status,
          error,
          answered(
              "HTTP/1.1 " + status + " Hm\nLocation: http://127.0.0.1:1/\nContent-Length: 0\n\n"));
    }

    @ParameterizedTest
    @CsvSource({
      "503, 120, 120000",
      "429, 0, 0",
      "429, 'Mon, 23 Nov 2026 12:01:00 GMT', 59750",
      "429, 'Monday, 23-Nov-26 12:01:00 GMT', 59750",
      "408, 'Mon Nov 23 12:01:00 2026', 59750",
      "425, 'Mon, 23 Nov 2026 11:00:00 GMT', 0",
      "429, -5, -1",
      "429, 1.5, -1",
      "429, soon, -1",
      "429, '', -1",
      "404, 120, -1",
      "302, 120, -1",
      "200, 120, -1"
    })
    void tells_when_to_come_back_if_another_attempt_will_come(
        int status, String retryAfter, long millis) throws Exception {
      Outcome outcome =
          answered(
              "HTTP/1.1 " + status + " So\nRetry-After: " + retryAfter + "\nContent-Length: 0\n\n");
      assertEquals(millis, outcome.retryAfterMillis());
    }

    @Test
    void with_two_times_to_come_back_says_none() throws Exception {
      Outcome outcome =
          answered("HTTP/1.1 429 So\nRetry-After: 1\nretry-after: 2\nContent-Length: 0\n\n");
      assertEquals(-1, outcome.retryAfterMillis());
    }

    @Test
    void after_interim_answers_is_the_one_that_counts() throws Exception {
      assertEquals(
          Outcome.delivered(200, "ok"),
          answered(
              """
              HTTP/1.1 100 Continue

              HTTP/1.1 103 Early Hints
              Link: </style.css>; rel=preload

              HTTP/1.1 200 OK
              Content-Length: 2

              ok"""));
    }

    @Test
    void leaves_its_first_kibibyte() throws Exception {
      assertEquals(
          "x".repeat(1_024),
          answered("HTTP/1.1 200 OK\nContent-Length: 5000\n\n" + "x".repeat(5_000))
              .responseExcerpt());
    }

    @Test
    void in_chunks_leaves_their_contents() throws Exception {
      assertEquals(
          Outcome.delivered(200, "one two"),
          answered(
              "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n4;x=y\none \n3\ntwo\n0\nA: b\n\n"));
    }

    @Test
    void that_ends_with_the_connection_is_complete() throws Exception {
      assertEquals(
          Outcome.delivered(200, "so long"),
          delivered(
              connection -> {
                connection.read();
                connection.say("HTTP/1.1 200 OK\n\nso long");
              }));
      assertEquals(
          Outcome.delivered(200, "1.0"),
          delivered(
              connection -> {
                connection.read();
                connection.say("HTTP/1.0 200 OK\n\n1.0");
              }));
    }

    @Test
    void is_not_decompressed() throws Exception {
      assertEquals(
          "\u001f\uFFFDx",
          delivered(
                  connection -> {
                    connection.read();
                    connection.write(
                        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                            + "Content-Length: 3\r\n\r\n\u001f\u008bx");
                    connection.awaitEnd();
                  })
              .responseExcerpt());
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "Content-Type: what is this",
          "Server: \t  ",
          "X-Octets: \u00e4\u00ff",
          "Set-Cookie: a=b; Expires=yesterday",
          "Date: today",
          "Content-Type: text/plain\nContent-Type: text/html",
          "Location: ::::",
          "WWW-Authenticate: \"",
          "Content-Encoding: nothing-known"
        })
    void with_odd_fields_is_an_answer_all_the_same(String field) throws Exception {
      assertEquals(
          Outcome.delivered(200, "ok"),
          answered("HTTP/1.1 200 OK\n" + field + "\nContent-Length: 2\n\nok"));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "SSH-2.0-OpenSSH_9.6\n",
          "HTTP/1.1 abc\n\n",
          "HTTP/1.1 20 OK\n\n",
          "HTTP/1.1 600 OK\n\n",
          "HTTP/1.1 999 OK\n\n",
          "HTTP/2.0 200 OK\n\n",
          "HTTP/1.1 200 OK\nno colon here\nContent-Length: 0\n\n",
          "HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2\n\nab",
          "HTTP/1.1 200 OK\nContent-Length: 1\nTransfer-Encoding: chunked\n\n1\na\n0\n\n",
          "HTTP/1.1 200 OK\nTransfer-Encoding: gzip\n\n",
          "<html>nginx</html>"
        })
    void that_is_no_http_is_refused(String response) throws Exception {
      assertOutcome(Kind.REFUSED, 0, ErrorCode.INVALID_RESPONSE, answered(response));
    }

    @Test
    void with_a_head_too_large_is_refused() throws Exception {
      assertOutcome(
          Kind.REFUSED,
          0,
          ErrorCode.INVALID_RESPONSE,
          answered("HTTP/1.1 200 OK\nX: " + "x".repeat(40_000) + "\nContent-Length: 0\n\n"));
    }

    @Test
    void with_endless_headers_is_refused_and_the_connection_closed() throws Exception {
      assertOutcome(
          Kind.REFUSED,
          0,
          ErrorCode.INVALID_RESPONSE,
          delivered(
              connection -> {
                connection.read();
                connection.say("HTTP/1.1 200 OK\n");
                while (true) {
                  connection.say("X-Again: and again\n");
                }
              }));
    }

    @Test
    void with_many_long_names_is_an_answer_all_the_same() throws Exception {
      StringBuilder fields = new StringBuilder();
      for (int i = 0; i < 100; i++) {
        fields.append(Integer.toString(i + 1_000, 36).repeat(100)).append(": v\n");
      }
      assertEquals(
          Outcome.delivered(200, ""),
          answered("HTTP/1.1 200 OK\n" + fields + "Content-Length: 0\n\n"));
    }

    /** Each interim answer costs the parser stack; enough in one piece would end the process. */
    @Test
    void after_as_many_interim_answers_as_fit_is_still_the_one_that_counts() throws Exception {
      assertEquals(
          Outcome.delivered(200, ""),
          answered("HTTP/1.1 100 C\n\n".repeat(1_700) + "HTTP/1.1 200 OK\nContent-Length: 0\n\n"));
    }

    @Test
    void behind_a_flood_of_interim_answers_is_refused() throws Exception {
      String flood = "HTTP/1.1 100 C\r\n\r\n".repeat(20_000);
      assertOutcome(
          Kind.REFUSED,
          0,
          ErrorCode.INVALID_RESPONSE,
          delivered(
              connection -> {
                connection.read();
                connection.write(flood);
                connection.awaitEnd();
              }));
    }

    @Test
    void without_end_is_read_up_to_the_limit_and_the_connection_closed() throws Exception {
      try (RawServer server =
          new RawServer(
              connection -> {
                connection.read();
                connection.say("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n");
                try {
                  while (true) {
                    connection.say("400\n" + "y".repeat(1_024) + "\n");
                  }
                } finally {
                  connection.awaitEnd();
                }
              })) {
        Outcome outcome = destinations.deliver(server.url("/"));
        assertEquals(Outcome.delivered(200, "y".repeat(1_024)), outcome);
        Waiting.until(() -> server.ended.get() == 1);
      }
    }

    @Test
    void in_one_endless_chunk_counts_by_its_status() throws Exception {
      Outcome outcome =
          delivered(
              connection -> {
                connection.read();
                connection.say("HTTP/1.1 500 Oh\nTransfer-Encoding: chunked\n\nfffffff\n");
                while (true) {
                  connection.write("z".repeat(8_192));
                }
              });
      assertOutcome(Kind.FAILED, 500, ErrorCode.SERVER_ERROR, outcome);
    }

    @Test
    void that_comes_before_the_request_was_read_counts() throws Exception {
      try (RawServer server =
          new RawServer(
              connection -> {
                connection.readHead();
                connection.answer(413);
                connection.awaitEnd();
              })) {
        Outcome outcome =
            destinations.deliver(
                Destinations.dispatch(
                    server.url("/"),
                    10_000,
                    Destinations.webhook(List.of(), new byte[10 * 1_024 * 1_024])));
        assertOutcome(Kind.REFUSED, 413, ErrorCode.CLIENT_ERROR, outcome);
      }
    }
  }

  @Nested
  class ABrokenConnection {
    @Test
    void that_is_refused_was_a_failure() throws Exception {
      int port;
      try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        port = listener.getLocalPort();
      }
      assertOutcome(
          Kind.FAILED,
          0,
          ErrorCode.CONNECTION_FAILED,
          destinations.deliver("http://127.0.0.1:" + port + "/"));
    }

    @Test
    void reset_before_anything_was_read_broke_it_off() throws Exception {
      Outcome outcome = delivered(RawServer.Connection::reset);
      assertEquals(ErrorCode.CONNECTION_FAILED, outcome.error());
      // Whether the request had left by then is a matter of microseconds.
      assertTrue(outcome.kind() == Kind.FAILED || outcome.kind() == Kind.UNKNOWN);
    }

    @Test
    void reset_while_the_request_was_sent_leaves_it_unknown() throws Exception {
      try (RawServer server =
          new RawServer(
              connection -> {
                connection.readHead();
                connection.in.readNBytes(100_000);
                connection.reset();
              })) {
        Outcome outcome =
            destinations.deliver(
                Destinations.dispatch(
                    server.url("/"),
                    10_000,
                    Destinations.webhook(List.of(), new byte[10 * 1_024 * 1_024])));
        assertOutcome(Kind.UNKNOWN, 0, ErrorCode.CONNECTION_FAILED, outcome);
      }
    }

    @Test
    void after_the_request_leaves_it_unknown() throws Exception {
      assertOutcome(
          Kind.UNKNOWN,
          0,
          ErrorCode.CONNECTION_FAILED,
          delivered(
              connection -> {
                connection.read();
                connection.reset();
              }));
      assertOutcome(
          Kind.UNKNOWN, 0, ErrorCode.CONNECTION_FAILED, delivered(RawServer.Connection::read));
    }

    @ParameterizedTest
    @ValueSource(strings = {"H", "HTTP/1.1 200", "HTTP/1.1 200 OK\n", "HTTP/1.1 200 OK\nServer: a"})
    void within_the_head_leaves_it_unknown(String beginning) throws Exception {
      assertOutcome(
          Kind.UNKNOWN,
          0,
          ErrorCode.CONNECTION_FAILED,
          delivered(
              connection -> {
                connection.read();
                connection.say(beginning);
              }));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "Content-Length: 10\n\nhalf",
          "Transfer-Encoding: chunked\n\n4\nhalf\n",
          "Transfer-Encoding: chunked\n\n4\nhalf\n0\n",
          "Transfer-Encoding: chunked\n\n4\nhalf\nff",
          "Transfer-Encoding: chunked\n\n4\nhalf\nno chunk\n"
        })
    void within_the_body_of_a_2xx_leaves_it_unknown(String rest) throws Exception {
      Outcome outcome =
          delivered(
              connection -> {
                connection.read();
                connection.say("HTTP/1.1 200 OK\n" + rest);
              });
      assertOutcome(Kind.UNKNOWN, 200, ErrorCode.CONNECTION_FAILED, outcome);
      assertEquals("half", outcome.responseExcerpt());
    }

    @Test
    void within_the_body_of_a_refusal_does_not_change_it() throws Exception {
      Outcome outcome =
          delivered(
              connection -> {
                connection.read();
                connection.say("HTTP/1.1 503 No\nRetry-After: 7\nContent-Length: 10\n\nhalf");
                connection.reset();
              });
      assertOutcome(Kind.FAILED, 503, ErrorCode.SERVER_ERROR, outcome);
      assertEquals(7_000, outcome.retryAfterMillis());
    }
  }

  @Nested
  class ASlowDestination {
    @Test
    void that_never_answers_leaves_it_unknown() throws Exception {
      CountDownLatch over = new CountDownLatch(1);
      assertOutcome(
          Kind.UNKNOWN,
          0,
          ErrorCode.DELIVERY_TIMEOUT,
          deliveredQuickly(
              connection -> {
                connection.read();
                over.await();
              }));
    }

    @Test
    void is_cut_off_when_time_is_up() throws Exception {
      try (RawServer server =
          new RawServer(
              connection -> {
                connection.read();
                connection.awaitEnd();
              })) {
        withinTimeout(destinations, server.url("/"));
        Waiting.until(() -> server.ended.get() == 1);
      }
    }

    @Test
    void that_drips_its_head_leaves_it_unknown() throws Exception {
      assertOutcome(
          Kind.UNKNOWN,
          0,
          ErrorCode.DELIVERY_TIMEOUT,
          deliveredQuickly(connection -> drip(connection, "HTTP/1.1 200 OK\nX: ")));
    }

    @Test
    void that_drips_the_body_of_a_2xx_leaves_it_unknown() throws Exception {
      Outcome outcome =
          deliveredQuickly(
              connection -> drip(connection, "HTTP/1.1 200 OK\nContent-Length: 9999\n\nbegun"));
      assertOutcome(Kind.UNKNOWN, 200, ErrorCode.DELIVERY_TIMEOUT, outcome);
      assertTrue(outcome.responseExcerpt().startsWith("begun"), outcome::responseExcerpt);
    }

    @Test
    void that_drips_the_body_of_a_refusal_has_refused() throws Exception {
      assertOutcome(
          Kind.REFUSED,
          404,
          ErrorCode.CLIENT_ERROR,
          deliveredQuickly(
              connection -> drip(connection, "HTTP/1.1 404 No\nContent-Length: 9999\n\n")));
    }

    /** One octet each time the other side has had 20 ms to say that it is gone. */
    private void drip(RawServer.Connection connection, String beginning) throws IOException {
      connection.read();
      connection.say(beginning);
      connection.socket.setSoTimeout(20);
      while (true) {
        try {
          if (connection.in.read() < 0) {
            return;
          }
        } catch (SocketTimeoutException e) {
          connection.write("x");
        }
      }
    }

    @Test
    void that_does_not_read_leaves_it_unknown() throws Exception {
      CountDownLatch over = new CountDownLatch(1);
      try (RawServer server = new RawServer(connection -> over.await())) {
        Outcome outcome =
            destinations.deliver(
                Destinations.dispatch(
                    server.url("/"),
                    QUICK_MILLIS,
                    Destinations.webhook(List.of(), new byte[10 * 1_024 * 1_024])));
        assertOutcome(Kind.UNKNOWN, 0, ErrorCode.DELIVERY_TIMEOUT, outcome);
      }
    }

    @Test
    void that_falls_silent_is_given_up_before_its_time() throws Exception {
      HttpDestinationSettings impatient =
          Destinations.with(tuning -> tuning.idle = Duration.ofMillis(150));
      try (Destinations client = Destinations.with(impatient);
          RawServer server =
              new RawServer(
                  connection -> {
                    connection.read();
                    connection.awaitEnd();
                  })) {
        assertOutcome(Kind.UNKNOWN, 0, ErrorCode.DELIVERY_TIMEOUT, client.deliver(server.url("/")));
        Waiting.until(() -> server.ended.get() == 1);
      }
    }

    @Test
    void that_does_not_accept_is_known_not_to_have_got_it() throws Exception {
      List<Socket> queued = new ArrayList<>();
      try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        InetSocketAddress address =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort());
        fill(address, queued);
        String url = "http://127.0.0.1:" + address.getPort() + "/";
        assertOutcome(Kind.FAILED, 0, ErrorCode.DELIVERY_TIMEOUT, withinTimeout(destinations, url));
        HttpDestinationSettings impatient =
            Destinations.with(tuning -> tuning.connect = Duration.ofMillis(150));
        try (Destinations client = Destinations.with(impatient)) {
          assertOutcome(Kind.FAILED, 0, ErrorCode.DELIVERY_TIMEOUT, client.deliver(url));
        }
      } finally {
        for (Socket socket : queued) {
          socket.close();
        }
      }
    }

    /** Until the kernel drops further connections. */
    private void fill(InetSocketAddress address, List<Socket> queued) throws IOException {
      while (queued.size() < 100) {
        Socket socket = new Socket();
        queued.add(socket);
        try {
          socket.connect(address, 200);
        } catch (SocketTimeoutException e) {
          return;
        }
      }
      throw new AssertionError("The backlog is never full");
    }
  }

  @Nested
  class AKeptConnection {
    private static final String OK = "HTTP/1.1 200 OK\nContent-Length: 2\n\nok";

    @Test
    void carries_the_next_delivery() throws Exception {
      try (RawServer server = RawServer.answering(OK)) {
        for (int i = 0; i < 5; i++) {
          assertEquals(Outcome.delivered(200, "ok"), destinations.deliver(server.url("/" + i)));
        }
        assertEquals(1, server.accepted.get());
      }
    }

    @Test
    void carries_on_after_a_body_in_pieces() throws Exception {
      try (RawServer server =
          RawServer.answering(
              "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2800\n"
                  + "x".repeat(0x2800)
                  + "\n0\n\n")) {
        destinations.deliver(server.url("/"));
        destinations.deliver(server.url("/"));
        assertEquals(1, server.accepted.get());
      }
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 0\n\n",
          "HTTP/1.1 200 OK\nConnection: x, Close\nContent-Length: 0\n\n",
          "HTTP/1.0 200 OK\nContent-Length: 0\n\n",
          "HTTP/1.1 200 OK\nKeep-Alive: timeout=1, max=100\nContent-Length: 0\n\n",
          "HTTP/1.1 200 OK\nKeep-Alive: max=3,timeout=0\nContent-Length: 0\n\n"
        })
    void is_closed_where_the_destination_says_so(String response) throws Exception {
      try (RawServer server =
          new RawServer(
              connection -> {
                connection.read();
                connection.say(response);
                connection.awaitEnd();
              })) {
        assertEquals(Kind.DELIVERED, destinations.deliver(server.url("/")).kind());
        Waiting.until(() -> server.ended.get() == 1);
        assertEquals(Kind.DELIVERED, destinations.deliver(server.url("/")).kind());
        assertEquals(2, server.accepted.get());
      }
    }

    @Test
    void of_http_1_0_is_kept_when_it_says_so() throws Exception {
      try (RawServer server =
          RawServer.answering("HTTP/1.0 200 OK\nConnection: keep-alive\nContent-Length: 0\n\n")) {
        destinations.deliver(server.url("/"));
        destinations.deliver(server.url("/"));
        assertEquals(1, server.accepted.get());
      }
    }

    @Test
    void is_closed_when_nobody_needs_it() throws Exception {
      HttpDestinationSettings impatient =
          Destinations.with(tuning -> tuning.keepAlive = Duration.ofMillis(100));
      try (Destinations client = Destinations.with(impatient);
          RawServer server =
              new RawServer(
                  connection -> {
                    connection.read();
                    connection.say(OK);
                    connection.awaitEnd();
                  })) {
        client.deliver(server.url("/"));
        Waiting.until(() -> server.ended.get() == 1);
      }
    }

    @Test
    void that_the_server_closed_is_not_used_again() throws Exception {
      CountDownLatch close = new CountDownLatch(1);
      try (RawServer server =
          new RawServer(
              connection -> {
                connection.read();
                connection.say(OK);
                if (connection.number == 1) {
                  close.await();
                } else {
                  connection.awaitEnd();
                }
              })) {
        destinations.deliver(server.url("/"));
        int kept = destinations.destination.keptConnections();
        close.countDown();
        Waiting.until(() -> destinations.destination.keptConnections() == kept - 1);
        assertEquals(Kind.DELIVERED, destinations.deliver(server.url("/")).kind());
        assertEquals(2, server.requests.size());
      }
    }

    /** Go's client does the same for requests with an Idempotency-Key, which webhook-id is. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void that_ends_as_the_request_arrives_is_replaced_within_the_attempt(boolean reset)
        throws Exception {
      try (RawServer server =
          new RawServer(
              connection -> {
                connection.read();
                connection.say(OK);
                connection.read();
                if (connection.number > 1) {
                  connection.say(OK);
                  connection.awaitEnd();
                } else if (reset) {
                  connection.reset();
                }
              })) {
        destinations.deliver(server.url("/"));
        assertEquals(Outcome.delivered(200, "ok"), destinations.deliver(server.url("/")));
        assertEquals(2, server.accepted.get());
        assertEquals(3, server.requests.size());
        assertEquals(
            1,
            server.requests.stream()
                .map(request -> request.value("X-Kapsel-Delivery-Attempt"))
                .distinct()
                .count());
      }
    }

    @Test
    void is_replaced_once_and_not_again() throws Exception {
      try (RawServer server =
          new RawServer(
              connection -> {
                connection.read();
                if (connection.number == 1) {
                  connection.say(OK);
                  connection.read();
                }
              })) {
        destinations.deliver(server.url("/"));
        assertOutcome(
            Kind.UNKNOWN, 0, ErrorCode.CONNECTION_FAILED, destinations.deliver(server.url("/")));
        assertEquals(2, server.accepted.get());
      }
    }

    @Test
    void that_ends_later_was_an_attempt() throws Exception {
      HttpDestinationSettings strict = Destinations.with(tuning -> tuning.stale = Duration.ZERO);
      try (Destinations client = Destinations.with(strict);
          RawServer server =
              new RawServer(
                  connection -> {
                    connection.read();
                    connection.say(OK);
                    connection.read();
                  })) {
        client.deliver(server.url("/"));
        assertOutcome(
            Kind.UNKNOWN, 0, ErrorCode.CONNECTION_FAILED, client.deliver(server.url("/")));
        assertEquals(1, server.accepted.get());
      }
    }

    @Test
    void that_ends_within_an_answer_was_an_attempt() throws Exception {
      try (RawServer server =
          new RawServer(
              connection -> {
                connection.read();
                connection.say(OK);
                connection.read();
                connection.say("HTTP/1.1 2");
              })) {
        destinations.deliver(server.url("/"));
        assertOutcome(
            Kind.UNKNOWN, 0, ErrorCode.CONNECTION_FAILED, destinations.deliver(server.url("/")));
        assertEquals(1, server.accepted.get());
      }
    }

    /** What was already there when the request left cannot be the answer to it. */
    @Test
    void never_answers_a_request_with_bytes_behind_the_previous_answer() throws Exception {
      try (RawServer server =
          new RawServer(
              connection -> {
                connection.read();
                connection.say(
                    OK
                        + (connection.number == 1
                            ? "HTTP/1.1 410 Gone\nContent-Length: 0\n\n"
                            : ""));
                connection.read();
                connection.say(OK);
              })) {
        destinations.deliver(server.url("/"));
        assertEquals(Outcome.delivered(200, "ok"), destinations.deliver(server.url("/")));
      }
    }

    @Test
    void on_which_the_server_speaks_up_is_closed() throws Exception {
      CountDownLatch speak = new CountDownLatch(1);
      try (RawServer server =
          new RawServer(
              connection -> {
                connection.read();
                connection.say(OK);
                speak.await();
                connection.say("HTTP/1.1 408 Request Timeout\nConnection: close\n\n");
                connection.awaitEnd();
              })) {
        destinations.deliver(server.url("/"));
        int kept = destinations.destination.keptConnections();
        speak.countDown();
        Waiting.until(() -> destinations.destination.keptConnections() == kept - 1);
      }
    }

    @Test
    void is_given_up_for_a_newer_one_when_there_are_too_many() throws Exception {
      HttpDestinationSettings few = Destinations.with(tuning -> tuning.vacantMax = 2);
      CountDownLatch all = new CountDownLatch(5);
      try (Destinations client = Destinations.with(few);
          RawServer server =
              new RawServer(
                  connection -> {
                    connection.read();
                    all.countDown();
                    all.await();
                    connection.say(OK);
                    connection.awaitEnd();
                  })) {
        var outcomes =
            java.util.stream.IntStream.range(0, 5)
                .mapToObj(
                    i ->
                        client
                            .destination
                            .deliver(Destinations.dispatch(server.url("/"), 10_000))
                            .toCompletableFuture())
                .toList();
        outcomes.forEach(each -> assertEquals(Kind.DELIVERED, each.join().kind()));
        Waiting.until(() -> server.ended.get() == 3);
        assertEquals(2, client.destination.keptConnections());
      }
    }
  }

  @Nested
  class Whatever {
    @ParameterizedTest
    @ValueSource(
        strings = {
          "",
          "http://",
          "ftp://127.0.0.1/",
          "http://127.0.0.1:0/",
          "http://[::1/",
          "http://a b/",
          "http://127.0.0.1/\r\nX: y",
          "http://2130706433/"
        })
    void the_url_says_there_is_an_outcome(String url) {
      assertOutcome(Kind.REFUSED, 0, ErrorCode.DESTINATION_BLOCKED, destinations.deliver(url));
    }

    @Test
    void is_too_much_at_once_fails_at_once() throws Exception {
      HttpDestinationSettings narrow = Destinations.with(tuning -> tuning.deliveriesMax = 1);
      CountDownLatch first = new CountDownLatch(1);
      try (Destinations client = Destinations.with(narrow);
          RawServer server =
              new RawServer(
                  connection -> {
                    connection.read();
                    first.await();
                    connection.answer(200);
                  })) {
        var running = client.destination.deliver(Destinations.dispatch(server.url("/"), 10_000));
        assertOutcome(
            Kind.FAILED, 0, ErrorCode.WORKER_POOL_EXHAUSTED, client.deliver(server.url("/")));
        first.countDown();
        assertEquals(Kind.DELIVERED, running.toCompletableFuture().join().kind());
        assertEquals(Kind.DELIVERED, client.deliver(server.url("/")).kind());
      }
    }

    @Test
    void is_in_the_body_arrives_unchanged() throws Exception {
      byte[] body = new byte[10 * 1_024 * 1_024];
      new java.util.SplittableRandom(7).nextBytes(body);
      try (RawServer server = RawServer.answering("HTTP/1.1 200 OK\nContent-Length: 0\n\n")) {
        Outcome outcome =
            destinations.deliver(
                Destinations.dispatch(
                    server.url("/"), 20_000, Destinations.webhook(List.of(), body)));
        assertEquals(Kind.DELIVERED, outcome.kind());
        assertEquals(io.kapsel.core.webhook.Body.wrap(body), server.next().body());
      }
      try (RawServer server = RawServer.answering("HTTP/1.1 200 OK\nContent-Length: 0\n\n")) {
        destinations.deliver(
            Destinations.dispatch(
                server.url("/"), 20_000, Destinations.webhook(List.of(), new byte[0])));
        RawServer.Request request = server.next();
        assertEquals(0, request.body().length());
        assertEquals("0", request.value("Content-Length"));
      }
    }

    @Test
    void the_excerpt_holds_can_be_stored() throws Exception {
      byte[] utf8 = "é\0€".getBytes(StandardCharsets.UTF_8);
      String octets = new String(utf8, StandardCharsets.ISO_8859_1);
      Outcome outcome =
          delivered(
              connection -> {
                connection.read();
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n" + octets);
                connection.awaitEnd();
              });
      assertEquals("é\uFFFD€", outcome.responseExcerpt());
    }
  }
}
