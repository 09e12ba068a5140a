package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The published vectors for idempotency keys, paths, Retry-After and HTTP-date. */
class KeyAndDateVectorsTest {

  @TestFactory
  Stream<DynamicTest> idempotency_key_header() {
    return Vectors.tests("idempotency.json", KeyAndDateVectorsTest::keyHeader);
  }

  @TestFactory
  Stream<DynamicTest> jsonpath() {
    return Vectors.tests("jsonpath_event_id.json", KeyAndDateVectorsTest::path);
  }

  @TestFactory
  Stream<DynamicTest> retry_after() {
    return Vectors.tests("retry_after.json", KeyAndDateVectorsTest::retryAfter);
  }

  @TestFactory
  Stream<DynamicTest> http_date() {
    return Vectors.tests("http_date.json", KeyAndDateVectorsTest::httpDate);
  }

  private static void keyHeader(JsonNode vector) {
    IdempotencyKey key =
        IdempotencyKey.extract(
            IdempotencySettings.DEFAULT,
            SignatureSettings.Scheme.NONE,
            Vectors.headers(vector),
            new byte[0],
            new byte[32]);
    if (!vector.path("expect").isNull()) {
      assertEquals(new IdempotencyKey.Key(vector.path("expect").asText()), key);
    } else if (vector.path("informative").asBoolean()) {
      // A strict structured-field parser fails here; Kapsel takes what has no quote as a bare key.
      assertEquals(new IdempotencyKey.Key(Vectors.headers(vector).get(0).value()), key);
    } else {
      var refused = assertInstanceOf(IdempotencyKey.Refused.class, key);
      assertEquals(vector.path("expect_error").asText(), refused.rejection().code().code());
    }
  }

  /** An id is a string or a number; the suite selects other values too, which are no id. */
  private static void path(JsonNode vector) {
    String selector = vector.path("selector").asText();
    boolean valid = !vector.path("expect").asText().equals("invalid");
    assertEquals(valid, BodyPath.problem(selector).isEmpty());
    if (!vector.path("op").asText().equals("select")) return;
    byte[] document = vector.path("document").toString().getBytes(UTF_8);
    JsonNode selected = vector.path("expect").path(0);
    BodyPath.Lookup expected =
        selected.isTextual() || selected.isNumber()
            ? new BodyPath.Found(selected.asText())
            : new BodyPath.Absent();
    assertEquals(expected, BodyPath.find(selector, document));
  }

  private static void retryAfter(JsonNode vector) {
    List<String> values = new ArrayList<>();
    vector.path("values").forEach(value -> values.add(value.asText()));
    JsonNode expected = vector.path("expect_delay_seconds");
    assertEquals(
        expected.isNull() ? OptionalLong.empty() : OptionalLong.of(expected.asLong() * 1000),
        RetryAfter.millisFromNow(values, vector.path("now").asLong() * 1000));
  }

  private static void httpDate(JsonNode vector) {
    if (vector.path("op").asText().equals("format_http_date")) {
      assertEquals(vector.path("expect").asText(), HttpDate.format(vector.path("epoch").asLong()));
      return;
    }
    JsonNode expected = vector.path("expect_epoch");
    assertEquals(
        expected.isNull() ? OptionalLong.empty() : OptionalLong.of(expected.asLong()),
        HttpDate.parseEpochSeconds(
            vector.path("value").asText(), vector.path("now").asLong() * 1000));
  }
}
