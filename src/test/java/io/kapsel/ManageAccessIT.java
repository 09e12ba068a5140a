package io.kapsel;

import static io.kapsel.KapselForTests.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.Management.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may call the management API, how often, and what a tenant learns about another: nothing. */
final class ManageAccessIT {
  private static final String GOOD_URL = "https://example.com/hook";

  private static KapselForTests kapsel;
  private static Management api;

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
  }

  @AfterAll
  static void stop() {
    kapsel.close();
  }

  private static void assertRefused(int status, String code, Answer answer) {
    assertEquals(status + " " + code, answer.status() + " " + answer.get("code"), answer.text());
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
  void many_wrong_keys_from_one_address_are_refused_before_they_are_looked_up() {
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

  @Test
  void a_revoked_key_counts_as_wrong_again() {
    Answer key = api.post("/v1/api-keys", "{\"name\":\"k\",\"scopes\":[\"read\"]}").expect(201);
    String secret = key.get("secret");
    assertEquals("200", statusFrom("127.0.0.11", secret));
    for (int i = 0; i < 40; i++) statusFrom("127.0.0.11", "kps_" + i);
    assertEquals("200", statusFrom("127.0.0.11", secret));
    api.delete("/v1/api-keys/" + key.get("id")).expect(204);
    KapselForTests.await("the revocation", () -> statusFrom("127.0.0.12", secret).equals("401"));
    assertEquals("429", statusFrom("127.0.0.11", secret));
  }

  @Test
  void behind_a_trusted_proxy_wrong_keys_count_against_who_sent_them() {
    try (var proxied =
        KapselForTests.start(
            Map.of("operator-key", Management.OPERATOR, "http.trusted-proxies", "127.0.0.0/8"))) {
      int port = URI.create(proxied.url("/")).getPort();
      var answers = new TreeSet<String>();
      for (int i = 0; i < 40; i++)
        answers.add(statusFrom(port, "127.0.0.1", "kps_" + i, "X-Forwarded-For: 192.0.2.9\r\n"));
      assertEquals(new TreeSet<>(List.of("401", "429")), answers);
      String other = "X-Forwarded-For: 192.0.2.9, 192.0.2.10\r\n";
      assertEquals("401", statusFrom(port, "127.0.0.1", "kps_other", other));
    }
  }

  private static String statusFrom(String address, String key) {
    return statusFrom(URI.create(kapsel.url("/")).getPort(), address, key, "");
  }

  private static String statusFrom(int port, String address, String key, String fields) {
    try (Socket socket = new Socket()) {
      socket.bind(new InetSocketAddress(address, 0));
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      String request =
          "GET /v1/endpoints HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
              + fields
              + "Authorization: Bearer "
              + key
              + "\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      String answer =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      return answer.split(" ", 3)[1];
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
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
          other.send(
              method, template.replaceAll("\\{.*}", ManageRulesIT.nobodys(prefix)), body, sameId);
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
