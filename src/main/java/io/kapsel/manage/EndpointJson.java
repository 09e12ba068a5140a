package io.kapsel.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.endpoint.ConfigJson;
import io.kapsel.endpoint.EndpointView;
import io.kapsel.storage.EndpointDirectory;
import java.util.Locale;

/** Endpoints as a tenant sees them. */
final class EndpointJson {
  private static final String INGEST = "/ingest/";

  private final String publicUrl;

  /**
   * @param publicUrl scheme and authority as the senders know them; empty to go by the Host of each
   *     request
   */
  EndpointJson(String publicUrl) {
    this.publicUrl = publicUrl;
  }

  ObjectNode shown(Call call, EndpointView view) {
    ObjectNode node = shown(call, view.id(), view.config(), view.status(), view.version());
    Answers.text(node, "status_reason", view.statusReason());
    times(node, view.createdAtMillis(), view.updatedAtMillis());
    return node;
  }

  /** From the directory, which does not know the secrets nor how many there are. */
  ObjectNode listed(Call call, EndpointDirectory.Entry entry) {
    ObjectNode node = shown(call, entry.id(), entry.config(), entry.status(), entry.version());
    ((ObjectNode) node.get("signature")).remove("secret_count");
    ((ObjectNode) node.get("delivery").get("signing")).remove("secret_count");
    times(node, entry.createdAtMillis(), entry.updatedAtMillis());
    return node;
  }

  private ObjectNode shown(
      Call call, EndpointId id, EndpointConfig config, Status status, long version) {
    ObjectNode node = Answers.NODES.objectNode();
    node.put("id", id.toString());
    String origin = publicUrl.isEmpty() ? "http://" + call.head().host() : publicUrl;
    node.put("ingest_url", origin + INGEST + id);
    node.put("status", status.name().toLowerCase(Locale.ROOT));
    node.put("version", version);
    node.setAll(ConfigJson.shown(config));
    return node;
  }

  /** What the endpoint's actor knew at the moment. */
  static ObjectNode state(EndpointView view, long nowMillis) {
    EndpointView.Live live = view.live();
    ObjectNode node = Answers.NODES.objectNode();
    node.put("id", view.id().toString());
    node.put("status", view.status().name().toLowerCase(Locale.ROOT));
    Answers.text(node, "status_reason", view.statusReason());
    node.put("queue_depth", live.queueDepth());
    Answers.time(node, "oldest_pending_at", live.oldestReceivedAtMillis());
    if (live.queueDepth() == 0) node.putNull("oldest_pending_age_ms");
    else node.put("oldest_pending_age_ms", age(live.oldestReceivedAtMillis(), nowMillis));
    node.put("in_flight", live.inFlight());
    ObjectNode circuit = node.putObject("circuit");
    circuit.put("state", live.circuit().name().toLowerCase(Locale.ROOT));
    Answers.time(circuit, "half_open_at", live.circuitOpenUntilMillis());
    double rate = view.config().delivery().ratePerSecond();
    if (rate == 0) node.putNull("rate_per_second");
    else node.put("rate_per_second", rate);
    boolean attempting = view.status() == Status.ACTIVE && live.queueDepth() > 0;
    Answers.time(node, "next_attempt_at", attempting ? live.nextAttemptAtMillis() : 0);
    node.put("idempotency_keys", live.idempotencyKeys());
    return node;
  }

  private static long age(long sinceMillis, long nowMillis) {
    return Math.max(0, nowMillis - sinceMillis);
  }

  private static void times(ObjectNode node, long createdAtMillis, long updatedAtMillis) {
    Answers.time(node, "created_at", createdAtMillis);
    Answers.time(node, "updated_at", updatedAtMillis);
  }
}
