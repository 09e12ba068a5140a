package io.kapsel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.IdempotencySettings.Strategy;
import io.kapsel.core.webhook.IntakeSettings;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.SignatureSettings.Scheme;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.testing.PostgresForTests;
import io.kapsel.testing.RawConnection;
import io.kapsel.testing.RawConnection.Reply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What bad input gets, row by row, from the whole service over raw sockets. A row says the answer,
 * whether the connection ends with it, and whether anything is stored.
 */
final class IngestTableIT {
  private static final int BODY_BYTES_MAX = 10_485_760;
  private static final String SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
  private static final String EMPTY_CHUNK = "0\r\n\r\n";

  private static DatabaseSettings database;
  private static KapselForTests kapsel;
  private static ScriptedDestination destination;
  private static InetSocketAddress address;

  private static EndpointId open;
  private static EndpointId paused;
  private static EndpointId disabled;
  private static EndpointId deleted;
  private static EndpointId choosy;
  private static EndpointId json;
  private static EndpointId filled;
  private static EndpointId numbered;
  private static EndpointId github;
  private static EndpointId stripe;
  private static EndpointId secretless;

  @BeforeAll
  static void start() {
    database = PostgresForTests.freshDatabase();
    kapsel = KapselForTests.start(database, Map.of());
    URI uri = URI.create(kapsel.url("/"));
    address = new InetSocketAddress(uri.getHost(), uri.getPort());
    destination = new ScriptedDestination(ScriptedDestination.status(200));
    open = endpoint(config -> config);
    paused = endpoint(config -> config);
    kapsel.order(paused, new Endpoint.SetStatus(Status.PAUSED));
    disabled = endpoint(config -> config);
    kapsel.order(disabled, new Endpoint.SetStatus(Status.DISABLED));
    deleted = endpoint(config -> config);
    kapsel.order(deleted, new Endpoint.SetStatus(Status.DELETED));
    choosy = endpoint(each -> each.withIntake(intake(List.of("application/json", "text/*"))));
    json = endpoint(each -> each.withIntake(new IntakeSettings(List.of(), true, false, List.of())));
    filled =
        endpoint(each -> each.withIntake(new IntakeSettings(List.of(), false, true, List.of())));
    numbered =
        endpoint(
            each ->
                config(
                    SignatureSettings.NONE,
                    new IdempotencySettings(Strategy.SOURCE_ID, "$.id", true)));
    github = endpoint(each -> signed(Scheme.GITHUB, SECRET));
    stripe = endpoint(each -> signed(Scheme.STRIPE, SECRET));
    secretless = endpoint(each -> signed(Scheme.GITHUB));
  }

  @AfterAll
  static void stop() {
    kapsel.close();
    destination.close();
  }

  private static IntakeSettings intake(List<String> contentTypes) {
    return new IntakeSettings(contentTypes, false, false, List.of("sender.example.com"));
  }

  private static EndpointId endpoint(Function<EndpointConfig, EndpointConfig> change) {
    return kapsel.create(change.apply(config(SignatureSettings.NONE, IdempotencySettings.DEFAULT)));
  }

  private static EndpointConfig signed(Scheme scheme, String... secrets) {
    return config(
        SignatureSettings.of(scheme, Arrays.stream(secrets).map(Secret::new).toList()),
        IdempotencySettings.DEFAULT);
  }

  private static EndpointConfig config(
      SignatureSettings signature, IdempotencySettings idempotency) {
    return new EndpointConfig(
        "table-" + System.nanoTime(),
        destination.url(),
        signature,
        idempotency,
        RetryPolicy.DEFAULT,
        CircuitPolicy.DEFAULT,
        DeliverySettings.DEFAULT,
        false);
  }

  // -------------------------------------------------------------------------------------- rows

  /**
   * @param expected status and code, or the status alone
   * @param closes whether the answer ends the connection
   */
  private record Row(String name, String request, String expected, boolean closes, int stored) {}

  private static Row accepted(String name, String request) {
    return new Row(name, request, "200", false, 1);
  }

  /** Refused after the whole request was read: the connection goes on. */
  private static Row refused(String name, String expected, String request) {
    return new Row(name, request, expected, false, 0);
  }

  /** Refused before its end was read: whatever follows on the connection is not a request. */
  private static Row cutOff(String name, String expected, String request) {
    return new Row(name, request, expected, true, 0);
  }

  private static String head(String method, Object id, String headers) {
    return method + " /ingest/" + id + " HTTP/1.1\r\nHost: a\r\n" + headers;
  }

  private static String post(Object id, String headers, String body) {
    return head("POST", id, headers) + "Content-Length: " + body.length() + "\r\n\r\n" + body;
  }

  private static String chunked(String chunks) {
    return head("POST", open, "Transfer-Encoding: chunked\r\n\r\n") + chunks;
  }

  private static String type(String contentType) {
    return "Content-Type: " + contentType + "\r\n";
  }

  private static String hmac(String message) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET.getBytes(UTF_8), "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(message.getBytes(ISO_8859_1)));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static String hub(String signature) {
    return "X-Hub-Signature-256: " + signature + "\r\n";
  }

  private static String stripeHeader(long timestamp, String body, String appended) {
    String signature = hmac(timestamp + "." + body);
    return "Stripe-Signature: t=" + timestamp + ",v1=" + signature + appended + "\r\n";
  }

  private static String gzipBomb() {
    var compressed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(compressed)) {
      for (int i = 0; i < 1_000; i++) gzip.write(new byte[20_000]);
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
    return compressed.toString(ISO_8859_1);
  }

  private static List<Row> endpoints() {
    return List.of(
        refused("unknown endpoint id", "404 E1003", post("ep_" + "0".repeat(32), "", "")),
        refused("malformed endpoint id: not a UUID", "404 E1003", post("x", "", "")),
        refused("malformed endpoint id: none", "404 E1003", post("", "", "")),
        refused("malformed endpoint id: over-long", "404 E1003", post("e".repeat(7_000), "", "")),
        refused("malformed endpoint id: NUL", "404 E1003", post(open + "%00", "", "")),
        refused("malformed endpoint id: slash", "404 E1003", post(open + "%2F", "", "")),
        refused("deleted endpoint", "404 E1003", post(deleted, "", "")),
        refused("disabled endpoint", "410 E1012", post(disabled, "", "")),
        cutOff("disabled endpoint, with a body", "410 E1012", post(disabled, "", "x")),
        accepted("paused endpoint", post(paused, "", "x")));
  }

  private static List<Row> methods() {
    List<Row> rows = new ArrayList<>();
    for (String method : List.of("GET", "PUT", "DELETE", "PATCH", "TRACE")) {
      rows.add(refused("wrong method " + method, "405 E1101", head(method, open, "\r\n")));
    }
    rows.add(new Row("OPTIONS", head("OPTIONS", open, "\r\n"), "204", false, 0));
    rows.add(cutOff("unknown method token", "501 E1101", head("FOO", open, "\r\n")));
    rows.add(cutOff("method that is no token", "400 E1105", head("F@O", open, "\r\n")));
    return rows;
  }

  private static List<Row> bodies() {
    String tooLarge = "Content-Length: " + (BODY_BYTES_MAX + 1) + "\r\n";
    String largeChunk = "800000\r\n" + "a".repeat(0x800000) + "\r\n";
    String lastChunk = "200001\r\n" + "a".repeat(0x200001) + "\r\n";
    return List.of(
        cutOff("Content-Length too large", "413 E1002", head("POST", open, tooLarge + "\r\n")),
        cutOff(
            "Content-Length too large, expecting 100",
            "413 E1002",
            head("POST", open, tooLarge + "Expect: 100-continue\r\n\r\n")),
        cutOff(
            "Content-Length beyond all numbers",
            "413 E1002",
            head("POST", open, "Content-Length: 99999999999999999999\r\n\r\n")),
        accepted("exactly the largest body", post(open, "", "a".repeat(BODY_BYTES_MAX))),
        accepted(
            "exactly the largest body, chunked",
            chunked(largeChunk + "200000\r\n" + "a".repeat(0x200000) + "\r\n" + EMPTY_CHUNK)),
        cutOff(
            "a byte more than the largest body, chunked",
            "413 E1002",
            chunked(largeChunk + lastChunk)),
        accepted("gzip bomb", post(open, "Content-Encoding: gzip\r\n", gzipBomb())),
        refused(
            "encoded body with its id inside",
            "415 E1103",
            post(numbered, "Content-Encoding: gzip\r\n", "{\"id\":1}")),
        accepted("empty body", post(open, "", "")),
        accepted("no body announced", head("POST", open, "\r\n")),
        refused(
            "body of another Content-Digest",
            "400 E1102",
            post(
                open,
                "Content-Digest: sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:\r\n",
                "x")),
        refused("empty body, reject_empty", "400 E1102", post(filled, "", "")),
        accepted("filled body, reject_empty", post(filled, "", " ")));
  }

  private static List<Row> framing() {
    List<Row> rows = new ArrayList<>();
    String te = "Transfer-Encoding: chunked\r\n";
    rows.add(cutOff("bad chunk size", "400 E1105", chunked("x\r\n")));
    rows.add(cutOff("chunk size lies", "400 E1105", chunked("1\r\nabc\r\n" + EMPTY_CHUNK)));
    rows.add(cutOff("chunk size with sign", "400 E1105", chunked("+1\r\na\r\n" + EMPTY_CHUNK)));
    rows.add(cutOff("chunk size with blank", "400 E1105", chunked("1 \r\na\r\n" + EMPTY_CHUNK)));
    rows.add(cutOff("chunk size overflow", "400 E1105", chunked("FFFFFFFFFFFFFFFFF\r\n")));
    rows.add(cutOff("chunk beyond the limit", "413 E1002", chunked("7FFFFFFF\r\n")));
    rows.add(cutOff("chunk without CR", "400 E1105", chunked("1\na\n" + EMPTY_CHUNK)));
    rows.add(cutOff("trailer that frames", "400 E1105", chunked("0\r\nContent-Length: 1\r\n\r\n")));
    rows.add(
        cutOff("Content-Length and chunked", "400 E1105", post(open, te, "0\r\n\r\nPOST / X")));
    for (String coding : List.of("gzip", "chunked, gzip", "chunked, chunked", "xchunked", "")) {
      rows.add(
          cutOff(
              "Transfer-Encoding " + coding,
              "400 E1105",
              head("POST", open, "Transfer-Encoding: " + coding + "\r\n\r\n") + EMPTY_CHUNK));
    }
    for (String length : List.of("1, 1", "+1", "-1", "0x1", "1 1", "", "1.0", "\u00b9")) {
      rows.add(
          cutOff(
              "Content-Length " + length,
              "400 E1105",
              head("POST", open, "Content-Length: " + length + "\r\n\r\n") + "a"));
    }
    for (String twice : List.of("1\r\nContent-Length: 2", "1\r\nContent-Length: 1")) {
      rows.add(
          cutOff(
              "two Content-Lengths " + twice,
              "400 E1105",
              head("POST", open, "Content-Length: " + twice + "\r\n\r\n") + "aa"));
    }
    rows.add(cutOff("space before colon", "400 E1105", head("POST", open, "X-A : b\r\n\r\n")));
    rows.add(cutOff("obs-fold", "400 E1105", head("POST", open, "X-A: b\r\n c\r\n\r\n")));
    rows.add(cutOff("bare CR", "400 E1105", head("POST", open, "X-A: b\rc\r\n\r\n")));
    rows.add(cutOff("bare LF", "400 E1105", head("POST", open, "X-A: b\nX-B: c\r\n\r\n")));
    rows.add(cutOff("two Hosts", "400 E1105", head("POST", open, "Host: a\r\n\r\n")));
    rows.add(
        cutOff("no Host", "400 E1105", "POST /ingest/" + open + " HTTP/1.1\r\nX-A: b\r\n\r\n"));
    rows.add(cutOff("invalid Host", "400 E1105", "POST /ingest/x HTTP/1.1\r\nHost: a/b\r\n\r\n"));
    for (String version : List.of("HTTP/2.0", "HTTP/0.9", "HTTP/3.0")) {
      rows.add(cutOff(version, "505 E1105", "POST /ingest/x " + version + "\r\nHost: a\r\n\r\n"));
    }
    for (String version : List.of("HTTP/1.1x", "http/1.1", "HTTP/1", "HTTP/ 1.1", "")) {
      rows.add(
          cutOff(
              "version " + version,
              "400 E1105",
              "POST /ingest/x " + version + "\r\nHost: a\r\n\r\n"));
    }
    rows.add(cutOff("Expect something else", "417 E1105", post(open, "Expect: 200-ok\r\n", "a")));
    return rows;
  }

  private static List<Row> headers() {
    List<Row> rows = new ArrayList<>();
    rows.add(
        cutOff(
            "header section too large",
            "431 E1107",
            head("POST", open, "X-A: " + "a".repeat(16_384) + "\r\n\r\n")));
    rows.add(
        cutOff(
            "too many fields", "431 E1107", head("POST", open, "X: y\r\n".repeat(100) + "\r\n")));
    rows.add(
        accepted("as many fields as allowed", head("POST", open, "X: y\r\n".repeat(99) + "\r\n")));
    rows.add(
        cutOff("request target too long", "414 E1108", head("POST", "a".repeat(8_000), "\r\n")));
    for (int control : new int[] {0x00, 0x01, 0x08, 0x0b, 0x0c, 0x1f, 0x7f}) {
      rows.add(
          cutOff(
              "control character " + control + " in a value",
              "400 E1105",
              head("POST", open, "X-A: a" + (char) control + "b\r\n\r\n")));
    }
    rows.add(accepted("tabulator in a value", post(open, "X-A: a\tb\r\n", "x")));
    rows.add(accepted("obs-text in a value", post(open, "X-A: \u00fc\u0080\u00ff\r\n", "x")));
    rows.add(
        refused("obs-text in a signature", "400 E1105", post(github, hub("sha256=\u00fc"), "x")));
    rows.add(
        refused(
            "obs-text in a timestamp",
            "400 E1105",
            post(stripe, "Stripe-Signature: t=\u00b2,v1=aa\r\n", "x")));
    return rows;
  }

  private static List<Row> contents() {
    String deep = "[".repeat(513) + "]".repeat(513);
    return List.of(
        accepted("no Content-Type", post(open, "", "x")),
        refused("no Content-Type, types restricted, no body", "415 E1103", post(choosy, "", "")),
        cutOff("no Content-Type, types restricted", "415 E1103", post(choosy, "", "x")),
        cutOff("Content-Type not in the list", "415 E1103", post(choosy, type("image/png"), "x")),
        accepted("Content-Type in the list", post(choosy, type("text/x; a=b"), "x")),
        cutOff("invalid Content-Type", "400 E1105", post(open, type("text"), "x")),
        cutOff("empty Content-Type", "400 E1105", post(open, type(""), "x")),
        cutOff("two Content-Types", "400 E1105", post(open, type("a/b") + type("a/b"), "x")),
        accepted("malformed JSON", post(open, type("application/json"), "{")),
        refused("malformed JSON, validate_json", "400 E1102", post(json, "", "{")),
        refused("empty body, validate_json", "400 E1102", post(json, "", "")),
        refused("too deep JSON, validate_json", "400 E1102", post(json, "", deep)),
        refused("too deep JSON, source_id", "400 E1102", post(numbered, "", deep)),
        refused("100,000 brackets", "400 E1102", post(numbered, "", "[".repeat(100_000))),
        refused("invalid UTF-8, validate_json", "400 E1102", post(json, "", "\"\u00ff\"")),
        refused("invalid UTF-8, source_id", "400 E1102", post(numbered, "", "{\"id\":\"\u00ff\"}")),
        refused("malformed JSON, source_id", "400 E1102", post(numbered, "", "{\"id\":1")),
        refused(
            "duplicate names at the event id",
            "400 E1011",
            post(numbered, "", "{\"id\":1,\"id\":2}")),
        refused("no event id, required", "400 E1011", post(numbered, "", "{\"no\":1}")),
        refused("event id is no text", "400 E1011", post(numbered, "", "{\"id\":{}}")),
        accepted("event id", post(numbered, "", "{\"id\":\"first\"}")));
  }

  private static List<Row> signatures() {
    long now = System.currentTimeMillis() / 1_000;
    String good = hub("sha256=" + hmac("{}"));
    return List.of(
        refused("signature header missing", "401 E1007", post(github, "", "{}")),
        refused("signature header empty", "401 E1007", post(github, hub(""), "{}")),
        refused("signature malformed", "401 E1008", post(github, hub("md5=0"), "{}")),
        refused("signature header duplicated", "401 E1008", post(github, good + good, "{}")),
        refused("signature of another body", "401 E1001", post(github, good, "{ }")),
        refused(
            "signature in upper case",
            "401 E1001",
            post(github, hub("sha256=" + hmac("{}").toUpperCase(Locale.ROOT)), "{}")),
        accepted("signature that matches", post(github, good, "{}")),
        refused(
            "stale timestamp, MAC correct",
            "401 E1006",
            post(stripe, stripeHeader(now - 1_000, "{}", ""), "{}")),
        refused(
            "early timestamp, MAC correct",
            "401 E1006",
            post(stripe, stripeHeader(now + 1_000, "{}", ""), "{}")),
        refused(
            "stale timestamp, MAC wrong",
            "401 E1001",
            post(stripe, stripeHeader(now - 1_000, "{ }", ""), "{}")),
        refused(
            "timestamp with a sign",
            "401 E1008",
            post(stripe, stripeHeader(now, "{}", "").replace("t=", "t=+"), "{}")),
        accepted("fresh timestamp", post(stripe, stripeHeader(now, "{}", ",v1=00"), "{}")),
        refused("no secret configured", "503 E3005", post(secretless, good, "{}")));
  }

  private static List<Row> keys() {
    List<Row> rows = new ArrayList<>();
    for (String key : List.of("", "\"\"", "\"a", "a\tb", "\u00fc", "k".repeat(256))) {
      rows.add(
          refused(
              "idempotency key " + key,
              "400 E1009",
              post(open, "Idempotency-Key: " + key + "\r\n", "x")));
    }
    rows.add(
        refused(
            "idempotency key duplicated",
            "400 E1009",
            post(open, "Idempotency-Key: a\r\nIdempotency-Key: a\r\n", "x")));
    rows.add(
        refused(
            "two idempotency keys that differ",
            "400 E1009",
            post(open, "Idempotency-Key: a\r\nX-Idempotency-Key: b\r\n", "x")));
    rows.add(
        cutOff(
            "idempotency key with a control character",
            "400 E1105",
            post(open, "Idempotency-Key: a\u0001\r\n", "x")));
    rows.add(
        accepted(
            "longest idempotency key",
            post(open, "Idempotency-Key: " + "k".repeat(255) + "\r\n", "x")));
    rows.add(
        refused(
            "key used with another body",
            "422 E1010",
            post(open, "Idempotency-Key: " + "k".repeat(255) + "\r\n", "y")));
    return rows;
  }

  // ----------------------------------------------------------------------------------- the test

  @TestFactory
  Stream<DynamicTest> a_row_is_answered_as_the_table_says() {
    return Stream.of(
            endpoints(),
            methods(),
            bodies(),
            framing(),
            headers(),
            contents(),
            signatures(),
            keys())
        .flatMap(List::stream)
        .map(row -> dynamicTest(row.name(), () -> check(row)));
  }

  private static void check(Row row) {
    long before = storedWebhooks();
    try (var connection = new RawConnection(address)) {
      connection.sendUnlessCut(row.request().getBytes(ISO_8859_1));
      Reply reply = connection.receive();
      assertEquals(row.expected(), outcome(reply), () -> reply.headers() + reply.text());
      assertEquals(row.closes(), reply.closes());
      if (row.closes()) {
        connection.sendUnlessCut(post(open, "", "smuggled").getBytes(ISO_8859_1));
        assertTrue(connection.isEnded(), "answers after it said it closes");
      } else {
        Reply next = connection.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n").receive();
        assertEquals(200, next.status());
      }
      checkFields(reply);
    }
    assertEquals(row.stored(), storedWebhooks() - before, "stored");
  }

  private static String outcome(Reply reply) {
    return reply.status() < 400 ? Integer.toString(reply.status()) : reply.problem();
  }

  private static void checkFields(Reply reply) {
    if (reply.status() < 400) return;
    JsonNode problem = reply.json();
    for (String member : List.of("type", "title", "detail", "instance", "name", "request_id")) {
      assertTrue(problem.hasNonNull(member), member);
    }
    assertEquals(
        Set.of("E3005").contains(problem.get("code").asText()),
        problem.get("retryable").asBoolean());
    if (reply.status() == 405) assertEquals(Optional.of("POST, OPTIONS"), reply.header("Allow"));
    if (reply.problem().equals("415 E1103") && !reply.text().contains("encoded")) {
      assertEquals(Optional.of("application/json, text/*"), reply.header("Accept"));
    }
    assertFalse(reply.text().contains(SECRET));
  }

  private static long storedWebhooks() {
    return Long.parseLong(PostgresForTests.query(database, "select count(*) from webhook"));
  }

  @Test
  void unknown_malformed_and_deleted_endpoints_look_the_same() {
    var answers = new TreeSet<String>();
    for (Object id : List.of("ep_" + "0".repeat(32), "x", open + "%00", deleted)) {
      Reply reply = RawConnection.exchange(address, post(id, "X-Request-Id: r\r\n", ""));
      var headers = new ArrayList<>(reply.headers());
      headers.removeIf(line -> line.startsWith("Date:"));
      answers.add(reply.status() + headers.toString() + reply.text());
    }
    assertEquals(1, answers.size(), answers.toString());
  }

  @Test
  void head_gets_the_answer_of_a_wrong_method_without_a_body() {
    try (var connection = new RawConnection(address)) {
      connection.send(head("HEAD", open, "\r\n"));
      assertEquals(405, connection.receiveHead().status());
      assertEquals(200, connection.send(post(open, "", "after-head")).receive().status());
    }
  }

  @Test
  void options_gives_consent_to_cloud_events_where_the_endpoint_does() {
    String question = "WebHook-Request-Origin: sender.example.com\r\nWebHook-Request-Rate: 120\r\n";
    Reply consent = RawConnection.exchange(address, head("OPTIONS", choosy, question + "\r\n"));
    assertEquals(Optional.of("sender.example.com"), consent.header("WebHook-Allowed-Origin"));
    assertEquals(Optional.of("120"), consent.header("WebHook-Allowed-Rate"));
    Reply silence = RawConnection.exchange(address, head("OPTIONS", open, question + "\r\n"));
    assertEquals(Optional.empty(), silence.header("WebHook-Allowed-Origin"));
  }

  @Test
  void a_body_that_ends_early_is_incomplete_and_stores_nothing() {
    long before = storedWebhooks();
    try (var connection = new RawConnection(address)) {
      connection.send(head("POST", open, "Content-Length: 10\r\n\r\n") + "abc").finish();
      assertEquals("400 E1104", connection.receive().problem());
      assertTrue(connection.isEnded());
    }
    assertEquals(before, storedWebhooks());
  }

  @Test
  void bytes_after_the_body_are_the_next_request() {
    long before = storedWebhooks();
    try (var connection = new RawConnection(address)) {
      connection.send(
          post(open, "", "1") + post(open, "Idempotency-Key: next\r\n", "2") + "junk\r\n\r\n");
      assertEquals(200, connection.receive().status());
      assertEquals(200, connection.receive().status());
      assertEquals("400 E1105", connection.receive().problem());
      assertTrue(connection.isEnded());
    }
    assertEquals(before + 2, storedWebhooks());
  }

  @Test
  void a_hundred_continue_comes_only_to_who_may_send() {
    try (var connection = new RawConnection(address)) {
      String expect = "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n";
      connection.send(head("POST", open, expect));
      assertEquals(100, connection.receive().status());
      assertEquals(200, connection.send("{}").receive().status());
      connection.send(head("POST", disabled, expect));
      assertEquals("410 E1012", connection.receive().problem());
    }
  }

  @Test
  void a_duplicate_is_answered_byte_for_byte_like_the_first() {
    String request = post(open, "Idempotency-Key: \"twice\"\r\n", "{}");
    long before = storedWebhooks();
    Reply first = RawConnection.exchange(address, request);
    Reply second = RawConnection.exchange(address, request);
    assertEquals(200, first.status());
    assertEquals(200, second.status());
    assertEquals(first.text(), second.text());
    KapselForTests.await("one stored", () -> storedWebhooks() == before + 1);
  }

  @Test
  void what_is_stored_is_what_came() {
    String bomb = gzipBomb();
    String headers = "X-A: \u00fc\r\nx-a: 2\r\nContent-Encoding: gzip\r\n";
    try (var connection = new RawConnection(address)) {
      String id =
          connection.send(post(open, headers, bomb)).receive().json().get("event_id").asText();
      String where = " from webhook where id = '" + uuid(id) + "'";
      assertEquals(
          HexFormat.of().formatHex(bomb.getBytes(ISO_8859_1)),
          PostgresForTests.query(database, "select encode(body, 'hex')" + where));
      assertEquals(
          "application/octet-stream",
          PostgresForTests.query(database, "select content_type" + where));
      String stored = PostgresForTests.query(database, "select encode(headers, 'hex')" + where);
      String text = new String(HexFormat.of().parseHex(stored), ISO_8859_1);
      assertTrue(text.contains("X-A: \u00fc\nx-a: 2\n"), text);
    }
  }

  private static String uuid(String eventId) {
    return eventId
        .substring("evt_".length())
        .replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5");
  }

  /** The published malformed requests, as they are and aimed at an endpoint that takes webhooks. */
  @TestFactory
  Stream<DynamicTest> a_malformed_request_stores_nothing_and_ends_the_connection()
      throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    try (var in = IngestTableIT.class.getResourceAsStream("/vectors/http_malformed.json")) {
      for (JsonNode each : new ObjectMapper().readTree(in).get("cases")) {
        String raw =
            new String(Base64.getDecoder().decode(each.get("raw_b64").asText()), ISO_8859_1);
        String aimed = raw.replaceFirst("^[A-Z]+ /[^ ]* HTTP", "POST /ingest/" + open + " HTTP");
        for (String request : new TreeSet<>(List.of(raw, aimed))) {
          tests.add(dynamicTest(each.get("id").asText(), () -> malformed(each, request)));
        }
      }
    }
    return tests.stream();
  }

  private static void malformed(JsonNode vector, String request) {
    long before = storedWebhooks();
    try (var connection = new RawConnection(address)) {
      // At once: a path that is not served is refused as soon as the head has come.
      connection.sendUnlessCut((request + post(open, "", "smuggled")).getBytes(ISO_8859_1));
      if (!vector.get("informative").asBoolean()) {
        Reply reply = connection.receive();
        var expected = new TreeSet<Integer>();
        vector.get("expect_status_any").forEach(status -> expected.add(status.asInt()));
        assertTrue(expected.contains(reply.status()), reply.status() + " " + reply.text());
        assertTrue(connection.isEnded());
      } else {
        String answers = connection.finish().rest(2_000);
        assertFalse(answers.startsWith("HTTP/1.1 5"), answers);
        return;
      }
    }
    assertEquals(before, storedWebhooks());
  }
}
