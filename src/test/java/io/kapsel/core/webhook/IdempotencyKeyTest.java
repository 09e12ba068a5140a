package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.webhook.IdempotencySettings.Strategy;
import io.kapsel.core.webhook.SignatureSettings.Scheme;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdempotencyKeyTest {
  private static final String NONE = "none";

  @Nested
  class FromAHeader {
    @Test
    void the_quoted_and_the_bare_form_are_one_key() {
      assertEquals("key a", header("Idempotency-Key", "a"));
      assertEquals("key a", header("Idempotency-Key", "\"a\""));
      assertEquals("key a", header("X-Idempotency-Key", "a"));
      assertEquals("key a", header("x-idempotency-key", "\"a\""));
      assertEquals("key a b", header("Idempotency-Key", " \ta b\t "));
    }

    @Test
    void both_names_may_say_the_same() {
      assertEquals("key a", header("X-Idempotency-Key", "a", "Idempotency-Key", "\"a\""));
      assertEquals("E1009", header("X-Idempotency-Key", "a", "Idempotency-Key", "b"));
      assertEquals("E1009", header("X-Idempotency-Key", "a", "Idempotency-Key", ""));
      assertEquals("E1009", header("X-Idempotency-Key", "", "Idempotency-Key", "a"));
    }

    @Test
    void two_keys_are_refused_even_when_they_are_equal() {
      assertEquals("E1009", header("Idempotency-Key", "a", "Idempotency-Key", "a"));
      assertEquals("E1009", header("Idempotency-Key", "\"a\"", "Idempotency-Key", "\"a\""));
      assertEquals("E1009", header("Idempotency-Key", "a", "Idempotency-Key", "\"b\""));
      assertEquals("E1009", header("Idempotency-Key", "\"a\"", "Idempotency-Key", ""));
      assertEquals("E1009", header("Idempotency-Key", "", "Idempotency-Key", ""));
      assertEquals("E1009", header("Idempotency-Key", "", "Idempotency-Key", "\"a\""));
    }

    @Test
    void a_key_has_1_to_255_characters() {
      assertEquals("E1009", header("Idempotency-Key", ""));
      assertEquals("E1009", header("Idempotency-Key", "  "));
      assertEquals("key " + "k".repeat(255), header("Idempotency-Key", "k".repeat(255)));
      assertEquals(
          "key " + "k".repeat(255), header("Idempotency-Key", "\"" + "k".repeat(255) + "\""));
      assertEquals("E1009", header("Idempotency-Key", "k".repeat(256)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\u0000", "a\tb", "a\u007f", "\u00fc", "a\u00a0", "\u20ac", "\u001fa"})
    void a_key_is_printable_ascii(String key) {
      assertEquals("E1009", header("Idempotency-Key", key));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"", "\"a", "\"a\"b", "\"a\\\"", "\"\\a\"", "\"a\" ; x=1", "\"\\"})
    void a_quoted_key_is_well_formed(String key) {
      assertEquals("E1009", header("Idempotency-Key", key));
    }

    @Test
    void a_quote_inside_a_bare_key_is_a_character() {
      assertEquals("key a\"b", header("Idempotency-Key", "a\"b"));
    }

    @Test
    void without_a_key_there_is_none_unless_it_is_required() {
      assertEquals(NONE, header());
      assertEquals("E1009", text(extract(Strategy.HEADER, true, Scheme.NONE, List.of(), "")));
      assertEquals(
          "E1009", text(extract(Strategy.HEADER, true, Scheme.STANDARD_WEBHOOKS, List.of(), "")));
    }

    @Test
    void standard_webhooks_is_known_by_its_signed_id() {
      List<Header> webhook = family("webhook-", "one");
      List<Header> svix = family("svix-", "two");
      assertEquals("key one", standardWebhooks(webhook));
      assertEquals("key two", standardWebhooks(svix));
      List<Header> both = new ArrayList<>(svix);
      both.addAll(webhook);
      assertEquals("key one", standardWebhooks(both));
    }

    @Test
    void an_unsigned_id_or_key_beside_the_signed_id_is_ignored() {
      List<Header> headers = new ArrayList<>(family("svix-", "signed"));
      headers.add(0, new Header("webhook-id", "unsigned"));
      headers.add(new Header("Idempotency-Key", "unsigned"));
      assertEquals("key signed", standardWebhooks(headers));
    }

    @Test
    void the_key_comes_from_the_family_that_was_verified() {
      Provider.Message message =
          new Provider.Message(1_614_265_330_000L, "signed", Body.EMPTY, "POST", "");
      List<Header> headers = new ArrayList<>();
      headers.add(new Header("webhook-id", "unsigned"));
      headers.add(new Header("webhook-timestamp", "1614265330"));
      headers.addAll(Provider.SVIX.sign(Provider.SVIX.secret(0), message));
      SignatureSettings settings = Provider.SVIX.settings(List.of(Provider.SVIX.secret(0)));
      assertEquals(
          true,
          SignatureVerifier.verify(
                  settings, message.nowMillis(), headers, message.body(), "POST", "")
              .isEmpty());
      assertEquals("key signed", standardWebhooks(headers));
    }

    private List<Header> family(String prefix, String id) {
      return List.of(
          new Header(prefix + "id", id),
          new Header(prefix + "timestamp", "1"),
          new Header(prefix + "signature", "v1,x"));
    }

    private String standardWebhooks(List<Header> headers) {
      return text(extract(Strategy.HEADER, false, Scheme.STANDARD_WEBHOOKS, headers, ""));
    }

    private String header(String... namesAndValues) {
      List<Header> headers = new ArrayList<>();
      for (int i = 0; i < namesAndValues.length; i += 2) {
        headers.add(new Header(namesAndValues[i], namesAndValues[i + 1]));
      }
      return text(extract(Strategy.HEADER, false, Scheme.GITHUB, headers, ""));
    }
  }

  @Nested
  class FromTheContent {
    @Test
    void equal_bodies_have_equal_keys() {
      assertEquals(
          "key sha256:" + Provider.hex(Provider.sha256("a".getBytes(UTF_8))),
          text(extract(Strategy.CONTENT, true, Scheme.NONE, List.of(), "a")));
    }
  }

  @Nested
  class FromTheSourceId {
    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        quoteCharacter = '\0',
        value = {
          "{\"id\":\"evt_1\"}               | key evt_1",
          "{\"id\":12345678901234567890}    | key 12345678901234567890",
          "{\"id\":-1.50e+3}                | key -1.50e+3",
          "{\"id\":\"\\u0061\"}             | key a",
          "{\"x\":{\"id\":1},\"id\":2}      | key 2",
          "{\"id\":null}                    | none",
          "{\"id\":true}                    | none",
          "{\"id\":{\"id\":1}}              | none",
          "{\"id\":[1]}                     | none",
          "{}                               | none",
          "[]                               | none",
          "\"id\"                           | none",
          "{\"id\":\"\"}                    | E1011",
          "{\"id\":\"\\u00fc\"}             | E1011",
          "{\"id\":\"a\\nb\"}               | E1011",
          "{\"id\":1,\"id\":1}              | E1011",
          "{\"id\":1,\"\\u0069d\":2}        | E1011",
          "{\"id\":null,\"id\":1}           | E1011",
          "{\"a\":1,\"a\":2,\"id\":3}       | key 3",
          "{\"id\":1                        | E1102",
          "{\"id\":1}}                      | E1102",
          "{\"id\":1} {}                    | E1102",
          "{\"id\":1,}                      | E1102",
          "{'id':1}                         | E1102",
          "{\"id\":NaN}                     | E1102",
          "{\"id\":1}//                     | E1102",
          "id                               | E1102"
        })
    void an_id_is_a_string_or_a_number(String body, String expected) {
      assertEquals(expected, sourceId(body, false));
    }

    @Test
    void an_empty_body_is_not_json() {
      assertEquals("E1102", sourceId("", false));
      assertEquals("E1102", sourceId(" \n", false));
    }

    @Test
    void a_missing_id_is_refused_when_it_is_required() {
      assertEquals("E1011", sourceId("{}", true));
      assertEquals("E1011", sourceId("{\"id\":true}", true));
      assertEquals("key 1", sourceId("{\"id\":1}", true));
    }

    @Test
    void an_id_has_at_most_255_characters() {
      assertEquals("key " + "9".repeat(255), sourceId("{\"id\":" + "9".repeat(255) + "}", false));
      assertEquals("E1011", sourceId("{\"id\":" + "9".repeat(256) + "}", false));
      assertEquals("E1011", sourceId("{\"id\":\"" + "x".repeat(100_000) + "\"}", false));
    }

    @Test
    void an_encoded_body_is_out_of_reach() {
      assertEquals("E1103", encoded("gzip"));
      assertEquals("E1103", encoded("identity, br"));
      assertEquals("key 1", encoded("identity"));
      assertEquals("key 1", encoded(" Identity "));
      assertEquals("key 1", encoded(""));
    }

    private String encoded(String coding) {
      List<Header> headers = List.of(new Header("content-encoding", coding));
      return text(extract(Strategy.SOURCE_ID, false, Scheme.NONE, headers, "{\"id\":1}"));
    }

    private String sourceId(String body, boolean required) {
      return text(extract(Strategy.SOURCE_ID, required, Scheme.NONE, List.of(), body));
    }
  }

  @Test
  void the_strategy_none_looks_at_nothing() {
    List<Header> headers = List.of(new Header("Idempotency-Key", ""));
    assertEquals(NONE, text(extract(Strategy.NONE, true, Scheme.NONE, headers, "{")));
  }

  private static IdempotencyKey extract(
      Strategy strategy, boolean required, Scheme scheme, List<Header> headers, String body) {
    byte[] bytes = body.getBytes(ISO_8859_1);
    return IdempotencyKey.extract(
        new IdempotencySettings(strategy, "$.id", required),
        scheme,
        headers,
        bytes,
        Provider.sha256(bytes));
  }

  private static String text(IdempotencyKey key) {
    return switch (key) {
      case IdempotencyKey.Key found -> "key " + found.text();
      case IdempotencyKey.None none -> NONE;
      case IdempotencyKey.Refused refused -> refused.rejection().code().code();
    };
  }
}
