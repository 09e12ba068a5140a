package io.kapsel;

import static io.kapsel.KapselForTests.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kapsel.Management.Answer;
import io.kapsel.testing.PostgresForTests;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The management API in use; every answer is held against docs/openapi.yaml. */
final class ManageIT {
  private static final String ONE_TRY = ",\"retry\":{\"max_attempts\":1}";
  private static final String SLOW_RETRY =
      ",\"retry\":{\"strategy\":\"fixed\",\"base_delay_ms\":3600000,\"max_delay_ms\":3600000}";

  private static final ApiDescription DESCRIPTION = new ApiDescription();
  private static KapselForTests kapsel;
  private static Management api;

  private final ScriptedDestination destination =
      new ScriptedDestination(ScriptedDestination.status(200));

  @BeforeAll
  static void start() {
    kapsel =
        KapselForTests.start(
            Map.of("api-key", Management.ADMIN, "operator-key", Management.OPERATOR));
    api = new Management(kapsel, DESCRIPTION, Management.ADMIN);
  }

  @AfterAll
  static void stop() {
    kapsel.close();
  }

  @AfterEach
  void closeDestination() {
    destination.close();
  }

  private static String status(String event) {
    return api.get("/v1/events/" + event).expect(200).get("status");
  }

  private static void awaitStatus(String event, String status) {
    await(event + " is " + status, () -> status(event).equals(status));
  }

  private static List<String> reasons(String event) {
    List<String> codes = new ArrayList<>();
    api.get("/v1/events/" + event + "/explain")
        .expect(200)
        .json()
        .get("reasons")
        .forEach(reason -> codes.add(reason.get("code").textValue()));
    return codes;
  }

  @Test
  void every_route_is_documented_and_nothing_else() {
    var routes = new TreeSet<String>();
    for (String route : kapsel.operations()) {
      String[] parts = route.split(" ", 2);
      routes.add(ApiDescription.anonymous(parts[0], parts[1]));
    }
    var documented = DESCRIPTION.operations();
    documented.removeIf(operation -> !operation.contains(" /v1/"));
    assertEquals(documented, routes);
  }

  @Test
  void every_documented_operation_answers_as_documented() {
    Management nobody = api.with("");
    for (String path :
        List.of("/health", "/health/live", "/health/ready", "/ready", "/health/startup")) {
      nobody.get(path).expect(200);
    }
    nobody.get("/metrics").expect(200);
    nobody.get("/openapi.yaml").expect(200);

    Management operator = api.with(Management.OPERATOR);
    Answer tenant =
        operator.post("/v1/tenants", "{\"name\":\"" + Management.freshName() + "\"}").expect(201);
    String tenantPath = tenant.header("Location");
    operator.get(tenantPath).expect(200);
    operator.get("/v1/tenants?limit=1").expect(200);
    operator.patch(tenantPath, "{\"limits\":{\"ingest_burst\":7}}").expect(200);
    Answer limited = operator.patch(tenantPath, "{\"limits\":{\"ingest_quota\":5}}").expect(200);
    assertEquals(86_400, limited.json().at("/limits/ingest_quota_window_seconds").asInt());
    operator.delete(tenantPath).expect(204);
    String key =
        api.post("/v1/api-keys", "{\"name\":\"k\",\"scopes\":[\"read\"]}").expect(201).get("id");
    api.get("/v1/api-keys").expect(200);
    api.delete("/v1/api-keys/" + key).expect(204);

    String path = "/v1/endpoints/" + api.endpoint(destination.url(), "");
    String id = api.get(path).expect(200).get("id");
    nobody.send("OPTIONS", "/ingest/" + id, "").expect(204);
    api.get("/v1/endpoints").expect(200);
    api.patch(path, "{\"delivery\":{\"headers\":{\"X-A\":[\"1\",\"2\"]}}}").expect(200);
    for (String action :
        List.of("pause", "resume", "disable", "enable", "rotate-secret", "reset-circuit", "test")) {
      api.post(path + "/" + action, "").expect(200);
    }
    api.get(path + "/state").expect(200);
    String event = api.ingest(id, "{}");
    awaitStatus(event, "delivered");
    String eventPath = "/v1/events/" + event;
    api.get("/v1/events").expect(200);
    api.get(eventPath + "/attempts").expect(200);
    api.get(eventPath + "/explain").expect(200);
    api.get(eventPath + "/payload").expect(200);
    Answer replay = api.post(path + "/replay", "{\"since\":\"2026-01-01T00:00:00Z\"}").expect(202);
    api.get(replay.header("Location")).expect(200);
    api.delete(eventPath + "/payload").expect(204);
    destination.becomes(ScriptedDestination.status(400));
    String refused = api.ingest(id, "{}");
    awaitStatus(refused, "failed");
    api.post("/v1/events/" + refused + "/retry", "").expect(202);
    await("nothing pending", () -> api.delete(path).status() == 204);
    assertEquals(DESCRIPTION.operations(), DESCRIPTION.succeeded());
  }

  @Test
  void an_event_is_found_as_soon_as_its_sender_is_answered() {
    String endpoint = api.endpoint(destination.url(), "");
    for (int i = 0; i < 20; i++) api.get("/v1/events/" + api.ingest(endpoint, "{}")).expect(200);
  }

  @Test
  void the_signing_secret_is_shown_once_and_signs_with_the_rotated_one() {
    Answer created =
        api.post(
                "/v1/endpoints",
                "{\"name\":\""
                    + Management.freshName()
                    + "\",\"url\":\""
                    + destination.url()
                    + "\"}")
            .expect(201);
    String path = created.header("Location");
    String first = created.get("signing_secret");
    assertTrue(first.startsWith("whsec_"));
    assertFalse(api.get(path).text().contains(first));
    String second = api.post(path + "/rotate-secret", "").expect(200).get("signing_secret");
    assertNotEquals(first, second);
    assertEquals(2, api.get(path).json().at("/delivery/signing/secret_count").intValue());
    assertEquals("true", api.post(path + "/test", "").expect(200).get("delivered"));
    assertEquals(1, destination.received().size());
  }

  @Test
  void a_sample_tells_what_the_destination_did_and_is_not_kept() {
    destination.becomes(ScriptedDestination.status(418));
    String endpoint = api.endpoint(destination.url(), "");
    api.post("/v1/endpoints/" + endpoint + "/pause", "").expect(200);
    Answer sample =
        api.post("/v1/endpoints/" + endpoint + "/test", "{\"payload\":{\"a\":1}}").expect(200);
    assertEquals("false", sample.get("delivered"));
    assertEquals(418, sample.json().at("/attempt/response_status").intValue());
    assertEquals("{\"a\":1}", destination.received().getFirst().body());
    assertEquals(404, api.get("/v1/events/" + sample.get("event_id")).status());
  }

  @Test
  void a_patch_changes_what_it_names_under_the_version_it_names() {
    String path = "/v1/endpoints/" + api.endpoint(destination.url(), SLOW_RETRY);
    String tag = api.get(path).header("ETag");
    Answer patched =
        api.patch(
                path,
                "{\"delivery\":{\"rate_per_second\":5},\"retry\":{\"strategy\":null}}",
                "If-Match",
                tag,
                "Content-Type",
                "application/merge-patch+json")
            .expect(200);
    assertEquals(5, patched.json().at("/delivery/rate_per_second").intValue());
    assertEquals("exponential", patched.json().at("/retry/strategy").textValue());
    assertEquals(3_600_000, patched.json().at("/retry/base_delay_ms").intValue());
    assertEquals(412, api.patch(path, "{}", "If-Match", tag).status());
    assertEquals(412, api.delete(path, "If-Match", tag).status());
    api.delete(path, "If-Match", patched.header("ETag")).expect(204);
    assertEquals(404, api.get(path).status());
  }

  @Test
  void a_name_is_free_again_when_its_endpoint_has_another_or_is_deleted() {
    String name = Management.freshName();
    String body = "{\"name\":\"" + name + "\",\"url\":\"" + destination.url() + "\"}";
    String first = api.post("/v1/endpoints", body).expect(201).header("Location");
    assertEquals("E1310", api.post("/v1/endpoints", body).expect(409).get("code"));
    String other = api.endpoint(destination.url(), "");
    api.patch("/v1/endpoints/" + other, "{\"name\":\"" + name + "\"}").expect(409);
    api.patch(first, "{\"name\":\"" + Management.freshName() + "\"}").expect(200);
    String second = api.post("/v1/endpoints", body).expect(201).header("Location");
    api.delete(second).expect(204);
    api.post("/v1/endpoints", body).expect(201);
  }

  @Test
  void the_operators_limit_on_endpoints_holds_and_counts_the_living() {
    Management tenant = api.tenant(",\"limits\":{\"max_endpoints\":2}");
    String first = tenant.endpoint(destination.url(), "");
    tenant.endpoint(destination.url(), "");
    String third = "{\"name\":\"third\",\"url\":\"" + destination.url() + "\"}";
    tenant.post("/v1/endpoints", third).expect(409);
    tenant.delete("/v1/endpoints/" + first).expect(204);
    tenant.post("/v1/endpoints", third).expect(201);
  }

  @Test
  void a_revoked_key_is_refused_soon_and_an_expired_one_at_its_time() {
    Answer created = api.post("/v1/api-keys", "{\"name\":\"k\",\"scopes\":[\"read\"]}").expect(201);
    Management reader = api.with(created.get("secret"));
    reader.get("/v1/endpoints").expect(200);
    api.delete("/v1/api-keys/" + created.get("id")).expect(204);
    await("refused", () -> reader.get("/v1/endpoints").status() == 401);
  }

  @Test
  void an_event_waits_for_its_retry_and_says_so() {
    destination.becomes(ScriptedDestination.status(503));
    String endpoint = api.endpoint(destination.url(), SLOW_RETRY);
    String event = api.ingest(endpoint, "{}");
    awaitStatus(event, "pending");
    assertEquals(List.of("backoff"), reasons(event));
    destination.becomes(ScriptedDestination.status(200));
    api.post("/v1/events/" + event + "/retry", "").expect(202);
    awaitStatus(event, "delivered");
    assertEquals(List.of("delivered"), reasons(event));
    assertEquals("E1310", api.post("/v1/events/" + event + "/retry", "").expect(409).get("code"));
  }

  @Test
  void a_wish_of_the_destination_is_told_from_the_policys_delay() {
    destination.becomes(ScriptedDestination.status(429, "Retry-After", "7200"));
    String event = api.ingest(api.endpoint(destination.url(), SLOW_RETRY), "{}");
    awaitStatus(event, "pending");
    assertEquals(List.of("retry_after"), reasons(event));
  }

  @Test
  void an_open_circuit_a_pause_and_a_disabled_endpoint_are_reasons() {
    destination.becomes(ScriptedDestination.status(503));
    String endpoint =
        api.endpoint(
            destination.url(),
            SLOW_RETRY + ",\"circuit\":{\"consecutive_failures\":1,\"open_ms\":3600000}");
    awaitStatus(api.ingest(endpoint, "{}"), "pending");
    String path = "/v1/endpoints/" + endpoint;
    String second = api.ingest(endpoint, "{}");
    assertEquals(List.of("circuit_open"), reasons(second));
    JsonNode state = api.get(path + "/state").json();
    assertEquals("open", state.at("/circuit/state").textValue());
    assertEquals(2, state.get("queue_depth").intValue());
    api.post(path + "/pause", "").expect(200);
    assertEquals(List.of("endpoint_paused", "circuit_open"), reasons(second));
    api.post(path + "/disable", "").expect(200);
    assertEquals(List.of("endpoint_disabled", "circuit_open"), reasons(second));
    assertEquals(409, api.delete(path).status());
    assertEquals(409, api.post(path + "/resume", "").status());
    destination.becomes(ScriptedDestination.status(200));
    api.post(path + "/reset-circuit", "").expect(200);
    api.post(path + "/enable", "").expect(200);
    awaitStatus(second, "delivered");
  }

  @Test
  void behind_others_in_order_is_a_reason() {
    destination.becomes(ScriptedDestination.status(503));
    String endpoint =
        api.endpoint(destination.url(), SLOW_RETRY + ",\"delivery\":{\"ordering\":\"fifo\"}");
    String first = api.ingest(endpoint, "{}");
    awaitStatus(first, "pending");
    api.ingest(endpoint, "{}");
    String third = api.ingest(endpoint, "{}");
    assertEquals(List.of("behind_in_order"), reasons(third));
    String summary = api.get("/v1/events/" + third + "/explain").get("summary");
    assertTrue(summary.contains("behind 2") && summary.contains(first), summary);
  }

  @Test
  void erasure_takes_body_and_headers_and_leaves_the_history() {
    String event = api.ingest(api.endpoint(destination.url(), ""), "{\"secret\":1}");
    awaitStatus(event, "delivered");
    String path = "/v1/events/" + event;
    assertEquals("{\"secret\":1}", api.get(path + "/payload").expect(200).text());
    JsonNode whole = api.get(path + "/payload?format=json").expect(200).json();
    assertEquals("eyJzZWNyZXQiOjF9", whole.get("body_base64").textValue());
    assertTrue(whole.get("headers").size() > 1);
    api.delete(path + "/payload").expect(204);
    api.delete(path + "/payload").expect(204);
    assertEquals(404, api.get(path + "/payload").status());
    Answer after = api.get(path).expect(200);
    assertEquals("true", after.get("payload_erased"));
    assertEquals(1, after.json().get("attempts").size());
  }

  @Test
  void lists_are_paged_by_cursors_without_gaps_or_repetition() {
    String endpoint = api.endpoint(destination.url(), "");
    List<String> sent = new ArrayList<>();
    for (int i = 0; i < 7; i++) sent.addFirst(api.ingest(endpoint, "{}"));
    List<String> listed = new ArrayList<>();
    String query = "/v1/events?limit=3&endpoint_id=" + endpoint;
    String cursor = "";
    do {
      Answer page = api.get(query + cursor).expect(200);
      page.json().get("data").forEach(event -> listed.add(event.get("id").textValue()));
      cursor = page.json().get("next_cursor").isNull() ? "" : "&cursor=" + page.get("next_cursor");
    } while (!cursor.isEmpty());
    assertEquals(sent, listed);
  }

  @Test
  void a_replay_delivers_the_dead_letters_of_the_period_again() {
    destination.becomes(ScriptedDestination.status(503));
    String endpoint =
        api.endpoint(
            destination.url(),
            ONE_TRY
                + ",\"circuit\":{\"consecutive_failures\":1000,\"window\":64,\"failure_rate\":1}");
    List<String> dead = new ArrayList<>();
    for (int i = 0; i < 30; i++) dead.add(api.ingest(endpoint, "{\"i\":" + i + "}"));
    dead.forEach(event -> awaitStatus(event, "dead_letter"));
    destination.becomes(ScriptedDestination.status(200));
    String delivered = api.ingest(endpoint, "{}");
    awaitStatus(delivered, "delivered");
    Answer started =
        api.post("/v1/endpoints/" + endpoint + "/replay", "{\"since\":\"2026-01-01T00:00:00Z\"}")
            .expect(202);
    String path = started.header("Location");
    await("completed", () -> api.get(path).get("status").equals("completed"));
    JsonNode replay = api.get(path).json();
    assertEquals(31, replay.get("events_seen").intValue());
    assertEquals(30, replay.get("events_replayed").intValue());
    dead.forEach(event -> awaitStatus(event, "delivered"));
    assertEquals(1, api.get("/v1/events/" + delivered).json().get("attempt_count").intValue());
  }

  @Test
  void a_replay_goes_on_after_a_restart_of_the_node() {
    var database = PostgresForTests.freshDatabase();
    Map<String, String> keys =
        Map.of("api-key", Management.ADMIN, "operator-key", Management.OPERATOR);
    destination.becomes(ScriptedDestination.status(400));
    String event;
    String path;
    String replay;
    try (KapselForTests first = KapselForTests.start(database, keys)) {
      Management before = new Management(first, DESCRIPTION, Management.ADMIN);
      String endpoint = before.endpoint(destination.url(), "");
      event = before.ingest(endpoint, "{}");
      await("refused", () -> before.get("/v1/events/" + event).get("status").equals("failed"));
      path = "/v1/endpoints/" + endpoint;
      before.post(path + "/disable", "").expect(200);
      replay =
          before
              .post(path + "/replay", "{\"since\":\"2026-01-01T00:00:00Z\"}")
              .expect(202)
              .header("Location");
      assertEquals(
          409, before.post(path + "/replay", "{\"since\":\"2026-01-01T00:00:00Z\"}").status());
      assertEquals("running", before.get(replay).get("status"));
    }
    destination.becomes(ScriptedDestination.status(200));
    try (KapselForTests second = KapselForTests.start(database, keys)) {
      Management after = new Management(second, DESCRIPTION, Management.ADMIN);
      after.post(path + "/enable", "").expect(200);
      await("completed", () -> after.get(replay).get("status").equals("completed"));
      await("delivered", () -> after.get("/v1/events/" + event).get("status").equals("delivered"));
    }
  }
}
