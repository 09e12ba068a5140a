package io.kapsel.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AuditTest {
  private final Result.Draft draft = new Result.Draft();
  private final EventCounts acknowledged = new EventCounts();
  private HttpServer service;

  /** A service whose endpoints have these many webhooks waiting. */
  @BeforeEach
  void serve() throws IOException {
    Map<String, Integer> queued = Map.of("mine", 2, "mine-too", 1, "of-an-earlier-run", 700);
    service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    queued.forEach(this::serve);
    service.start();
  }

  private void serve(String id, int queued) {
    service.createContext(
        "/v1/endpoints/" + id + "/state",
        exchange -> {
          byte[] body = ("{\"queue_depth\":" + queued + "}").getBytes(UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
  }

  @AfterEach
  void close() {
    service.stop(0);
  }

  private boolean allQueued(int acknowledgedCount, int uncertain)
      throws IOException, InterruptedException {
    for (int i = 0; i < acknowledgedCount; i++) acknowledged.add(1, i, 0);
    var remote = new Service.Remote("127.0.0.1:" + service.getAddress().getPort(), "kps_x");
    try (var management = new Management(remote)) {
      new Audit(draft, acknowledged).allQueued(management, List.of("mine", "mine-too"), uncertain);
    }
    return draft.result(Scenario.INGEST, Map.of()).isCorrect();
  }

  @Test
  void what_waits_at_the_endpoints_of_others_does_not_count()
      throws IOException, InterruptedException {
    assertTrue(allQueued(3, 0));
  }

  @Test
  void one_that_was_acknowledged_and_does_not_wait_is_wrong()
      throws IOException, InterruptedException {
    assertFalse(allQueued(4, 10));
  }

  @Test
  void one_that_waits_and_was_neither_acknowledged_nor_uncertain_is_wrong()
      throws IOException, InterruptedException {
    assertFalse(allQueued(1, 1));
  }

  @Test
  void an_uncertain_one_may_wait() throws IOException, InterruptedException {
    assertTrue(allQueued(2, 1));
  }
}
