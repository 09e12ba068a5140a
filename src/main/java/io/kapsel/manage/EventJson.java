package io.kapsel.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.storage.Events.AttemptMade;
import io.kapsel.storage.Events.Event;
import java.util.List;

/** Events as a tenant sees them. */
final class EventJson {
  /** The status of an event while an attempt is in flight. */
  static final String DELIVERING = "delivering";

  private EventJson() {}

  /** Without what the destination answered, which would make lists large. */
  static ObjectNode listed(Event event, List<AttemptMade> attempts) {
    ObjectNode node = shown(event, event.status().text(), attempts);
    node.get("attempts").forEach(attempt -> ((ObjectNode) attempt).remove("response_body"));
    return node;
  }

  static ObjectNode shown(Event event, String status, List<AttemptMade> attempts) {
    ObjectNode node = Answers.NODES.objectNode();
    node.put("id", event.id().toString());
    node.put("endpoint_id", event.endpoint().toString());
    node.put("status", status);
    Answers.time(node, "received_at", event.id().createdAtMillis());
    Answers.time(node, "delivered_at", event.deliveredAtMillis());
    Answers.time(node, "next_attempt_at", event.nextAttemptAtMillis());
    node.put("attempt_count", event.attempts());
    node.putArray("attempts").addAll(attempts.stream().map(EventJson::attempt).toList());
    Answers.text(node, "idempotency_key", event.idempotencyKey());
    node.put("content_type", event.contentType());
    node.put("payload_bytes", event.payloadBytes());
    node.put("payload_sha256", event.payloadSha256());
    node.put("payload_erased", event.erased());
    return node;
  }

  static ObjectNode attempt(AttemptMade attempt) {
    ObjectNode node = Answers.NODES.objectNode();
    node.put("attempt_number", attempt.number());
    Answers.time(node, "attempted_at", attempt.attemptedAtMillis());
    node.put("duration_ms", attempt.durationMillis());
    if (attempt.responseStatus() == 0) node.putNull("response_status");
    else node.put("response_status", attempt.responseStatus());
    Answers.text(node, "error_code", attempt.errorCode());
    Answers.text(node, "error_message", attempt.errorMessage());
    if (attempt.responseStatus() == 0) node.putNull("response_body");
    else node.put("response_body", attempt.responseExcerpt());
    Answers.time(node, "next_retry_at", attempt.nextAttemptAtMillis());
    return node;
  }
}
