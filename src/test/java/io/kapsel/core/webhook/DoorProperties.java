package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kapsel.core.webhook.IdempotencySettings.Strategy;
import io.kapsel.core.webhook.SignatureSettings.Scheme;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;

/** Laws of the parsers at the door: total on any input, and inverse to what writes their input. */
class DoorProperties {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long YEAR_9999 = 253_402_300_799L;

  @Property
  void a_written_date_is_read_back(
      @ForAll @LongRange(min = -2_208_988_800L, max = YEAR_9999) long epochSeconds,
      @ForAll @LongRange(min = 0, max = 4_000_000_000_000L) long nowMillis) {
    assertEquals(
        OptionalLong.of(epochSeconds),
        HttpDate.parseEpochSeconds(HttpDate.format(epochSeconds), nowMillis));
  }

  @Property
  void a_wait_is_never_negative_and_always_addable(
      @ForAll("dateLike") String value,
      @ForAll @LongRange(min = 0, max = 4_000_000_000_000L) long nowMillis) {
    OptionalLong wait = RetryAfter.millisFromNow(List.of(value), nowMillis);
    assertTrue(
        wait.isEmpty() || (wait.getAsLong() >= 0 && nowMillis + wait.getAsLong() >= nowMillis));
    HttpDate.parseEpochSeconds(value, nowMillis);
  }

  @Property
  void a_quoted_key_is_read_back(@ForAll("printable") String key) {
    String quoted = '"' + key.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    assertEquals(
        new IdempotencyKey.Key(key), header(List.of(new Header("Idempotency-Key", quoted))));
  }

  @Property
  void any_header_gives_a_printable_key_or_a_refusal(
      @ForAll List<String> values, @ForAll boolean ours, @ForAll Scheme scheme) {
    List<Header> headers = new ArrayList<>();
    for (String value : values) {
      headers.add(new Header(ours ? "X-Idempotency-Key" : "Idempotency-Key", value));
      headers.add(new Header("webhook-id", value));
    }
    IdempotencyKey key =
        IdempotencyKey.extract(
            IdempotencySettings.DEFAULT, scheme, headers, new byte[0], new byte[32]);
    switch (key) {
      case IdempotencyKey.Key found -> assertTrue(found.text().matches("[ -~]{1,255}"));
      case IdempotencyKey.None none -> assertTrue(values.isEmpty());
      case IdempotencyKey.Refused refused ->
          assertEquals(ErrorCode.INVALID_IDEMPOTENCY_KEY, refused.rejection().code());
    }
  }

  @Property
  void any_body_is_found_in_absent_or_unreadable(
      @ForAll("paths") String path, @ForAll("bodies") byte[] body) {
    BodyPath.find(path, body);
    OrderingKey.lane(path, List.of(), body);
    IdempotencyKey.extract(
        new IdempotencySettings(Strategy.SOURCE_ID, path, true),
        Scheme.NONE,
        List.of(),
        body,
        new byte[32]);
  }

  @Property
  void any_text_is_a_path_or_has_a_problem(@ForAll("paths") String path) {
    assertEquals(BodyPath.problem(path).isEmpty(), BodyPath.parse(path) != null);
    OrderingKey.problem(path);
  }

  /** The walk over the tokens finds what a walk over a tree finds. */
  @Property
  void a_walk_agrees_with_a_tree(
      @ForAll("documents") JsonNode document, @ForAll("steps") List<String> steps)
      throws JsonProcessingException {
    StringBuilder path = new StringBuilder("$");
    JsonNode at = document;
    for (String step : steps) {
      if (step.startsWith("#")) {
        int index = Integer.parseInt(step.substring(1));
        path.append('[').append(index).append(']');
        at = at.isArray() ? at.path(index < 0 ? at.size() + index : index) : at.path("absent");
      } else {
        path.append("['").append(step).append("']");
        at = at.path(step);
      }
    }
    BodyPath.Lookup expected =
        at.isTextual() || at.isNumber() ? new BodyPath.Found(at.asText()) : new BodyPath.Absent();
    byte[] body = JSON.writeValueAsBytes(document);
    assertEquals(expected, BodyPath.find(path.toString(), body));
  }

  @Property
  void what_is_forwarded_is_a_part_of_what_came_in_the_same_order(
      @ForAll("headers") List<Header> received) {
    List<Header> forwarded = ForwardedHeaders.all(received);
    List<Header> rest = new ArrayList<>(received);
    for (Header header : forwarded) {
      assertTrue(!ForwardedHeaders.isReserved(header.name()));
      int at = rest.indexOf(header);
      assertTrue(at >= 0);
      rest = rest.subList(at + 1, rest.size());
    }
    assertEquals(forwarded, ForwardedHeaders.all(forwarded));
  }

  @Property
  void canonical_base64_is_one_text_for_each_array(@ForAll byte[] bytes, @ForAll String text) {
    assertArrayEquals(bytes, CanonicalBase64.decode(CanonicalBase64.encode(bytes)));
    byte[] decoded = CanonicalBase64.decode(text);
    if (decoded != null) assertEquals(text, CanonicalBase64.encode(decoded));
  }

  @Property
  void a_signed_time_is_read_as_written(
      @ForAll @LongRange(min = 0) long time, @ForAll String text) {
    assertEquals(time, SignedTime.parse(Long.toString(time)));
    assertEquals(SignedTime.MALFORMED, SignedTime.parse("0" + time));
    long parsed = SignedTime.parse(text);
    if (parsed != SignedTime.MALFORMED) assertEquals(text, Long.toString(parsed));
  }

  private static IdempotencyKey header(List<Header> headers) {
    IdempotencyKey key =
        IdempotencyKey.extract(
            IdempotencySettings.DEFAULT, Scheme.NONE, headers, new byte[0], new byte[32]);
    return assertInstanceOf(IdempotencyKey.Key.class, key);
  }

  @Provide
  Arbitrary<String> printable() {
    return Arbitraries.strings().withCharRange(' ', '~').ofMinLength(1).ofMaxLength(255);
  }

  @Provide
  Arbitrary<String> dateLike() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(40),
        Arbitraries.strings().numeric().ofMaxLength(30),
        Arbitraries.longs().between(0, YEAR_9999).map(HttpDate::format),
        Arbitraries.strings()
            .withChars("SunModay, 0123456789-NovGMT:")
            .ofMinLength(20)
            .ofMaxLength(35));
  }

  @Provide
  Arbitrary<String> paths() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(20),
        Arbitraries.strings()
            .withChars("$.[]'\"\\u0123-ab \t*@?:,\ud800\udc00")
            .ofMaxLength(20)
            .map("$"::concat),
        Arbitraries.of("$.a", "$['a'][0]", "$[-1].a", "$"));
  }

  @Provide
  Arbitrary<byte[]> bodies() {
    return Arbitraries.oneOf(
        Arbitraries.bytes().array(byte[].class).ofMaxSize(60),
        Arbitraries.strings()
            .withChars("{}[]\":,a0.-e+\\u nultrfs\u00fc\ud800")
            .ofMaxLength(60)
            .map(text -> text.getBytes(UTF_8)),
        documents().map(document -> document.toString().getBytes(UTF_8)));
  }

  @Provide
  Arbitrary<JsonNode> documents() {
    Arbitrary<JsonNode> leaf =
        Arbitraries.oneOf(
            Arbitraries.integers().map(JSON.getNodeFactory()::numberNode),
            Arbitraries.strings().alpha().ofMaxLength(3).map(JSON.getNodeFactory()::textNode),
            Arbitraries.of(true, false).map(JSON.getNodeFactory()::booleanNode));
    return Arbitraries.recursive(() -> leaf, DoorProperties::nested, 0, 4);
  }

  private static Arbitrary<JsonNode> nested(Arbitrary<JsonNode> inner) {
    Arbitrary<JsonNode> array =
        inner.list().ofMaxSize(4).map(items -> JSON.createArrayNode().addAll(items));
    Arbitrary<JsonNode> object =
        Arbitraries.maps(Arbitraries.of("a", "b", "c"), inner)
            .ofMaxSize(3)
            .map(members -> JSON.createObjectNode().setAll(members));
    return Arbitraries.oneOf(inner, array, object);
  }

  @Provide
  Arbitrary<List<String>> steps() {
    return Arbitraries.of("a", "b", "c", "#0", "#1", "#-1", "#-2").list().ofMaxSize(4);
  }

  @Provide
  Arbitrary<List<Header>> headers() {
    Arbitrary<String> names =
        Arbitraries.oneOf(
            Arbitraries.of("Connection", "X-A", "x-b", "Host", "webhook-id", "Content-Type", "TE"),
            Arbitraries.strings().ofMaxLength(10));
    Arbitrary<String> values =
        Arbitraries.oneOf(
            Arbitraries.of("x-a", "close, X-B", "content-type", ",,"),
            Arbitraries.strings().ofMaxLength(10));
    return names.flatMap(name -> values.map(value -> new Header(name, value))).list().ofMaxSize(12);
  }
}
