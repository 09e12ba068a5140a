package io.kapsel.ingest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.IntakeSettings;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.http.HttpLimits;
import io.kapsel.http.HttpServer;
import io.kapsel.testing.RawConnection;
import io.kapsel.testing.RawConnection.Reply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The rows of the ingest table that are about HTTP, over real sockets, before a stand-in pipeline.
 */
class IngestHttpTest {
  private static final EndpointId OPEN = id("00");
  private static final EndpointId DISABLED = id("01");
  private static final EndpointId UNSIGNED = id("02");
  private static final EndpointId FULL = id("03");
  private static final EndpointId CHOOSY = id("04");
  private static final IntakeSettings CHOICE =
      new IntakeSettings(
          List.of("application/json", "text/*"), false, false, List.of("sender.example.com"));
  private static final WebhookId WEBHOOK =
      WebhookId.parse("evt_0190a1b2c3d47e8f90a1b2c3d4e5f607").orElseThrow();

  private static final BlockingQueue<Ingest.Request> received = new LinkedBlockingQueue<>();
  private static final List<IngestReply> observed = new ArrayList<>();
  private static HttpServer server;

  private static EndpointId id(String end) {
    return EndpointId.parse("ep_0190a1b2c3d47e8f90a1b2c3d4e5f6" + end).orElseThrow();
  }

  @BeforeAll
  static void start() {
    var pipeline =
        new IngestHttp.Pipeline(
            (id, mediaType) -> CompletableFuture.completedFuture(entrance(id, mediaType)),
            (id, request) -> {
              received.add(request);
              IngestReply reply =
                  id.equals(UNSIGNED)
                      ? new IngestReply.Rejected(Rejection.of(ErrorCode.SIGNATURE_MISSING))
                      : id.equals(FULL)
                          ? new IngestReply.Rejected(
                              Rejection.of(ErrorCode.QUEUE_FULL).withRetryAfterSeconds(1))
                          : new IngestReply.Accepted(WEBHOOK, false);
              return CompletableFuture.completedFuture(reply);
            });
    var handler =
        new IngestHttp(
            pipeline,
            10_485_760,
            "https://hooks.example.com",
            reply -> {
              synchronized (observed) {
                observed.add(reply);
              }
            });
    server =
        HttpServer.bind("127.0.0.1", 0, HttpLimits.DEFAULT, handler)
            .toCompletableFuture()
            .orTimeout(10, TimeUnit.SECONDS)
            .join();
  }

  private static Entrance entrance(EndpointId id, String mediaType) {
    if (id.equals(DISABLED)) {
      return new Entrance.Closed(Rejection.of(ErrorCode.ENDPOINT_DISABLED));
    }
    if (id.equals(CHOOSY)) {
      return CHOICE.takes(mediaType) || mediaType.isEmpty()
          ? new Entrance.Open(CHOICE)
          : new Entrance.OtherMediaType(CHOICE);
    }
    return List.of(OPEN, UNSIGNED, FULL).contains(id)
        ? new Entrance.Open(IntakeSettings.DEFAULT)
        : new Entrance.Closed(Rejection.of(ErrorCode.INVALID_ENDPOINT));
  }

  @AfterAll
  static void stop() {
    server.stop(Duration.ofMillis(100)).toCompletableFuture().join();
  }

  @BeforeEach
  void forget() {
    received.clear();
    synchronized (observed) {
      observed.clear();
    }
  }

  private static Reply exchange(String request) {
    return RawConnection.exchange(server.address(), request);
  }

  private static String post(EndpointId id, String headers, String body) {
    return "POST /ingest/"
        + id
        + " HTTP/1.1\r\nHost: a\r\n"
        + headers
        + "Content-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  @Test
  void an_accepted_webhook_is_answered_with_its_id_and_time() {
    Reply reply = exchange(post(OPEN, "Content-Type: application/json\r\n", "{}"));
    assertEquals(200, reply.status());
    assertEquals("application/json", reply.header("Content-Type").orElseThrow());
    assertEquals(
        "{\"event_id\":\"evt_0190a1b2c3d47e8f90a1b2c3d4e5f607\",\"status\":\"received\","
            + "\"received_at\":\"2024-07-11T12:09:25.716Z\"}",
        reply.text());
  }

  @Test
  void the_pipeline_gets_the_request_as_it_was_sent() throws InterruptedException {
    exchange(
        "POST http://x/ingest/"
            + OPEN
            + "?a=b%20c HTTP/1.1\r\n"
            + "X-B: 1\r\nHost: a\r\nX-A: \u00fc\u0080\r\nx-b: 2\r\nContent-Type: Text/X; a=\"b\"\r\n"
            + "Content-Length: 3\r\n\r\na\u0000\u00ff");
    Ingest.Request request = received.poll(10, TimeUnit.SECONDS);
    assertEquals("POST", request.method());
    assertEquals("https://hooks.example.com/ingest/" + OPEN + "?a=b%20c", request.url());
    assertEquals("Text/X; a=\"b\"", request.contentType());
    assertArrayEquals(new byte[] {'a', 0, -1}, request.body().unsafeBytes());
    assertEquals(
        List.of(
            new Header("X-B", "1"),
            new Header("Host", "a"),
            new Header("X-A", "\u00fc\u0080"),
            new Header("x-b", "2"),
            new Header("Content-Type", "Text/X; a=\"b\""),
            new Header("Content-Length", "3")),
        request.headers());
  }

  @Test
  void a_missing_content_type_is_unknown_bytes() throws InterruptedException {
    assertEquals(200, exchange(post(OPEN, "", "x")).status());
    assertEquals("application/octet-stream", received.poll(10, TimeUnit.SECONDS).contentType());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "text",
        "text/",
        "/x",
        "a/b/c",
        "a/b;",
        "a/b; c",
        "a/b; c=\"d",
        "a b/c",
        "a/b,c/d"
      })
  void a_malformed_content_type_is_refused(String type) {
    Reply reply = exchange(post(OPEN, "Content-Type: " + type + "\r\n", "x"));
    assertEquals(type.endsWith(";") ? "200 application/json" : "400 E1105", reply.problem());
  }

  @Test
  void compressed_bytes_stay_as_they_are() throws IOException, InterruptedException {
    var compressed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(compressed)) {
      for (int i = 0; i < 1_000; i++) gzip.write(new byte[10_000]);
    }
    byte[] bomb = compressed.toByteArray();
    assertEquals(
        200,
        exchange(post(OPEN, "Content-Encoding: gzip\r\n", new String(bomb, ISO_8859_1))).status());
    assertArrayEquals(bomb, received.poll(10, TimeUnit.SECONDS).body().unsafeBytes());
  }

  @Test
  void malformed_json_and_an_empty_body_are_opaque_bytes() {
    assertEquals(200, exchange(post(OPEN, "Content-Type: application/json\r\n", "{")).status());
    assertEquals(200, exchange(post(OPEN, "", "")).status());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ep_0190a1b2c3d47e8f90a1b2c3d4e5f6ff",
        "",
        "x",
        "ep_0190A1B2C3D47E8F90A1B2C3D4E5F600",
        "ep_0190a1b2c3d47e8f90a1b2c3d4e5f600/",
        "ep_0190a1b2c3d47e8f90a1b2c3d4e5f600%00",
        "%2F",
        "../ingest/ep_0190a1b2c3d47e8f90a1b2c3d4e5f600",
        "0190a1b2-c3d4-7e8f-90a1-b2c3d4e5f600"
      })
  void unknown_and_malformed_ids_look_the_same(String id) {
    String start = "POST /ingest/" + id + " HTTP/1.1\r\nHost: a\r\nX-Request-Id: r\r\n";
    Reply reply = exchange(start + "Content-Length: 0\r\n\r\n");
    assertEquals("404 E1003", reply.problem());
    assertEquals(exchange(post(id("fe"), "X-Request-Id: r\r\n", "")).text(), reply.text());
  }

  @Test
  void an_over_long_id_is_no_endpoint() {
    assertEquals(
        "404 E1003",
        exchange("POST /ingest/" + "e".repeat(7_000) + " HTTP/1.1\r\nHost: a\r\n\r\n").problem());
  }

  @Test
  void a_disabled_endpoint_is_gone_before_the_body_is_read() {
    try (var connection = new RawConnection(server.address())) {
      connection.send(
          "POST /ingest/" + DISABLED + " HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
      Reply reply = connection.receive();
      assertEquals("410 E1012", reply.problem());
      assertTrue(reply.closes());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "PUT", "DELETE", "PATCH", "TRACE"})
  void other_methods_are_not_allowed_whether_the_endpoint_exists_or_not(String method) {
    for (EndpointId id : List.of(OPEN, id("ff"))) {
      Reply reply = exchange(method + " /ingest/" + id + " HTTP/1.1\r\nHost: a\r\n\r\n");
      assertEquals("405 E1101", reply.problem());
      assertEquals("POST, OPTIONS", reply.header("Allow").orElseThrow());
    }
  }

  @Test
  void head_is_not_allowed_and_gets_no_body() {
    try (var connection = new RawConnection(server.address())) {
      connection.send("HEAD /ingest/" + OPEN + " HTTP/1.1\r\nHost: a\r\n\r\n");
      assertEquals(405, connection.receiveHead().status());
      assertEquals(200, connection.send(post(OPEN, "", "x")).receive().status());
    }
  }

  @Test
  void options_names_the_methods() {
    Reply reply = exchange("OPTIONS /ingest/" + OPEN + " HTTP/1.1\r\nHost: a\r\n\r\n");
    assertEquals(204, reply.status());
    assertEquals("POST, OPTIONS", reply.header("Allow").orElseThrow());
  }

  @Test
  void a_media_type_the_endpoint_does_not_take_is_refused_before_the_body_is_read() {
    try (var connection = new RawConnection(server.address())) {
      connection.send(
          "POST /ingest/"
              + CHOOSY
              + " HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nContent-Length: 9\r\n\r\n");
      Reply reply = connection.receive();
      assertEquals("415 E1103", reply.problem());
      assertEquals("application/json, text/*", reply.header("Accept").orElseThrow());
      assertTrue(reply.closes());
    }
    assertEquals("415 E1103", exchange(post(CHOOSY, "", "x")).problem());
    assertEquals("400 E1105", exchange(post(CHOOSY, "Content-Type: png\r\n", "x")).problem());
    for (String type : List.of("application/json", "Application/JSON; charset=utf-8", "text/x")) {
      assertEquals(200, exchange(post(CHOOSY, "Content-Type: " + type + "\r\n", "x")).status());
    }
  }

  @Test
  void a_malformed_content_type_tells_nothing_about_an_endpoint_that_is_not_there() {
    assertEquals("404 E1003", exchange(post(id("ff"), "Content-Type: text\r\n", "x")).problem());
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "04, sender.example.com, -, sender.example.com, -",
        "04, Sender.Example.COM, 120, Sender.Example.COM, 120",
        "04, sender.example.com, *, sender.example.com, *",
        "04, sender.example.com, 0, sender.example.com, *",
        "04, other.example.com, 120, -, -",
        "00, sender.example.com, 120, -, -",
        "01, sender.example.com, 120, -, -",
        "ff, sender.example.com, 120, -, -",
        "04, -, 120, -, -"
      })
  void cloud_events_get_consent_only_where_the_endpoint_gives_it(
      String end, String origin, String rate, String allowedOrigin, String allowedRate) {
    String headers =
        (origin == null ? "" : "WebHook-Request-Origin: " + origin + "\r\n")
            + (rate == null ? "" : "WebHook-Request-Rate: " + rate + "\r\n");
    Reply reply =
        exchange("OPTIONS /ingest/" + id(end) + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n");
    assertEquals(204, reply.status());
    assertEquals("POST, OPTIONS", reply.header("Allow").orElseThrow());
    assertEquals(Optional.ofNullable(allowedOrigin), reply.header("WebHook-Allowed-Origin"));
    assertEquals(Optional.ofNullable(allowedRate), reply.header("WebHook-Allowed-Rate"));
  }

  @ParameterizedTest
  @CsvSource({"02, 401 E1007, false, ''", "03, 503 E3002, true, 1"})
  void a_rejection_of_the_pipeline_becomes_a_problem(
      String end, String problem, boolean retryable, String retryAfter) {
    Reply reply = exchange(post(id(end), "", "x"));
    assertEquals(problem, reply.problem());
    assertEquals(retryable, reply.json().get("retryable").asBoolean());
    assertEquals(retryAfter, reply.header("Retry-After").orElse(""));
    assertFalse(reply.closes());
    for (String member : List.of("type", "title", "detail", "instance", "name", "request_id")) {
      assertTrue(reply.json().hasNonNull(member), member);
    }
  }

  @Test
  void every_reply_is_observed_once() {
    exchange(post(OPEN, "", "x"));
    exchange(post(DISABLED, "", ""));
    exchange(post(UNSIGNED, "", ""));
    exchange(post(id("ff"), "", ""));
    synchronized (observed) {
      assertEquals(4, observed.size(), observed.toString());
    }
  }

  @Test
  void a_body_that_is_too_large_reaches_nobody() {
    try (var connection = new RawConnection(server.address())) {
      connection.send(
          "POST /ingest/" + OPEN + " HTTP/1.1\r\nHost: a\r\nContent-Length: 10485761\r\n\r\n");
      assertEquals("413 E1002", connection.receive().problem());
    }
    assertTrue(received.isEmpty());
  }
}
