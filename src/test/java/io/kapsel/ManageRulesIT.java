package io.kapsel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kapsel.Management.Answer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What bad input to the management API gets. */
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

  /** An identifier that nothing has. */
  static String nobodys(String prefix) {
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
    api.get(path, "Accept", "text/html", "Accept", "application/json").expect(200);
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
                "{\"name\":\"\",\"limits\":{\"max_endpoints\":0,\"ingest_rate_per_second\":-1,"
                    + "\"ingest_quota\":0,\"ingest_quota_window_seconds\":59}}");
    assertEquals(
        Map.of(
            "/name", "E1304",
            "/limits/max_endpoints", "E1304",
            "/limits/ingest_quota", "E1304",
            "/limits/ingest_quota_window_seconds", "E1308",
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
}
