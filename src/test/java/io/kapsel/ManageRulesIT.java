package io.kapsel;

import static io.kapsel.KapselForTests.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kapsel.Management.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What bad input to the management API gets, and what a tenant learns about another: nothing. */
final class ManageRulesIT {
  private static final String GOOD_URL = "https://example.com/hook";

  private static KapselForTests kapsel;
  private static Management api;
  private static String endpoint;

  @BeforeAll
  static void start() {
    kapsel =
        KapselForTests.start(
            Map.of(
                "api-key",
                Management.ADMIN,
                "operator-key",
                Management.OPERATOR,
                "delivery.allow-private-destinations",
                "false"));
    api = new Management(kapsel, new ApiDescription(), Management.ADMIN);
    endpoint = api.endpoint(GOOD_URL, "");
  }

  @AfterAll
  static void stop() {
    kapsel.close();
  }

  private static void assertRefused(int status, String code, Answer answer) {
    assertEquals(status + " " + code, answer.status() + " " + answer.get("code"), answer.text());
  }

  /** The codes of everything that was found wrong, by pointer. */
  private static Map<String, String> errors(Answer answer) {
    var errors = new TreeMap<String, String>();
    for (JsonNode error : answer.json().path("errors")) {
      errors.put(error.get("pointer").textValue(), error.get("code").textValue());
    }
    return errors;
  }

  // ------------------------------------------------------------------------------ who is calling

  @Test
  void without_a_key_nothing_is_told() {
    Management nobody = api.with("");
    for (String target : List.of("/v1/endpoints", "/v1/nothing", "/v1/endpoints?key=kps_1")) {
      Answer answer = nobody.get(target);
      assertRefused(401, "E1201", answer);
      assertEquals("Bearer realm=\"kapsel\"", answer.header("WWW-Authenticate"));
    }
    assertRefused(401, "E1201", nobody.post("/v1/endpoints", "{", "Content-Type", "text/plain"));
    assertRefused(404, "E1301", nobody.get("/elsewhere"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Basic dXNlcjpwYXNz", "Bearer", "Bearer a b", "kps_1"})
  void a_malformed_key_is_no_key(String authorization) {
    Answer answer = api.with("").get("/v1/endpoints", "Authorization", authorization);
    assertRefused(401, "E1201", answer);
  }

  @Test
  void two_keys_are_no_key() {
    String first = "Bearer " + Management.ADMIN;
    assertRefused(401, "E1201", api.get("/v1/endpoints", "Authorization", first));
  }

  @Test
  void unknown_and_revoked_keys_get_the_same_answer() {
    Answer created = api.post("/v1/api-keys", "{\"name\":\"k\",\"scopes\":[\"read\"]}");
    api.delete("/v1/api-keys/" + created.get("id")).expect(204);
    Management revoked = api.with(created.get("secret"));
    Answer ofRevoked = revoked.get("/v1/endpoints", "X-Request-Id", "same");
    assertRefused(401, "E1202", ofRevoked);
    Answer ofUnknown = api.with("kps_unknown").get("/v1/endpoints", "X-Request-Id", "same");
    assertEquals(ofUnknown.text(), ofRevoked.text());
    assertTrue(ofUnknown.header("WWW-Authenticate").contains("error=\"invalid_token\""));
  }

  @Test
  void a_smaller_scope_does_not_do_what_needs_a_larger_one() {
    Management reader = api.key("\"read\"");
    Management writer = api.key("\"write\"");
    reader.get("/v1/endpoints").expect(200);
    writer.get("/v1/endpoints").expect(200);
    Answer refused = reader.post("/v1/endpoints", "not even JSON", "Content-Type", "text/plain");
    assertRefused(403, "E1203", refused);
    assertTrue(refused.header("WWW-Authenticate").contains("error=\"insufficient_scope\""));
    assertRefused(403, "E1203", writer.get("/v1/api-keys"));
    assertRefused(403, "E1203", api.get("/v1/tenants"));
    assertRefused(403, "E1203", api.with(Management.OPERATOR).get("/v1/endpoints"));
    assertRefused(400, "E1313", api.with(Management.OPERATOR).get("/v1/api-keys"));
  }

  @Test
  void calls_beyond_the_rate_of_a_tenant_wait_and_leave_others_alone() {
    Map<String, String> settings =
        Map.of(
            "api-key",
            Management.ADMIN,
            "operator-key",
            Management.OPERATOR,
            "http.management-calls-per-second-max",
            "1");
    try (var busy = KapselForTests.start(settings)) {
      var caller = new Management(busy, new ApiDescription(), Management.ADMIN);
      Answer answer = caller.get("/v1/endpoints").expect(200);
      for (int i = 0; i < 100 && answer.status() == 200; i++) answer = caller.get("/v1/endpoints");
      assertRefused(429, "E1004", answer);
      assertEquals("1", answer.header("Retry-After"));
      caller.with(Management.OPERATOR).get("/v1/tenants").expect(200);
    }
  }

  @Test
  void many_wrong_keys_from_one_address_are_refused_before_they_are_looked_up() throws IOException {
    var answers = new TreeSet<String>();
    for (int i = 0; i < 40; i++) answers.add(statusFrom("127.0.0.9", "kps_" + i));
    assertEquals(new TreeSet<>(List.of("401", "429")), answers);
    assertEquals("401", statusFrom("127.0.0.10", "kps_other"));
    String right = api.post("/v1/api-keys", "{\"name\":\"k\",\"scopes\":[\"read\"]}").get("secret");
    assertEquals("429", statusFrom("127.0.0.9", right));
    assertEquals("200", statusFrom("127.0.0.10", right));
    assertEquals("200", statusFrom("127.0.0.9", right));
    api.get("/v1/endpoints").expect(200);
  }

  private static String statusFrom(String address, String key) throws IOException {
    int port = URI.create(kapsel.url("/")).getPort();
    try (Socket socket = new Socket()) {
      socket.bind(new InetSocketAddress(address, 0));
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      String request =
          "GET /v1/endpoints HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer "
              + key
              + "\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      String answer =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      return answer.split(" ", 3)[1];
    }
  }

  // ---------------------------------------------------------------------------- what is asked for

  @Test
  void paths_and_methods_are_judged_after_the_key() {
    assertRefused(404, "E1301", api.get("/v1/nothing"));
    assertRefused(404, "E1301", api.get("/v1/endpoints/"));
    assertRefused(404, "E1301", api.get("/v1/endpoints/" + endpoint + "/"));
    Answer answer = api.send("PUT", "/v1/endpoints/" + endpoint, "{}");
    assertRefused(405, "E1101", answer);
    assertEquals("DELETE, GET, HEAD, PATCH", answer.header("Allow"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ep_1", "x", "ep_0123456789abcdef0123456789abcdeF", "%00", "ep_%2F", "é"})
  void a_malformed_identifier_is_not_found(String id) {
    String path = "/v1/endpoints/" + id.replace("é", "%C3%A9");
    Answer malformed = api.get(path, "X-Request-Id", "same");
    assertRefused(404, "E1301", malformed);
    Answer missing = api.get("/v1/endpoints/" + nobodys("ep_"), "X-Request-Id", "same");
    assertEquals(missing.text(), malformed.text());
  }

  private static String nobodys(String prefix) {
    return prefix + "00000000000070008000000000000000";
  }

  @Test
  void media_types_are_judged_before_the_body() {
    String path = "/v1/endpoints/" + endpoint;
    Answer answer = api.post("/v1/endpoints", "{", "Content-Type", "text/plain");
    assertRefused(415, "E1103", answer);
    assertEquals("application/json", answer.header("Accept-Post"));
    Answer patch = api.patch(path, "{", "Content-Type", "application/json-patch+json");
    assertRefused(415, "E1103", patch);
    assertTrue(patch.header("Accept-Patch").contains("application/merge-patch+json"));
    assertRefused(406, "E1109", api.get(path, "Accept", "text/html"));
    assertRefused(406, "E1109", api.get(path, "Accept", "application/json;q=0"));
    api.get(path, "Accept", "text/html, application/*;q=0.1").expect(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{\"name\":\"a\"} x",
        "\uFEFF{}",
        "{\"name\":NaN}",
        "{/* c */}",
        "{'name':'a'}",
        "{\"name\":\"a\",\"name\":\"b\"}",
        "{\"name\":\"a\",}",
        " "
      })
  void a_body_that_is_no_json_is_refused(String body) {
    assertRefused(400, "E1302", api.post("/v1/endpoints", body));
  }

  @Test
  void other_bodies_that_are_no_json_are_refused() {
    assertRefused(400, "E1302", api.post("/v1/endpoints", ""));
    assertRefused(400, "E1302", api.post("/v1/endpoints", "[".repeat(2_000)));
    byte[] notUtf8 = "{\"name\":\"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1);
    assertRefused(400, "E1302", api.sendBytes("POST", "/v1/endpoints", notUtf8));
  }

  @Test
  void a_body_beyond_the_limit_is_refused() {
    String name = "x".repeat(1 << 20);
    assertRefused(413, "E1002", api.post("/v1/endpoints", "{\"name\":\"" + name + "\"}"));
  }

  @ParameterizedTest
  @CsvSource({
    "limit=0, limit",
    "limit=-1, limit",
    "limit=1001, limit",
    "limit=abc, limit",
    "limit=5&limit=5, limit",
    "limit=, limit",
    "status=gone, status",
    "status=delivering, status",
    "received_after=yesterday, received_after",
    "received_before=2026-13-01T00:00:00Z, received_before",
    "received_after=2026-01-02T00:00:00Z&received_before=2026-01-01T00:00:00Z, received_after",
    "endpoint_id=ep_1, endpoint_id",
    "nothing=1, nothing",
    "status=%ff, status"
  })
  void a_bad_parameter_is_refused(String query, String name) {
    Answer answer = api.get("/v1/events?" + query);
    assertRefused(400, "E1313", answer);
    assertEquals(Map.of("?" + name, "E1313"), errors(answer));
  }

  @Test
  void a_cursor_is_good_for_its_tenant_list_and_filters_alone() {
    api.endpoint(GOOD_URL, "");
    api.endpoint(GOOD_URL, "");
    String cursor = api.get("/v1/endpoints?limit=1").expect(200).get("next_cursor");
    api.get("/v1/endpoints?cursor=" + cursor).expect(200);
    String last = cursor.substring(cursor.length() - 1);
    String flipped = (cursor.charAt(5) == 'A' ? "B" : "A") + cursor.substring(6);
    List<String> wrong =
        List.of(
            "/v1/endpoints?cursor=" + cursor.substring(0, 5) + flipped,
            "/v1/endpoints?cursor=" + cursor.substring(1),
            "/v1/endpoints?cursor=" + cursor + last,
            "/v1/endpoints?cursor=x",
            "/v1/endpoints?status=active&cursor=" + cursor,
            "/v1/events?cursor=" + cursor);
    String told = "";
    for (String target : wrong) {
      Answer answer = api.get(target, "X-Request-Id", "same");
      assertRefused(400, "E1312", answer);
      assertTrue(told.isEmpty() || told.equals(answer.text()));
      told = answer.text();
    }
    assertRefused(400, "E1312", api.tenant("").get("/v1/endpoints?cursor=" + cursor));
  }

  // ----------------------------------------------------------------------------- what is in a body

  static Stream<String[]> fields() {
    return Stream.of(
        row("/nam", "E1303", "'nam':1"),
        row("/name", "E1304", "'name':5"),
        row("/name", "E1304", "'name':null"),
        row("/name", "E1304", "'name':''"),
        row("/name", "E1304", "'name':'a\\u0000b'"),
        row("/name", "E1304", "'name':'" + "x".repeat(201) + "'"),
        row("/signature", "E1304", "'signature':[]"),
        row("/signature/secret", "E1303", "'signature':{'secret':'x'}"),
        row("/signature/scheme", "E1304", "'signature':{'scheme':'paypal'}"),
        row("/signature/header", "E1307", "'signature':{'scheme':'hmac','header':'a b'}"),
        row("/signature/template", "E1307", "'signature':{'scheme':'hmac','template':'x'}"),
        row(
            "/signature/secrets/0",
            "E1307",
            "'signature':{'scheme':'standard_webhooks','secrets':['whsec_c2hvcnQ=']}"),
        row(
            "/delivery/signing/secrets/0",
            "E1307",
            "'delivery':{'signing':{'secrets':['hunter2-hunter2']}}"),
        row(
            "/idempotency/json_path",
            "E1307",
            "'idempotency':{'strategy':'source_id','json_path':'$['}"),
        row("/retry/base_delay_ms", "E1308", "'retry':{'base_delay_ms':'5'}"),
        row("/retry/base_delay_ms", "E1308", "'retry':{'base_delay_ms':5.5}"),
        row("/retry/base_delay_ms", "E1308", "'retry':{'base_delay_ms':-1}"),
        row("/retry/base_delay_ms", "E1308", "'retry':{'base_delay_ms':99999999999999999999}"),
        row("/retry/max_attempts", "E1304", "'retry':{'max_attempts':0}"),
        row("/retry/max_attempts", "E1304", "'retry':{'max_attempts':-1}"),
        row("/retry/max_attempts", "E1304", "'retry':{'max_attempts':51}"),
        row("/retry/max_attempts", "E1304", "'retry':{'max_attempts':'5'}"),
        row("/delivery/rate_per_second", "E1304", "'delivery':{'rate_per_second':0}"),
        row("/delivery/rate_per_second", "E1304", "'delivery':{'rate_per_second':-1}"),
        row("/delivery/headers/Host", "E1309", "'delivery':{'headers':{'Host':'a'}}"),
        row("/delivery/headers/X-Kapsel-A", "E1309", "'delivery':{'headers':{'X-Kapsel-A':'a'}}"),
        row("/delivery/headers/webhook-id", "E1309", "'delivery':{'headers':{'webhook-id':'a'}}"),
        row("/delivery/headers/X-A", "E1309", "'delivery':{'headers':{'X-A':'a\\r\\nX-B: b'}}"),
        row("/allow_private_destination", "E1307", "'allow_private_destination':true"),
        row("/id", "E1304", "'id':'ep_1'"));
  }

  private static String[] row(String pointer, String code, String member) {
    return new String[] {pointer, code, member.replace('\'', '"')};
  }

  @ParameterizedTest
  @MethodSource("fields")
  void a_bad_field_is_named(String pointer, String code, String member) {
    String name = member.startsWith("\"name\"") ? "" : "\"name\":\"a\",";
    Answer answer =
        api.post("/v1/endpoints", "{" + name + "\"url\":\"" + GOOD_URL + "\"," + member + "}");
    assertRefused(422, code, answer);
    assertEquals(Map.of(pointer, code), errors(answer));
    assertFalse(answer.text().contains("hunter2"));
    Answer patched = api.patch("/v1/endpoints/" + endpoint, "{" + member + "}");
    if (!pointer.equals("/nam") && patched.status() != 200) {
      assertEquals(Map.of(pointer, code), errors(patched));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "E1305 file:///etc/passwd",
        "E1305 ftp://example.com/",
        "E1305 https:///hook",
        "E1305 https://user:pass@example.com/",
        "E1305 https://example.com:0/",
        "E1305 https://example.com:65536/",
        "E1305 https://example.com/#a",
        "E1305 example.com",
        "E1306 http://127.0.0.1/",
        "E1306 http://127.1/",
        "E1306 http://2130706433/",
        "E1306 http://0x7f.0.0.1/",
        "E1306 http://10.1.2.3/",
        "E1306 http://169.254.169.254/latest/",
        "E1306 http://[::1]/",
        "E1306 http://[::ffff:127.0.0.1]/",
        "E1306 http://[64:ff9b::7f00:1]/",
        "E1306 http://[2002:7f00:1::]/",
        "E1306 http://localhost/",
        "E1306 http://a.internal/",
        "E1306 http://metadata.google.internal/"
      })
  void a_bad_url_is_refused(String code, String url) {
    Answer answer = api.post("/v1/endpoints", "{\"name\":\"a\",\"url\":\"" + url + "\"}");
    assertRefused(422, code, answer);
    assertEquals(Map.of("/url", code), errors(answer));
  }

  @Test
  void a_long_url_and_one_with_a_line_break_are_refused() {
    for (String url : List.of(GOOD_URL + "x".repeat(2_048), GOOD_URL + "\\r\\nHost: a")) {
      Answer answer = api.post("/v1/endpoints", "{\"name\":\"a\",\"url\":\"" + url + "\"}");
      assertRefused(422, "E1305", answer);
    }
  }

  @Test
  void all_problems_are_told_at_once() {
    Answer answer =
        api.post(
            "/v1/endpoints",
            "{\"url\":\"http://10.0.0.1/\",\"retry\":{\"max_attempts\":0,\"base_delay_ms\":-1},"
                + "\"delivery\":{\"headers\":{\"Host\":\"a\"}},\"typo\":1}");
    assertEquals(
        Map.of(
            "/name", "E1304",
            "/url", "E1306",
            "/retry/max_attempts", "E1304",
            "/retry/base_delay_ms", "E1308",
            "/delivery/headers/Host", "E1309",
            "/typo", "E1303"),
        errors(answer));
  }

  @Test
  void keys_tenants_and_replays_are_validated_too() {
    Answer key =
        api.post(
            "/v1/api-keys",
            "{\"scopes\":[\"read\",\"root\"],\"expires_at\":\"2020-01-01T00:00:00Z\",\"x\":1}");
    assertEquals(
        Map.of("/name", "E1304", "/scopes/1", "E1304", "/expires_at", "E1304", "/x", "E1303"),
        errors(key));
    Answer tenant =
        api.with(Management.OPERATOR)
            .post(
                "/v1/tenants",
                "{\"name\":\"\",\"limits\":{\"max_endpoints\":0,\"ingest_rate_per_second\":-1}}");
    assertEquals(
        Map.of(
            "/name", "E1304",
            "/limits/max_endpoints", "E1304",
            "/limits/ingest_rate_per_second", "E1304"),
        errors(tenant));
    Answer replay =
        api.post(
            "/v1/endpoints/" + endpoint + "/replay",
            "{\"until\":\"now\",\"statuses\":[\"pending\"]}");
    assertEquals(
        Map.of("/since", "E1304", "/until", "E1304", "/statuses/0", "E1304"), errors(replay));
    assertRefused(422, "E1303", api.post("/v1/endpoints/" + endpoint + "/pause", "{\"a\":1}"));
  }

  // ------------------------------------------------------------------------------ another tenant's

  @Test
  void what_belongs_to_another_tenant_looks_as_if_it_did_not_exist() {
    Management other = api.tenant("");
    String paused = api.endpoint(GOOD_URL, "");
    api.post("/v1/endpoints/" + paused + "/pause", "").expect(200);
    String event = api.ingest(paused, "{}");
    String replay =
        api.post("/v1/endpoints/" + paused + "/replay", "{\"since\":\"2026-01-01T00:00:00Z\"}")
            .expect(202)
            .get("replay_id");
    String key =
        api.post("/v1/api-keys", "{\"name\":\"k\",\"scopes\":[\"read\"]}").expect(201).get("id");
    List<String> seen = new ArrayList<>();
    for (String route : kapsel.operations()) {
      if (!route.contains("{") || route.contains("/v1/tenants")) continue;
      String method = route.substring(0, route.indexOf(' '));
      String template = route.substring(method.length() + 1);
      String prefix =
          template.contains("/endpoints/")
              ? "ep_"
              : template.contains("/events/")
                  ? "evt_"
                  : template.contains("/replays/") ? "rep_" : "key_";
      String theirs =
          switch (prefix) {
            case "ep_" -> paused;
            case "evt_" -> event;
            case "rep_" -> replay;
            default -> key;
          };
      String body =
          template.endsWith("/replay")
              ? "{\"since\":\"2026-01-01T00:00:00Z\"}"
              : method.equals("PATCH") ? "{}" : "";
      String[] sameId = {"X-Request-Id", "same"};
      Answer foreign = other.send(method, template.replaceAll("\\{.*}", theirs), body, sameId);
      Answer missing =
          other.send(method, template.replaceAll("\\{.*}", nobodys(prefix)), body, sameId);
      assertRefused(404, "E1301", foreign);
      assertEquals(missing.text(), foreign.text(), route);
      assertEquals(
          missing.response().headers().map().keySet(), foreign.response().headers().map().keySet());
      seen.add(route);
    }
    assertTrue(seen.size() >= 18, seen::toString);
    assertEquals(0, other.get("/v1/events?endpoint_id=" + paused).json().get("data").size());
    assertEquals(0, other.get("/v1/endpoints").json().get("data").size());
    assertFalse(other.get("/v1/api-keys").text().contains(key));
    assertEquals("paused", api.get("/v1/endpoints/" + paused).get("status"));
    api.get("/v1/events/" + event + "/payload").expect(200);
  }

  @Test
  void a_deleted_tenants_keys_stop_working() {
    Management operator = api.with(Management.OPERATOR);
    Answer tenant = operator.post("/v1/tenants", "{\"name\":\"" + Management.freshName() + "\"}");
    Management admin =
        api.with(
            operator
                .post(
                    "/v1/api-keys?tenant_id=" + tenant.get("id"),
                    "{\"name\":\"k\",\"scopes\":[\"admin\"]}")
                .expect(201)
                .get("secret"));
    String theirs = admin.endpoint(GOOD_URL, "");
    assertRefused(409, "E1310", operator.delete(tenant.header("Location")));
    admin.delete("/v1/endpoints/" + theirs).expect(204);
    operator.delete(tenant.header("Location")).expect(204);
    await("refused", () -> admin.get("/v1/endpoints").status() == 401);
    assertRefused(404, "E1301", operator.get(tenant.header("Location")));
  }
}
