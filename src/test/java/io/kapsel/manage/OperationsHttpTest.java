package io.kapsel.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.http.Front;
import io.kapsel.http.Handler;
import io.kapsel.http.HttpLimits;
import io.kapsel.http.HttpServer;
import io.kapsel.http.Response;
import io.kapsel.testing.RawConnection;
import io.kapsel.testing.RawConnection.Reply;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OperationsHttpTest {
  private static final Optional<Rejection> WELL = Optional.empty();

  private final AtomicInteger asked = new AtomicInteger();
  private volatile Supplier<CompletionStage<Optional<Rejection>>> readiness =
      () -> CompletableFuture.completedFuture(WELL);
  private volatile Optional<Rejection> started = WELL;
  private Front front;
  private HttpServer server;

  @BeforeEach
  void start() {
    Handler working =
        (head, address) ->
            new Handler.Admission.Read(
                9, request -> CompletableFuture.completedFuture(Response.empty(204)));
    var operations =
        new OperationsHttp(
            new OperationsHttp.Sources(
                () -> {
                  asked.incrementAndGet();
                  return front.isDraining()
                      ? CompletableFuture.completedFuture(
                          Optional.of(Rejection.of(ErrorCode.SHUTTING_DOWN)))
                      : readiness.get();
                },
                () -> started,
                () -> "a_total 1.0\n",
                () -> "a_total 1.0\n# EOF\n"));
    front = new Front("/ingest/", working, working, operations);
    server =
        HttpServer.bind("127.0.0.1", 0, HttpLimits.DEFAULT, front)
            .toCompletableFuture()
            .orTimeout(10, TimeUnit.SECONDS)
            .join();
  }

  @AfterEach
  void stop() {
    server.stop(Duration.ofMillis(100)).toCompletableFuture().join();
  }

  private Reply get(String path) {
    return get(path, "");
  }

  private Reply get(String path, String headers) {
    return RawConnection.exchange(
        server.address(), "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/health", "/health/live", "/ready", "/health/ready", "/health/startup"})
  void a_healthy_node_says_so(String path) {
    Reply reply = get(path);
    assertEquals(200, reply.status());
    assertTrue(reply.json().hasNonNull("status"));
  }

  @Test
  void a_node_without_its_database_is_alive_and_not_ready() {
    readiness =
        () ->
            CompletableFuture.completedFuture(
                Optional.of(Rejection.of(ErrorCode.DATABASE_UNAVAILABLE)));
    assertEquals("503 E3001", get("/ready").problem());
    assertEquals(200, get("/health/live").status());
  }

  @Test
  void readiness_that_does_not_come_in_time_or_fails_is_no_readiness() {
    readiness = CompletableFuture::new;
    assertEquals("503 E3001", get("/ready").problem());
  }

  @Test
  void readiness_is_asked_for_once_for_many_probes() {
    for (int i = 0; i < 20; i++) get("/ready");
    assertTrue(asked.get() < 20, "asked " + asked);
  }

  @Test
  void startup_is_refused_until_it_is_complete() {
    started = Optional.of(Rejection.of(ErrorCode.DATABASE_UNAVAILABLE));
    assertEquals("503 E3001", get("/health/startup").problem());
  }

  @Test
  void draining_refuses_work_and_stays_observable() {
    String post = " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    assertEquals(204, RawConnection.exchange(server.address(), "POST /ingest/x" + post).status());
    front.startDraining();
    for (String path : new String[] {"/ingest/x", "/v1/endpoints"}) {
      Reply refused = RawConnection.exchange(server.address(), "POST " + path + post);
      assertEquals("503 E3006", refused.problem());
      assertTrue(refused.closes());
      assertEquals("1", refused.header("Retry-After").orElseThrow());
    }
    assertEquals("503 E3006", get("/ready").problem());
    assertEquals(200, get("/health/live").status());
    assertEquals(200, get("/metrics").status());
  }

  @Test
  void metrics_come_in_the_format_that_is_asked_for() {
    assertEquals(
        "text/plain; version=0.0.4; charset=utf-8",
        get("/metrics").header("Content-Type").orElseThrow());
    Reply open =
        get(
            "/metrics",
            "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5\r\n");
    assertEquals(
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        open.header("Content-Type").orElseThrow());
    assertTrue(open.text().endsWith("# EOF\n"));
  }

  @Test
  void the_api_describes_itself() {
    Reply reply = get("/openapi.yaml");
    assertEquals("application/yaml", reply.header("Content-Type").orElseThrow());
    assertTrue(reply.text().startsWith("openapi: 3."));
  }

  @Test
  void other_methods_are_not_allowed() {
    Reply reply =
        RawConnection.exchange(server.address(), "POST /health HTTP/1.1\r\nHost: a\r\n\r\n");
    assertEquals("405 E1101", reply.problem());
    assertEquals("GET, HEAD", reply.header("Allow").orElseThrow());
  }
}
