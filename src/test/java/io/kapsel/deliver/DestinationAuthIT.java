package io.kapsel.deliver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.DestinationAuth;
import io.kapsel.core.endpoint.DestinationAuth.Basic;
import io.kapsel.core.endpoint.DestinationAuth.Bearer;
import io.kapsel.core.endpoint.DestinationAuth.ClientCredentials;
import io.kapsel.core.endpoint.DestinationAuth.Placement;
import io.kapsel.core.endpoint.DestinationTls;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Outcome.Kind;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.deliver.Destination.Dispatch;
import io.kapsel.testing.Waiting;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a destination knows us: over real sockets, with a real token endpoint that misbehaves. */
@Timeout(60)
class DestinationAuthIT {
  private static final Secret CLIENT_SECRET = new Secret("s3cr3t & more: ü".replace("ü", "u"));

  private Destinations destinations;
  private RawServer hook;

  @BeforeEach
  void start() throws Exception {
    destinations = Destinations.onLoopback();
    hook = RawServer.answering("HTTP/1.1 204 No\n\n");
  }

  @AfterEach
  void stop() throws IOException {
    hook.close();
    destinations.close();
  }

  private static Dispatch dispatch(String url, DestinationAuth auth, int timeoutMillis) {
    Webhook webhook =
        Destinations.webhook(
            List.of(new Header("Authorization", "Basic of-the-sender"), new Header("X-A", "1")),
            "{}".getBytes(UTF_8));
    Dispatch plain = Destinations.dispatch(url, timeoutMillis, webhook);
    DeliverySettings settings = plain.settings().withAuth(auth, DestinationTls.NONE);
    return new Dispatch(url, settings, false, webhook, 1);
  }

  private Outcome deliver(DestinationAuth auth) {
    return destinations.deliver(dispatch(hook.url("/hook"), auth, 10_000));
  }

  private static void assertFailed(ErrorCode error, Outcome outcome) {
    assertEquals(Kind.FAILED + " " + error, outcome.kind() + " " + outcome.error());
  }

  private static String bearer(RawServer.Request request) {
    return request.value("Authorization");
  }

  @Test
  void basic_credentials_replace_what_the_sender_sent() throws Exception {
    assertEquals(
        Outcome.delivered(204, ""), deliver(new Basic("käpsel", new Secret("open: sesame"))));
    RawServer.Request request = hook.next();
    String expected = Base64.getEncoder().encodeToString("käpsel:open: sesame".getBytes(UTF_8));
    assertEquals("Basic " + expected, request.value("Authorization"));
    assertEquals("1", request.value("X-A"));
  }

  @Test
  void a_bearer_token_is_sent_as_it_is() throws Exception {
    assertEquals(Outcome.delivered(204, ""), deliver(new Bearer(new Secret("a.b-c_d~e+f/g="))));
    assertEquals("Bearer a.b-c_d~e+f/g=", bearer(hook.next()));
  }

  @Test
  void without_authentication_what_the_sender_sent_goes_on() throws Exception {
    assertEquals(Outcome.delivered(204, ""), deliver(new DestinationAuth.None()));
    assertEquals("Basic of-the-sender", bearer(hook.next()));
  }

  @Nested
  class WithATokenEndpoint {
    private final AtomicInteger issued = new AtomicInteger();

    private ClientCredentials credentials(RawServer issuer) {
      return credentials(issuer.url("/token?x=1"), Placement.HEADER);
    }

    private ClientCredentials credentials(String url, Placement placement) {
      return new ClientCredentials(
          url, "client+1", CLIENT_SECRET, "hooks:write b", "https://api", placement);
    }

    private static String token(String token, String more) {
      String json = "{\"access_token\":\"" + token + "\",\"token_type\":\"Bearer\"" + more + "}";
      return "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: "
          + json.length()
          + "\n\n"
          + json;
    }

    /** Issues {@code t1}, {@code t2} and so on. */
    private RawServer issuer() throws IOException {
      return new RawServer(
          connection -> {
            while (true) {
              connection.read();
              connection.say(token("t" + issued.incrementAndGet(), ",\"expires_in\":3600"));
            }
          });
    }

    @Test
    void a_token_is_fetched_once_and_used_again() throws Exception {
      try (RawServer issuer = issuer()) {
        for (int i = 0; i < 3; i++) {
          assertEquals(Outcome.delivered(204, ""), deliver(credentials(issuer)));
          assertEquals("Bearer t1", bearer(hook.next()));
        }
        assertEquals(1, issuer.requests.size());
        RawServer.Request request = issuer.next();
        assertTrue(request.head().startsWith("POST /token?x=1 HTTP/1.1\r\n"), request.head());
        assertEquals("application/x-www-form-urlencoded", request.value("Content-Type"));
        String expected = "client%2B1:s3cr3t+%26+more%3A+u";
        assertEquals(
            "Basic " + Base64.getEncoder().encodeToString(expected.getBytes(UTF_8)),
            request.value("Authorization"));
        assertEquals(
            "grant_type=client_credentials&scope=hooks%3Awrite+b&audience=https%3A%2F%2Fapi",
            new String(request.body().unsafeBytes(), UTF_8));
      }
    }

    @Test
    void the_credentials_can_go_into_the_body() throws Exception {
      try (RawServer issuer = issuer()) {
        String url = issuer.url("/token");
        assertEquals(Outcome.delivered(204, ""), deliver(credentials(url, Placement.BODY)));
        RawServer.Request request = issuer.next();
        assertEquals(List.of(), request.values("Authorization"));
        String body = new String(request.body().unsafeBytes(), UTF_8);
        assertTrue(body.endsWith("&client_id=client%2B1&client_secret=s3cr3t+%26+more%3A+u"), body);
      }
    }

    @Test
    void attempts_at_the_same_time_wait_for_one_token() throws Exception {
      var everybodyWaits = new CountDownLatch(1);
      try (RawServer issuer =
          new RawServer(
              connection -> {
                while (true) {
                  connection.read();
                  everybodyWaits.await(10, TimeUnit.SECONDS);
                  connection.say(token("t" + issued.incrementAndGet(), ""));
                }
              })) {
        List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
        for (int i = 0; i < 50; i++)
          outcomes.add(
              destinations
                  .destination
                  .deliver(dispatch(hook.url("/hook"), credentials(issuer), 10_000))
                  .toCompletableFuture());
        everybodyWaits.countDown();
        for (var outcome : outcomes)
          assertEquals(Outcome.delivered(204, ""), outcome.orTimeout(20, TimeUnit.SECONDS).join());
        assertEquals(1, issued.get());
        for (int i = 0; i < 50; i++) assertEquals("Bearer t1", bearer(hook.next()));
      }
    }

    @Test
    void a_token_that_is_not_accepted_is_replaced_once() throws Exception {
      try (RawServer issuer = issuer();
          RawServer strict =
              new RawServer(
                  connection -> {
                    while (true)
                      connection.answer(bearer(connection.read()).equals("Bearer t1") ? 401 : 204);
                  })) {
        String url = strict.url("/hook");
        assertEquals(
            Outcome.delivered(204, ""),
            destinations.deliver(dispatch(url, credentials(issuer), 10_000)));
        assertEquals(2, issued.get());
        assertEquals(
            Outcome.delivered(204, ""),
            destinations.deliver(dispatch(url, credentials(issuer), 10_000)));
        assertEquals(2, issued.get());
      }
    }

    @Test
    void a_destination_that_accepts_no_token_has_refused() throws Exception {
      try (RawServer issuer = issuer();
          RawServer never = RawServer.answering("HTTP/1.1 401 No\nContent-Length: 0\n\n")) {
        Outcome outcome =
            destinations.deliver(dispatch(never.url("/hook"), credentials(issuer), 10_000));
        assertEquals(Kind.REFUSED, outcome.kind());
        assertEquals(401, outcome.status());
        assertEquals(2, issued.get());
        assertEquals(2, never.requests.size());
      }
    }

    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        value = {
          "HTTP/1.1 500 No~Content-Length: 0~~",
          "HTTP/1.1 401 No~Content-Length: 29~~{\"error\":\"invalid_client 123\"}",
          "HTTP/1.1 302 Found~Location: http://127.0.0.1/~Content-Length: 0~~",
          "HTTP/1.1 204 No~~",
          "HTTP/1.1 200 OK~Content-Length: 2~~{}",
          "HTTP/1.1 200 OK~Content-Length: 8~~not json",
          "HTTP/1.1 200 OK~Content-Length: 19~~{\"access_token\": 5}",
          "HTTP/1.1 200 OK~Content-Length: 21~~{\"access_token\":\"a b\"}",
          "HTTP/1.1 200 OK~Content-Length: 42~~{\"access_token\":\"abc\",\"token_type\":\"mac\"}  ",
          "HTTP/1.1 200 OK~Content-Length: 100~~{\"access_token\":\"cut o",
          "nonsense~~",
        })
    void a_token_endpoint_that_fails_is_a_reason_to_try_again(String answer) throws Exception {
      try (RawServer issuer =
          new RawServer(
              connection -> {
                connection.read();
                connection.say(answer.replace('~', '\n'));
              })) {
        Outcome outcome = deliver(credentials(issuer));
        assertEquals(Kind.FAILED, outcome.kind(), outcome::toString);
        assertTrue(outcome.message().contains("token"), outcome.message());
        assertEquals(0, outcome.status());
        assertEquals("", outcome.responseExcerpt());
        assertFalse(outcome.toString().contains("s3cr3t"));
        assertEquals(0, hook.requests.size());
      }
    }

    @Test
    void a_retry_after_of_the_token_endpoint_counts() throws Exception {
      try (RawServer issuer =
          RawServer.answering("HTTP/1.1 503 No\nRetry-After: 7\nContent-Length: 0\n\n")) {
        assertEquals(7_000, deliver(credentials(issuer)).retryAfterMillis());
      }
    }

    @Test
    void a_token_endpoint_that_nobody_listens_at_is_a_reason_to_try_again() throws Exception {
      int port;
      try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        port = free.getLocalPort();
      }
      assertFailed(
          ErrorCode.CONNECTION_FAILED,
          deliver(credentials("http://127.0.0.1:" + port + "/", Placement.HEADER)));
      assertEquals(0, hook.requests.size());
    }

    @Test
    void a_token_endpoint_that_stalls_takes_no_longer_than_the_attempt_may() throws Exception {
      try (RawServer issuer = new RawServer(RawServer.Connection::awaitEnd)) {
        assertFailed(
            ErrorCode.DELIVERY_TIMEOUT,
            destinations.deliver(dispatch(hook.url("/hook"), credentials(issuer), 200)));
        assertEquals(0, hook.requests.size());
      }
    }

    @Test
    void a_broken_token_endpoint_is_asked_again_after_a_moment() throws Exception {
      try (RawServer issuer =
          new RawServer(
              connection -> {
                while (true) {
                  connection.read();
                  if (issued.incrementAndGet() == 1) connection.answer(500);
                  else connection.say(token("t2", ""));
                }
              })) {
        assertEquals(Kind.FAILED, deliver(credentials(issuer)).kind());
        Waiting.until(() -> deliver(credentials(issuer)).kind() == Kind.DELIVERED);
        assertEquals("Bearer t2", bearer(hook.next()));
      }
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "http://169.254.169.254/token",
          "http://10.0.0.1/",
          "http://[::1]/",
          "http://localhost/"
        })
    void a_token_endpoint_is_guarded_like_every_destination(String url) throws Exception {
      try (var guarded =
          Destinations.with(
              Destinations.with(
                  tuning -> {
                    tuning.allowPrivate = false;
                    tuning.allowedNetworks = List.of(Network.of("127.0.0.1/32"));
                  }))) {
        Outcome outcome =
            guarded.deliver(
                dispatch(hook.url("/hook"), credentials(url, Placement.HEADER), 10_000));
        assertEquals(
            Kind.REFUSED + " " + ErrorCode.DESTINATION_BLOCKED,
            outcome.kind() + " " + outcome.error());
        assertEquals(0, hook.requests.size());
      }
    }
  }
}
