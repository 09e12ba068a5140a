package io.kapsel.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kapsel.KapselForTests;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.testing.RawConnection;
import io.kapsel.testing.RawConnection.Reply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpServerTest {
  private static final HttpLimits LIMITS = HttpLimits.DEFAULT;

  private final Echo echo = new Echo();
  private final List<HttpServer> servers = new ArrayList<>();

  /** Every request ends and every byte is given back, whatever the test did. */
  @AfterEach
  void nothing_is_left() {
    for (HttpServer server : servers) {
      join(server.stop(Duration.ofMillis(100)));
      KapselForTests.await(
          "nothing left",
          () ->
              server.connectionsOpen() == 0
                  && server.requestsInProgress() == 0
                  && server.bytesHeld() == 0);
    }
  }

  /** Answers with what it got; some paths have a fate of their own. */
  private static final class Echo implements Handler {
    final Set<String> answered = ConcurrentHashMap.newKeySet();
    final CompletableFuture<Response> held = new CompletableFuture<>();
    final CompletableFuture<Admission> heldAdmission = new CompletableFuture<>();

    @Override
    public Admission admit(RequestHead head, @Nullable String remoteAddress) {
      return switch (head.path()) {
        case "/refused" ->
            new Admission.Refuse(
                ProblemResponse.of(Rejection.of(ErrorCode.INVALID_ENDPOINT), RequestIds.of(head)));
        case "/later" -> new Admission.Later(heldAdmission);
        case "/bug-at-the-door" -> throw new IllegalStateException("a bug");
        default -> new Admission.Read(10_485_760, this::answer);
      };
    }

    CompletionStage<Response> answer(Request request) {
      answered.add(request.head().path());
      return switch (request.head().path()) {
        case "/held" -> held;
        case "/bug" -> throw new IllegalStateException("a bug");
        case "/failed" -> CompletableFuture.failedFuture(new IllegalStateException("a bug"));
        case "/empty" -> CompletableFuture.completedFuture(Response.empty(204));
        case "/split" ->
            CompletableFuture.completedFuture(Response.empty(204).with("X-A", "a\r\nX-B: b"));
        default ->
            CompletableFuture.completedFuture(
                Response.text(
                    200,
                    "text/plain",
                    request.head().path()
                        + " "
                        + request.body().length
                        + " "
                        + new String(
                            request.body(), 0, Math.min(20, request.body().length), ISO_8859_1)));
      };
    }
  }

  private HttpServer server(HttpLimits limits) {
    HttpServer server = join(HttpServer.bind("127.0.0.1", 0, limits, echo));
    servers.add(server);
    return server;
  }

  private RawConnection connect() {
    return new RawConnection(server(LIMITS).address());
  }

  private static <T> T join(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "it did not happen");
      Thread.onSpinWait();
    }
  }

  private static String post(String path, String body) {
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: a\r\nContent-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  private static HttpLimits quick(long millis) {
    return new HttpLimits(
        LIMITS.connectionsMax(),
        LIMITS.headerBytesMax(),
        LIMITS.headerFieldsMax(),
        LIMITS.targetBytesMax(),
        LIMITS.bufferedBytesMax(),
        millis,
        millis,
        3 * millis,
        1_024,
        millis,
        millis,
        millis,
        millis);
  }

  private static HttpLimits withConnections(int connectionsMax) {
    return new HttpLimits(
        connectionsMax,
        LIMITS.headerBytesMax(),
        LIMITS.headerFieldsMax(),
        LIMITS.targetBytesMax(),
        LIMITS.bufferedBytesMax(),
        LIMITS.headMillisMax(),
        LIMITS.bodyIdleMillisMax(),
        LIMITS.bodyMillisMax(),
        LIMITS.bodyBytesPerSecondMin(),
        LIMITS.idleMillisMax(),
        LIMITS.answerMillisMax(),
        LIMITS.writeMillisMax(),
        LIMITS.lingerMillisMax());
  }

  // --------------------------------------------------------------------------------- serving

  @Test
  void a_connection_serves_one_request_after_the_other() {
    try (var connection = connect()) {
      for (int i = 0; i < 100; i++) {
        assertEquals("/" + i + " 1 x", connection.send(post("/" + i, "x")).receive().text());
      }
    }
  }

  @Test
  void pipelined_requests_are_answered_in_order() {
    try (var connection = connect()) {
      var all = new StringBuilder();
      for (int i = 0; i < 200; i++) all.append(post("/" + i, "body" + i));
      connection.send(all.toString());
      for (int i = 0; i < 200; i++) {
        assertTrue(connection.receive().text().startsWith("/" + i + " "));
      }
    }
  }

  @Test
  void a_request_waits_for_the_answer_to_the_one_before() {
    try (var connection = connect()) {
      connection.send(post("/held", "") + post("/second", ""));
      await(() -> echo.answered.contains("/held"));
      assertFalse(echo.answered.contains("/second"));
      echo.held.complete(Response.text(200, "text/plain", "held"));
      assertEquals("held", connection.receive().text());
      assertEquals("/second 0 ", connection.receive().text());
    }
  }

  @Test
  void a_body_of_exactly_the_limit_is_read() {
    try (var connection = connect()) {
      assertEquals(
          "/a 10485760 xxxxxxxxxxxxxxxxxxxx",
          connection.send(post("/a", "x".repeat(10_485_760))).receive().text());
    }
  }

  @Test
  void a_chunked_body_of_exactly_the_limit_is_read() {
    try (var connection = connect()) {
      connection.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      String chunk = "10000\r\n" + "y".repeat(65_536) + "\r\n";
      for (int i = 0; i < 160; i++) connection.send(chunk);
      connection.send("0\r\n\r\n");
      assertEquals("/a 10485760 yyyyyyyyyyyyyyyyyyyy", connection.receive().text());
    }
  }

  @Test
  void a_head_request_gets_the_length_and_no_body() {
    try (var connection = connect()) {
      Reply reply = connection.send("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n").receiveHead();
      assertEquals("5", reply.header("Content-Length").orElseThrow());
      assertEquals("/b 0 ", connection.send(post("/b", "")).receive().text());
    }
  }

  @Test
  void no_content_has_no_length() {
    try (var connection = connect()) {
      Reply reply = connection.send(post("/empty", "")).receive();
      assertEquals(204, reply.status());
      assertTrue(reply.header("Content-Length").isEmpty());
      assertTrue(reply.header("Date").orElseThrow().endsWith(" GMT"));
    }
  }

  @Test
  void http_1_0_is_answered_and_closed_or_kept_alive() {
    HttpServer server = server(LIMITS);
    try (var connection = new RawConnection(server.address())) {
      assertTrue(connection.send("GET /a HTTP/1.0\r\nHost: a\r\n\r\n").receive().closes());
      assertTrue(connection.isEnded());
    }
    try (var connection = new RawConnection(server.address())) {
      Reply reply =
          connection.send("GET /a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n").receive();
      assertEquals("keep-alive", reply.header("Connection").orElseThrow());
      assertEquals("/b 0 ", connection.send(post("/b", "")).receive().text());
    }
  }

  @Test
  void connection_close_is_obeyed_after_the_answer() {
    try (var connection = connect()) {
      connection.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + post("/b", ""));
      assertTrue(connection.receive().closes());
      assertTrue(connection.isEnded());
    }
    assertFalse(echo.answered.contains("/b"));
  }

  @Test
  void a_half_closed_client_still_gets_its_answer() {
    try (var connection = connect()) {
      connection.send(post("/held", "")).finish();
      await(() -> echo.answered.contains("/held"));
      echo.held.complete(Response.text(200, "text/plain", "x".repeat(5_000_000)));
      assertEquals(5_000_000, connection.receive().body().length);
      assertTrue(connection.isEnded());
    }
  }

  @Test
  void a_hundred_continue_is_sent_to_who_waits_for_it() {
    try (var connection = connect()) {
      connection.send(
          "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
      assertEquals(100, connection.receive().status());
      assertEquals("/a 1 x", connection.send("x").receive().text());
    }
  }

  @Test
  void a_hundred_continue_is_not_sent_before_a_refusal() {
    try (var connection = connect()) {
      connection.send(
          "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10485761\r\nExpect: 100-continue\r\n\r\n");
      assertEquals("413 E1002", connection.receive().problem());
      assertTrue(connection.isEnded());
    }
  }

  // -------------------------------------------------------------------------------- refusing

  @Test
  void a_refusal_before_the_body_closes_and_can_be_read_by_a_client_that_sends_on() {
    try (var connection = connect()) {
      connection.send("POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n");
      connection.send(new byte[5_000_000]);
      Reply reply = connection.receive();
      assertEquals("404 E1003", reply.problem());
      assertTrue(reply.closes());
      assertTrue(connection.isEnded());
    }
  }

  @Test
  void broken_framing_counts_before_a_refusal() {
    String head = "POST /refused HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    var address = server(LIMITS).address();
    assertEquals("400 E1105", RawConnection.exchange(address, head + "x\r\n").problem());
    for (String whole : List.of("", "1\r\na\r\n0\r\n\r\n", "FFFFFFFF\r\na")) {
      assertEquals("404 E1003", RawConnection.exchange(address, head + whole).problem());
    }
  }

  @Test
  void a_refusal_without_a_body_keeps_the_connection() {
    try (var connection = connect()) {
      assertFalse(connection.send(post("/refused", "")).receive().closes());
      assertEquals("/b 0 ", connection.send(post("/b", "")).receive().text());
    }
  }

  @Test
  void an_announced_length_beyond_the_limit_is_refused_before_the_body() {
    try (var connection = connect()) {
      connection.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10485761\r\n\r\n");
      assertEquals("413 E1002", connection.receive().problem());
      assertTrue(connection.isEnded());
    }
    assertTrue(echo.answered.isEmpty());
  }

  @Test
  void an_endless_chunked_body_is_cut_at_the_limit() {
    try (var connection = connect()) {
      connection.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      byte[] chunk = ("10000\r\n" + "y".repeat(65_536) + "\r\n").getBytes(ISO_8859_1);
      for (int i = 0; i < 170; i++) connection.sendUnlessCut(chunk);
      assertEquals("413 E1002", connection.receive().problem());
      assertTrue(connection.isEnded());
    }
    assertTrue(echo.answered.isEmpty());
  }

  @Test
  void bodies_beyond_the_budget_of_the_node_are_refused_and_the_budget_comes_back() {
    HttpLimits tight =
        new HttpLimits(
            10, 16_384, 100, 8_000, 1_000_000, 10_000, 10_000, 60_000, 1, 60_000, 60_000, 60_000,
            500);
    HttpServer server = server(tight);
    try (var first = new RawConnection(server.address());
        var second = new RawConnection(server.address())) {
      first.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n");
      first.send(new byte[800_000]);
      await(() -> server.bytesHeld() > 700_000);
      second.send("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n");
      second.sendUnlessCut(new byte[800_000]);
      Reply reply = second.receive();
      assertEquals("503 E3002", reply.problem());
      assertEquals("1", reply.header("Retry-After").orElseThrow());
      assertTrue(reply.closes());
      first.send(new byte[100_000]);
      assertEquals(200, first.receive().status());
      await(() -> server.bytesHeld() == 0);
    }
  }

  /** Not even for a moment: another connection would be refused for it. */
  @Test
  void a_body_that_is_refused_takes_nothing_of_the_budget() {
    HttpServer server = server(budget(1_000));
    var stop = new AtomicBoolean();
    CompletableFuture<Boolean> refused =
        CompletableFuture.supplyAsync(
            () -> {
              boolean taken = false;
              while (!stop.get()) taken |= server.reserve(1_001);
              return !taken;
            });
    int accepted = 0;
    for (int i = 0; i < 1_000_000; i++) {
      if (server.reserve(1_000)) {
        accepted++;
        server.release(1_000);
      }
    }
    stop.set(true);
    assertEquals(1_000_000, accepted);
    assertTrue(join(refused));
  }

  /** Each announces ten megabytes and sends a little: what it costs is what it sent. */
  @Test
  void hundreds_of_slow_senders_hold_no_thread_and_no_more_memory_than_the_budget() {
    int senders = 400;
    int sentBytes = 20_000;
    long budgetBytes = 4_000_000;
    HttpServer server = server(budget(budgetBytes));
    int threads = Thread.activeCount();
    List<RawConnection> slow = new ArrayList<>();
    try {
      for (int i = 0; i < senders; i++) {
        var connection = new RawConnection(server.address());
        slow.add(connection);
        connection.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n");
        connection.sendUnlessCut(new byte[sentBytes]);
        assertTrue(server.bytesHeld() <= budgetBytes);
      }
      await(() -> server.requestsInProgress() < senders && server.bytesHeld() > budgetBytes / 2);
      assertTrue(server.bytesHeld() <= budgetBytes);
      assertTrue(Thread.activeCount() - threads < 20, "threads for senders");
      Reply reply = RawConnection.exchange(server.address(), post("/quick", ""));
      assertEquals(200, reply.status());
    } finally {
      slow.forEach(RawConnection::close);
    }
    await(() -> server.bytesHeld() == 0 && server.connectionsOpen() == 0);
    assertFalse(echo.answered.contains("/slow"));
  }

  private static HttpLimits budget(long bytes) {
    return new HttpLimits(
        1_000, 16_384, 100, 8_000, bytes, 60_000, 60_000, 60_000, 1, 60_000, 60_000, 60_000, 500);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/bug", "/failed", "/bug-at-the-door"})
  void a_bug_is_answered_without_its_details(String path) {
    try (var connection = connect()) {
      Reply reply = connection.send(post(path, "")).receive();
      assertEquals("500 E9999", reply.problem());
      assertFalse(reply.text().contains("a bug"));
      assertTrue(reply.json().get("retryable").asBoolean());
    }
  }

  @Test
  void a_field_value_cannot_split_a_response() {
    try (var connection = connect()) {
      assertTrue(connection.send(post("/split", "")).receive().header("X-B").isEmpty());
    }
  }

  @Test
  void the_request_id_is_the_clients_when_it_is_usable() {
    try (var connection = connect()) {
      String start = "GET /refused HTTP/1.1\r\nHost: a\r\nX-Request-Id: ";
      Reply named = connection.send(start + "abc-1\r\n\r\n").receive();
      assertEquals("abc-1", named.json().get("request_id").asText());
      assertEquals("abc-1", named.header("X-Request-Id").orElseThrow());
      Reply unusable = connection.send(start + "a\"b\r\n\r\n").receive();
      assertTrue(unusable.json().get("request_id").asText().startsWith("req_"));
    }
  }

  @Test
  void a_deferred_admission_reads_or_refuses() {
    HttpServer server = server(LIMITS);
    try (var connection = new RawConnection(server.address())) {
      connection.send("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
      await(() -> server.requestsInProgress() == 1);
      echo.heldAdmission.complete(new Handler.Admission.Read(3, echo::answer));
      assertEquals("/later 3 abc", connection.send("abc").receive().text());
      connection.send("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
      assertEquals("413 E1002", connection.receive().problem());
    }
  }

  // ------------------------------------------------------------------------------------ time

  @Test
  void slow_headers_are_answered_with_a_timeout() {
    try (var connection = new RawConnection(server(quick(200)).address())) {
      Reply reply = connection.send("POST / HTTP/1.1\r\nHos").receive();
      assertEquals("408 E1106", reply.problem());
      assertTrue(connection.isEnded());
    }
  }

  @Test
  void headers_that_trickle_do_not_buy_time() {
    try (var connection = new RawConnection(server(quick(300)).address())) {
      connection.send("POST / HTTP/1.1\r\nHost: a\r\nX: ");
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      String answer = "";
      while (answer.isEmpty() && System.nanoTime() < deadline) {
        connection.sendUnlessCut(new byte[] {'x'});
        answer = connection.rest(20);
      }
      assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
    }
  }

  @Test
  void a_body_that_stops_is_answered_with_a_timeout() {
    try (var connection = new RawConnection(server(quick(200)).address())) {
      Reply reply =
          connection.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").receive();
      assertEquals("408 E1106", reply.problem());
      assertTrue(reply.json().get("retryable").asBoolean());
      assertTrue(connection.isEnded());
    }
    assertTrue(echo.answered.isEmpty());
  }

  @Test
  void a_body_that_trickles_is_answered_with_a_timeout() {
    try (var connection = new RawConnection(server(quick(300)).address())) {
      connection.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n");
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      String answer = "";
      while (answer.isEmpty() && System.nanoTime() < deadline) {
        connection.sendUnlessCut(new byte[] {'x'});
        answer = connection.rest(20);
      }
      assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
    }
  }

  @Test
  void a_silent_connection_is_closed_without_a_word() {
    HttpServer server = server(quick(200));
    try (var fresh = new RawConnection(server.address());
        var used = new RawConnection(server.address())) {
      used.send(post("/a", "")).receive();
      assertTrue(fresh.isEnded());
      assertTrue(used.isEnded());
    }
  }

  @Test
  void an_answer_that_never_comes_is_replaced() {
    try (var connection = new RawConnection(server(quick(200)).address())) {
      Reply reply = connection.send(post("/held", "")).receive();
      assertEquals("503 E3003", reply.problem());
      assertTrue(connection.isEnded());
      echo.held.complete(Response.empty(204));
    }
  }

  @Test
  void connections_beyond_the_maximum_wait_for_a_place() {
    HttpServer server = server(withConnections(1));
    var first = new RawConnection(server.address());
    try (var second = new RawConnection(server.address())) {
      try (first) {
        first.send(post("/first", "")).receive();
        second.send(post("/second", ""));
        exchanges(first, 200);
        assertFalse(echo.answered.contains("/second"));
      }
      assertEquals("/second 0 ", second.receive().text());
    }
  }

  @Test
  void nothing_more_is_read_while_a_request_is_answered() {
    var server = new HttpServer(LIMITS, echo);
    servers.add(server);
    var channel = new EmbeddedChannel(new Connection(server));
    channel.writeInbound(bytes(post("/held", "")));
    channel.writeInbound(bytes(post("/second", "")));
    assertFalse(channel.config().isAutoRead());
    echo.held.complete(Response.empty(204));
    channel.runPendingTasks();
    assertTrue(echo.answered.contains("/second"));
    assertTrue(channel.config().isAutoRead());
    assertTrue(channel.finishAndReleaseAll());
  }

  private static ByteBuf bytes(String latin1) {
    return Unpooled.copiedBuffer(latin1, ISO_8859_1);
  }

  private static void exchanges(RawConnection connection, int count) {
    for (int i = 0; i < count; i++) connection.send(post("/other", "")).receive();
  }

  // ------------------------------------------------------------------------------- stopping

  @Test
  void stopping_lets_requests_finish_and_closes_idle_connections() {
    HttpServer server = server(LIMITS);
    CompletableFuture<Void> stopped;
    try (var busy = new RawConnection(server.address());
        var idle = new RawConnection(server.address())) {
      idle.send(post("/a", "")).receive();
      busy.send(post("/held", ""));
      await(() -> echo.answered.contains("/held"));
      stopped = server.stop(Duration.ofSeconds(10)).toCompletableFuture();
      assertTrue(idle.isEnded());
      assertFalse(stopped.isDone());
      echo.held.complete(Response.text(200, "text/plain", "done"));
      Reply reply = busy.receive();
      assertEquals("done", reply.text());
      assertTrue(reply.closes());
      assertTrue(busy.isEnded());
    }
    join(stopped);
  }

  @Test
  void stopping_cuts_off_what_does_not_end() {
    HttpServer server = server(LIMITS);
    try (var busy = new RawConnection(server.address())) {
      busy.send(post("/held", ""));
      await(() -> echo.answered.contains("/held"));
      join(server.stop(Duration.ofMillis(50)));
      assertTrue(busy.isEnded());
    }
  }

  // ------------------------------------------------------------------------------- malformed

  static List<JsonNode> malformed() throws IOException {
    List<JsonNode> cases = new ArrayList<>();
    try (var in = HttpServerTest.class.getResourceAsStream("/vectors/http_malformed.json")) {
      new ObjectMapper().readTree(in).get("cases").forEach(cases::add);
    }
    assertEquals(71, cases.size());
    return cases;
  }

  /** The vectors' own rule: refused and closed, or at least one answer for one request. */
  @ParameterizedTest(name = "{index}")
  @MethodSource("malformed")
  void malformed_requests_are_refused_and_closed(JsonNode vector) {
    try (var connection = connect()) {
      connection.sendUnlessCut(Base64.getDecoder().decode(vector.get("raw_b64").asText()));
      connection.sendUnlessCut("GET /canary HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(ISO_8859_1));
      if (vector.get("informative").asBoolean()) return;
      Reply reply = connection.receive();
      var expected = new TreeSet<Integer>();
      vector.get("expect_status_any").forEach(status -> expected.add(status.asInt()));
      assertTrue(expected.contains(reply.status()), vector.get("id") + ": " + reply.text());
      assertEquals("application/problem+json", reply.header("Content-Type").orElseThrow());
      assertTrue(connection.isEnded(), vector.get("id").asText());
    }
    assertTrue(echo.answered.isEmpty(), "handled: " + echo.answered);
  }
}
