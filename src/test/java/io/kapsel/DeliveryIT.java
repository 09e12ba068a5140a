package io.kapsel;

import static io.kapsel.KapselForTests.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.storage.EventStatus;
import io.kapsel.storage.Events.AttemptMade;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A webhook's whole way through the real service: sockets, actors, PostgreSQL. */
final class DeliveryIT {
  private static final RetryPolicy QUICK =
      new RetryPolicy(RetryPolicy.Strategy.FIXED, 20, 1, 20, 0, 3, List.of());
  private static final CircuitPolicy NEVER_OPEN = new CircuitPolicy(1_000, 1, 64, 1_000, 1);

  private static KapselForTests kapsel;
  private final ScriptedDestination destination =
      new ScriptedDestination(ScriptedDestination.status(200));

  @BeforeAll
  static void start() {
    kapsel = KapselForTests.start(Map.of());
  }

  @AfterAll
  static void stop() {
    kapsel.close();
  }

  @AfterEach
  void closeDestination() {
    destination.close();
  }

  private EndpointId endpoint(RetryPolicy retry, CircuitPolicy circuit) {
    return endpoint(retry, circuit, 2_000);
  }

  private EndpointId endpoint(RetryPolicy retry, CircuitPolicy circuit, int timeoutMillis) {
    DeliverySettings usual = DeliverySettings.DEFAULT;
    return kapsel.create(
        new EndpointConfig(
            "test-" + System.nanoTime(),
            destination.url(),
            SignatureSettings.NONE,
            IdempotencySettings.DEFAULT,
            retry,
            circuit,
            new DeliverySettings(
                timeoutMillis,
                usual.maxInFlight(),
                0,
                DeliverySettings.Ordering.PARALLEL,
                "",
                List.of(),
                DeliverySettings.Forward.ALL,
                List.of(),
                true,
                List.of()),
            false));
  }

  private static void awaitStatus(WebhookId id, EventStatus status) {
    await(id + " is " + status, () -> kapsel.event(id).status() == status);
  }

  private static AttemptMade lastAttempt(WebhookId id) {
    return kapsel.attempts(id).getLast();
  }

  @Test
  void a_webhook_is_delivered_with_its_bytes_and_recorded() {
    EndpointId id = endpoint(QUICK, NEVER_OPEN);
    WebhookId webhook = kapsel.accepted(id, "{\"a\":1}");
    awaitStatus(webhook, EventStatus.DELIVERED);
    assertEquals("{\"a\":1}", destination.received().get(0).body());
    assertEquals(webhook.toString(), destination.received().get(0).event());
    AttemptMade attempt = lastAttempt(webhook);
    assertEquals(1, attempt.number());
    assertEquals(200, attempt.responseStatus());
    assertEquals("status 200", attempt.responseExcerpt());
  }

  @Test
  void a_duplicate_gets_the_first_answer_and_is_not_delivered_again() {
    EndpointId id = endpoint(QUICK, NEVER_OPEN);
    String first = kapsel.ingest(id, "{}", "Idempotency-Key", "\"k\"").body();
    assertEquals(first, kapsel.ingest(id, "{}", "X-Idempotency-Key", "k").body());
    assertEquals(422, kapsel.ingest(id, "{ }", "X-Idempotency-Key", "k").statusCode());
    WebhookId other = kapsel.accepted(id, "{}", "X-Idempotency-Key", "another");
    awaitStatus(other, EventStatus.DELIVERED);
    awaitStatus(KapselForTests.eventId(first), EventStatus.DELIVERED);
    assertEquals(2, destination.received().size());
  }

  @Test
  void a_failing_destination_is_tried_again_until_the_attempts_are_used_up() {
    destination.becomes(ScriptedDestination.status(503));
    WebhookId webhook = kapsel.accepted(endpoint(QUICK, NEVER_OPEN), "{}");
    awaitStatus(webhook, EventStatus.DEAD_LETTER);
    assertEquals(
        List.of(1, 2, 3),
        destination.received().stream().map(ScriptedDestination.Received::attempt).toList());
    assertEquals("E2004", lastAttempt(webhook).errorCode());
  }

  @Test
  void a_dead_letter_retried_by_hand_has_a_fresh_budget() {
    destination.becomes(ScriptedDestination.status(500));
    EndpointId id = endpoint(QUICK, NEVER_OPEN);
    WebhookId webhook = kapsel.accepted(id, "{}");
    awaitStatus(webhook, EventStatus.DEAD_LETTER);
    destination.becomes(ScriptedDestination.status(204));
    kapsel.order(id, new Endpoint.Retry(webhook, 0, 3));
    awaitStatus(webhook, EventStatus.DELIVERED);
    assertEquals(4, lastAttempt(webhook).number());
  }

  @Test
  void a_refusal_is_final() {
    destination.becomes(ScriptedDestination.status(422));
    WebhookId webhook = kapsel.accepted(endpoint(QUICK, NEVER_OPEN), "{}");
    awaitStatus(webhook, EventStatus.FAILED);
    assertEquals(1, kapsel.attempts(webhook).size());
  }

  @Test
  void gone_disables_the_endpoint() {
    destination.becomes(ScriptedDestination.status(410));
    EndpointId id = endpoint(QUICK, NEVER_OPEN);
    awaitStatus(kapsel.accepted(id, "{}"), EventStatus.FAILED);
    assertEquals(Status.DISABLED, kapsel.look(id).status());
    await("ingest refuses", () -> kapsel.ingest(id, "{}").statusCode() == 410);
  }

  @Test
  void retry_after_is_a_floor() {
    destination.becomes(
        (exchange, received) ->
            ScriptedDestination.status(received.attempt() == 1 ? 429 : 200, "Retry-After", "1")
                .handle(exchange, received));
    WebhookId webhook = kapsel.accepted(endpoint(QUICK, NEVER_OPEN), "{}");
    awaitStatus(webhook, EventStatus.DELIVERED);
    var received = destination.received();
    assertTrue(received.get(1).atNanos() - received.get(0).atNanos() >= 990_000_000L);
    assertEquals("E2013", kapsel.attempts(webhook).get(0).errorCode());
  }

  @Test
  void a_timeout_is_unknown_and_tried_again() {
    CountDownLatch release = new CountDownLatch(1);
    destination.becomes(
        (exchange, received) -> {
          if (received.attempt() == 1) awaitLatch(release);
          ScriptedDestination.status(200).handle(exchange, received);
        });
    WebhookId webhook = kapsel.accepted(endpoint(QUICK, NEVER_OPEN, 200), "{}");
    awaitStatus(webhook, EventStatus.DELIVERED);
    release.countDown();
    assertEquals("E2002", kapsel.attempts(webhook).get(0).errorCode());
    assertEquals(2, lastAttempt(webhook).number());
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void a_connection_closed_without_an_answer_is_tried_again() {
    destination.becomes(
        (exchange, received) -> {
          if (received.attempt() == 1) exchange.close();
          else ScriptedDestination.status(200).handle(exchange, received);
        });
    WebhookId webhook = kapsel.accepted(endpoint(QUICK, NEVER_OPEN), "{}");
    awaitStatus(webhook, EventStatus.DELIVERED);
    assertEquals("E2001", kapsel.attempts(webhook).get(0).errorCode());
  }

  @Test
  void a_refused_connection_is_tried_again() {
    destination.close();
    WebhookId webhook = kapsel.accepted(endpoint(QUICK, NEVER_OPEN), "{}");
    awaitStatus(webhook, EventStatus.DEAD_LETTER);
    assertEquals("E2001", lastAttempt(webhook).errorCode());
  }

  @Test
  void a_truncated_answer_is_tried_again() {
    destination.becomes(
        (exchange, received) -> {
          if (received.attempt() > 1) {
            ScriptedDestination.status(200).handle(exchange, received);
            return;
          }
          exchange.sendResponseHeaders(200, 1_000);
          exchange.getResponseBody().write(new byte[10]);
          exchange.getResponseBody().flush();
          exchange.close();
        });
    WebhookId webhook = kapsel.accepted(endpoint(QUICK, NEVER_OPEN), "{}");
    awaitStatus(webhook, EventStatus.DELIVERED);
    assertEquals(2, lastAttempt(webhook).number());
  }

  @Test
  void the_circuit_opens_holds_probes_and_closes() {
    CircuitPolicy circuit = new CircuitPolicy(2, 1, 64, 500, 2);
    RetryPolicy patient = new RetryPolicy(RetryPolicy.Strategy.FIXED, 10, 1, 10, 0, 50, List.of());
    destination.becomes(ScriptedDestination.status(503));
    EndpointId id = endpoint(patient, circuit);
    WebhookId first = kapsel.accepted(id, "{}");
    await("open", () -> kapsel.look(id).live().circuit() == Circuit.Phase.OPEN);
    int whenOpened = destination.received().size();
    long openUntil = kapsel.look(id).live().circuitOpenUntilMillis();
    WebhookId second = kapsel.accepted(id, "{}");
    assertNotEquals(0, openUntil);
    await("a probe", () -> destination.received().size() > whenOpened);
    long pause =
        destination.received().get(whenOpened).atNanos()
            - destination.received().get(whenOpened - 1).atNanos();
    assertTrue(pause >= 490_000_000L, "probed after " + pause);
    destination.becomes(ScriptedDestination.status(200));
    awaitStatus(first, EventStatus.DELIVERED);
    awaitStatus(second, EventStatus.DELIVERED);
    assertEquals(Circuit.Phase.CLOSED, kapsel.look(id).live().circuit());
  }

  @Test
  void pausing_keeps_and_resuming_delivers() {
    EndpointId id = endpoint(QUICK, NEVER_OPEN);
    kapsel.order(id, new Endpoint.SetStatus(Status.PAUSED));
    WebhookId webhook = kapsel.accepted(id, "{}");
    assertEquals(1, kapsel.look(id).live().queueDepth());
    assertEquals(EventStatus.RECEIVED, kapsel.event(webhook).status());
    kapsel.order(id, new Endpoint.SetStatus(Status.ACTIVE));
    awaitStatus(webhook, EventStatus.DELIVERED);
  }

  @Test
  void a_burst_is_delivered_once_each() {
    EndpointId id = endpoint(QUICK, NEVER_OPEN);
    TreeSet<String> accepted = new TreeSet<>();
    for (int i = 0; i < 200; i++) accepted.add(kapsel.accepted(id, "{\"i\":" + i + "}").toString());
    await("all", () -> destination.received().size() >= 200);
    await("empty", () -> kapsel.look(id).live().queueDepth() == 0);
    assertEquals(200, destination.received().size());
    TreeSet<String> delivered = new TreeSet<>();
    destination.received().forEach(each -> delivered.add(each.event()));
    assertEquals(accepted, delivered);
  }

  @Test
  void an_unknown_endpoint_is_not_found() {
    EndpointId unknown = new EndpointId(1, 1);
    assertEquals(404, kapsel.ingest(unknown, "{}").statusCode());
  }
}
