package io.kapsel.manage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.Sha256;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.endpoint.EndpointView;
import io.kapsel.http.Response;
import io.kapsel.json.Rfc3339;
import io.kapsel.json.StrictJson;
import io.kapsel.storage.Events.AttemptMade;
import java.io.UncheckedIOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.function.BiFunction;
import java.util.random.RandomGenerator;

/**
 * Sample events: signed and sent like any other, at once and once, whatever the endpoint's state
 * is; neither stored nor counted.
 */
final class Samples {
  /** Within the time that a request may take. */
  private static final int TIMEOUT_MILLIS_MAX = 30_000;

  private static final List<Header> HEADERS =
      List.of(new Header("Content-Type", "application/json"));

  private final BiFunction<EndpointConfig, Webhook, CompletionStage<Outcome>> sender;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Semaphore sending;

  Samples(
      BiFunction<EndpointConfig, Webhook, CompletionStage<Outcome>> sender,
      InstantSource clock,
      RandomGenerator random,
      int sendingMax) {
    this.sender = sender;
    this.clock = clock;
    this.random = random;
    this.sending = new Semaphore(sendingMax);
  }

  CompletionStage<Response> send(Call call, EndpointView view, Optional<JsonNode> payload) {
    if (!sending.tryAcquire()) {
      return Call.now(
          call.reject(
              Rejection.of(ErrorCode.WORKER_POOL_EXHAUSTED, "Too many samples are being sent.")
                  .withRetryAfterSeconds(1)));
    }
    long startedAt = clock.millis();
    WebhookId id = WebhookId.create(startedAt, random);
    return sender
        .apply(patient(view.config()), webhook(view, id, payload.orElseGet(() -> usual(startedAt))))
        .whenComplete((outcome, failure) -> sending.release())
        .thenApply(outcome -> Answers.json(200, shown(id, startedAt, outcome)));
  }

  private static EndpointConfig patient(EndpointConfig config) {
    DeliverySettings delivery = config.delivery();
    return delivery.timeoutMillis() <= TIMEOUT_MILLIS_MAX
        ? config
        : config.withDelivery(delivery.withTimeoutMillis(TIMEOUT_MILLIS_MAX));
  }

  /** In the form that the Standard Webhooks specification recommends. */
  private static JsonNode usual(long nowMillis) {
    ObjectNode node = Answers.NODES.objectNode();
    node.put("type", "kapsel.test");
    node.put("timestamp", Rfc3339.format(nowMillis));
    node.putObject("data").put("message", "This is a test of the endpoint.");
    return node;
  }

  private static Webhook webhook(EndpointView view, WebhookId id, JsonNode payload) {
    try {
      byte[] body = StrictJson.MAPPER.writeValueAsBytes(payload);
      return new Webhook(
          id,
          view.id(),
          view.tenant(),
          "application/json",
          HEADERS,
          Body.wrap(body),
          Sha256.of(body),
          "",
          0);
    } catch (JsonProcessingException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private ObjectNode shown(WebhookId id, long startedAt, Outcome outcome) {
    ObjectNode node = Answers.NODES.objectNode();
    node.put("event_id", id.toString());
    node.put("delivered", outcome.kind() == Outcome.Kind.DELIVERED);
    ErrorCode error = outcome.error();
    node.set(
        "attempt",
        EventJson.attempt(
            new AttemptMade(
                1,
                startedAt,
                (int) (clock.millis() - startedAt),
                outcome.status(),
                outcome.kind(),
                error == null ? "" : error.code(),
                outcome.message(),
                outcome.responseExcerpt(),
                0)));
    return node;
  }
}
