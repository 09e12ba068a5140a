package io.kapsel.ingest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.IntakeSettings;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.SignatureSettings.Scheme;
import io.kapsel.core.webhook.SignatureVerifier;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.http.Handler;
import io.kapsel.http.HttpLimits;
import io.kapsel.http.HttpServer;
import io.kapsel.http.ProblemResponse;
import io.kapsel.http.RequestIds;
import io.kapsel.testing.RawConnection;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Requests made of pieces that mean something, cut, mixed and changed, over real sockets: never an
 * answer that blames Kapsel, never a hung connection, never an exception. Every seed is fixed.
 */
class DoorFuzzTest {
  private static final EndpointId ENDPOINT =
      EndpointId.parse("ep_0190a1b2c3d47e8f90a1b2c3d4e5f600").orElseThrow();
  private static final WebhookId WEBHOOK =
      WebhookId.parse("evt_0190a1b2c3d47e8f90a1b2c3d4e5f607").orElseThrow();
  private static final int CONVERSATIONS = 1_500;

  private static final List<String> PIECES =
      List.of(
          "POST /ingest/" + ENDPOINT + " HTTP/1.1\r\n",
          "POST /ingest/" + ENDPOINT + "?a=b HTTP/1.1\r\n",
          "OPTIONS /ingest/" + ENDPOINT + " HTTP/1.1\r\n",
          "GET /ingest/%00 HTTP/1.0\r\n",
          "POST http://[::1]:80/ingest/x HTTP/1.1\r\n",
          "OPTIONS * HTTP/1.1\r\n",
          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
          "Host: a\r\n",
          "Host: [::1]:8080\r\n",
          "Content-Length: 5\r\n",
          "Content-Length: 99999999999999999999\r\n",
          "Transfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked, identity\r\n",
          "Connection: close, Content-Type, , X\r\n",
          "Expect: 100-continue\r\n",
          "Content-Type: application/json; charset=\"a\\\"b\"\r\n",
          "Content-Type: a/b;;;\r\n",
          "Content-Encoding: gzip,,identity\r\n",
          "Stripe-Signature: t=1,v1=00,v1=,t=,=,,\r\n",
          "webhook-id: a\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,AA== v1a,,  ,\r\n",
          "X-Hub-Signature-256: sha256=\u00e9\r\n",
          "X-Twilio-Signature: =\r\n",
          "Idempotency-Key: \"\\\r\n",
          "Idempotency-Key: k\r\n",
          "WebHook-Request-Origin: *\r\nWebHook-Request-Rate: -1\r\n",
          "X-A: \u0000\r\n",
          " folded\r\n",
          "\r\n",
          "\n",
          "5\r\nhello\r\n",
          "0\r\n\r\n",
          "FFFFFFFF\r\n",
          "3;x=\"\r\n\"\r\n",
          "{\"id\":1}",
          "[".repeat(600),
          "\u00ff\u00fe");

  /** What the checks behind the framing look at. */
  private static final List<String> HEADERS =
      List.of(
          "Content-Type: application/json; charset=\"a\\\"b\"\r\n",
          "Content-Encoding: gzip,,identity\r\n",
          "Content-Digest: sha-256=:AAAA:, sha-512=::;a=b,=\r\n",
          "Stripe-Signature: t=1,v1=00,v1=,t=,=,,\r\n",
          "Stripe-Signature: t=1,v1=00\r\n",
          "webhook-id: a\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,AA== v1a,,  ,\r\n",
          "X-Hub-Signature-256: sha256=\u00e9\r\n",
          "X-Slack-Signature: v0=\r\nX-Slack-Request-Timestamp: 9223372036854775808\r\n",
          "X-Twilio-Signature: =\r\n",
          "X-Gitlab-Token: \u00e9\r\n",
          "Idempotency-Key: \"\\\r\n",
          "X-Signature: \t\r\n");

  private static final List<SignatureSettings> SCHEMES = new ArrayList<>();
  private static final AtomicInteger taken = new AtomicInteger();
  private static HttpServer server;

  @BeforeAll
  static void start() {
    for (Scheme scheme : Scheme.values()) {
      SCHEMES.add(SignatureSettings.of(scheme, List.of(new Secret("s"))));
    }
    var pipeline =
        new IngestHttp.Pipeline(
            (id, mediaType) ->
                CompletableFuture.completedFuture(new Entrance.Open(IntakeSettings.DEFAULT)),
            (id, request) -> CompletableFuture.completedFuture(judge(request)));
    server =
        HttpServer.bind(
                "127.0.0.1",
                0,
                HttpLimits.DEFAULT,
                handler(new IngestHttp(pipeline, 10_000, "https://a.example", reply -> {})))
            .toCompletableFuture()
            .orTimeout(10, TimeUnit.SECONDS)
            .join();
  }

  private static Handler handler(IngestHttp ingest) {
    return (head, remote) ->
        head.path().startsWith(IngestHttp.PREFIX)
            ? ingest.admit(head, remote)
            : new Handler.Admission.Refuse(
                ProblemResponse.of(Rejection.of(ErrorCode.NOT_FOUND), RequestIds.of(head)));
  }

  @AfterAll
  static void stop() {
    server.stop(Duration.ofMillis(100)).toCompletableFuture().join();
  }

  /** All that looks at a request before anything is stored. */
  private static IngestReply judge(Ingest.Request request) {
    taken.incrementAndGet();
    List<Header> headers = request.headers();
    byte[] body = request.body().unsafeBytes();
    for (SignatureSettings settings : SCHEMES) {
      Optional<Rejection> illegible = SignatureVerifier.illegible(settings, headers);
      if (illegible.isPresent()) return new IngestReply.Rejected(illegible.get());
      SignatureVerifier.verify(settings, 1_000, headers, body, request.method(), request.url());
    }
    var strict = new IntakeSettings(List.of(), true, true, List.of());
    Optional<Rejection> refused = strict.refuse(headers, body);
    return refused.isPresent()
        ? new IngestReply.Rejected(refused.get())
        : new IngestReply.Accepted(WEBHOOK, false);
  }

  /** Gets past the framing, with something to judge. */
  private static String wellFormed(Random random) {
    var text = new StringBuilder(PIECES.get(random.nextInt(2))).append("Host: a\r\n");
    for (String header : HEADERS) if (random.nextInt(3) == 0) text.append(header);
    String body = PIECES.get(PIECES.size() - 1 - random.nextInt(8));
    if (random.nextInt(3) > 0) {
      return text + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }
    String chunk = Integer.toHexString(body.length()) + "\r\n" + body + "\r\n";
    return text + "Transfer-Encoding: chunked\r\n\r\n" + chunk + "0\r\n\r\n";
  }

  private static byte[] conversation(Random random) {
    var text = new StringBuilder();
    if (random.nextBoolean()) text.append(wellFormed(random));
    int pieces = random.nextInt(10);
    for (int i = 0; i < pieces; i++) text.append(PIECES.get(random.nextInt(PIECES.size())));
    if (text.isEmpty()) text.append(wellFormed(random));
    byte[] bytes = text.toString().getBytes(ISO_8859_1);
    for (int changes = random.nextInt(3); changes > 0; changes--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return bytes;
  }

  @Test
  void no_conversation_is_answered_with_a_fault_of_kapsels_own() {
    for (int seed = 0; seed < CONVERSATIONS; seed++) {
      var random = new Random(seed);
      byte[] bytes = conversation(random);
      int cut = random.nextInt(bytes.length + 1);
      try (var connection = new RawConnection(server.address())) {
        connection.sendUnlessCut(Arrays.copyOf(bytes, cut));
        connection.sendUnlessCut(Arrays.copyOfRange(bytes, cut, bytes.length));
        String answers = finished(connection);
        for (String line : answers.split("\r\n", -1)) {
          boolean fault =
              line.startsWith("HTTP/1.1 5")
                  && !line.startsWith("HTTP/1.1 501")
                  && !line.startsWith("HTTP/1.1 505");
          assertFalse(fault, "seed " + seed + ": " + answers);
        }
        assertFalse(answers.isEmpty() && bytes.length > 4, "no answer to seed " + seed);
      }
    }
    assertTrue(taken.get() > CONVERSATIONS / 50, taken + " reached the checks");
    assertEquals(0, server.bytesHeld());
  }

  private static String finished(RawConnection connection) {
    try {
      connection.finish();
    } catch (UncheckedIOException alreadyCut) {
      return connection.rest(10_000);
    }
    return connection.rest(10_000);
  }
}
