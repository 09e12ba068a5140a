package io.kapsel.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.DeliverySettings.SigningSecret;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.IntakeSettings;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.json.MergePatch;
import io.kapsel.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigJsonTest {
  static final ConfigRules RULES =
      new ConfigRules(
          (url, allowPrivate) ->
              url.startsWith("http")
                  ? url.contains("localhost") && !allowPrivate
                      ? Optional.of(Rejection.of(ErrorCode.URL_NOT_ALLOWED))
                      : Optional.empty()
                  : Optional.of(Rejection.of(ErrorCode.INVALID_URL)),
          settings ->
              settings.template().contains("{url}")
                  ? Optional.of("Must not sign the URL.")
                  : Optional.empty());

  static final String MINIMAL = "{\"name\":\"orders\",\"url\":\"https://example.com/hook\"}";

  /** Every setting differs from its default. */
  static final EndpointConfig FULL =
      new EndpointConfig(
          "orders",
          "https://example.com/hook",
          new IntakeSettings(
              List.of("application/json", "text/*"), true, true, List.of("a.example.com"), 2.5, 10),
          new SignatureSettings(
              SignatureSettings.Scheme.HMAC,
              List.of(new Secret("Y3VycmVudA=="), new Secret("cHJldmlvdXM=")),
              "X-Sig",
              SignatureSettings.Algorithm.SHA512,
              SignatureSettings.Encoding.BASE64,
              "v1=",
              "X-Time",
              "{timestamp}.{body}",
              60,
              true,
              "v1",
              "t",
              SignatureSettings.TimestampUnit.MILLIS,
              SignatureSettings.SecretEncoding.BASE64),
          new IdempotencySettings(IdempotencySettings.Strategy.SOURCE_ID, "$.id", true),
          new RetryPolicy(
              RetryPolicy.Strategy.SCHEDULE, 5, 3.5, 70, 0.5, 7, List.of(1L, 2L, 86_400_000L)),
          new CircuitPolicy(9, 0.75, 64, 31_000, 4),
          new DeliverySettings(
              12_000,
              3,
              2.5,
              DeliverySettings.Ordering.KEYED,
              "header:X-Key",
              List.of(new Header("X-A", "1"), new Header("X-A", "2"), new Header("X-B", "ü")),
              DeliverySettings.Forward.LISTED,
              List.of("X-C", "X-D"),
              false,
              List.of(
                  new SigningSecret(new Secret("whsec_new"), 0),
                  new SigningSecret(new Secret("whsec_old"), 1_700_000_000_000L))),
          true);

  static JsonNode json(String text) {
    var read = StrictJson.read(text.getBytes(StandardCharsets.UTF_8));
    return assertInstanceOf(StrictJson.Read.Value.class, read, text).node();
  }

  static EndpointConfig valid(ConfigJson.Read read) {
    return assertInstanceOf(ConfigJson.Read.Valid.class, read, read::toString).config();
  }

  /** The problems as {@code pointer code}, in alphabetical order. */
  static String problems(ConfigJson.Read read) {
    var lines = new TreeSet<String>();
    for (var problem : assertInstanceOf(ConfigJson.Read.Invalid.class, read).problems()) {
      lines.add(problem.pointer() + " " + problem.code().code());
    }
    return String.join(", ", lines);
  }

  static ConfigJson.Read create(String document) {
    return ConfigJson.create(json(document), RULES, false);
  }

  @Nested
  class Creating {
    @Test
    void a_name_and_a_url_are_enough() {
      EndpointConfig config = valid(create(MINIMAL));
      assertEquals("orders", config.name());
      assertEquals(SignatureSettings.NONE, config.signature());
      assertEquals(IdempotencySettings.DEFAULT, config.idempotency());
      assertEquals(RetryPolicy.DEFAULT, config.retry());
      assertEquals(CircuitPolicy.DEFAULT, config.circuit());
      assertEquals(DeliverySettings.DEFAULT, config.delivery());
    }

    @Test
    void null_is_the_same_as_absent() {
      String document =
          "{\"name\":\"n\",\"url\":\"https://a\",\"retry\":null,\"delivery\":{\"headers\":null}}";
      assertEquals(RetryPolicy.DEFAULT, valid(create(document)).retry());
    }

    @Test
    void every_setting_can_be_written() {
      String document =
          """
          {"name":"orders","url":"https://example.com/hook",
           "content_types":["Application/JSON","text/*"],"validate_json":true,"reject_empty":true,
           "ingest_rate_per_second":2.5,"ingest_burst":10,
           "cloud_events_origins":["a.example.com"],
           "signature":{"scheme":"hmac","secrets":["Y3VycmVudA==","cHJldmlvdXM="],"header":"X-Sig",
             "algorithm":"sha512","encoding":"base64","prefix":"v1=","timestamp_header":"X-Time",
             "template":"{timestamp}.{body}","tolerance_seconds":60,"allow_sha1":true,
             "signature_field":"v1","timestamp_field":"t","timestamp_unit":"millis",
             "secret_encoding":"base64"},
           "idempotency":{"strategy":"source_id","json_path":"$.id","required":true},
           "retry":{"strategy":"schedule","base_delay_ms":5,"multiplier":3.5,"max_delay_ms":70,
             "jitter":0.5,"max_attempts":7,"schedule_ms":[1,2,86400000]},
           "circuit":{"consecutive_failures":9,"failure_rate":0.75,"window":64,"open_ms":31000,
             "half_open_successes":4},
           "delivery":{"timeout_ms":12000,"max_in_flight":3,"rate_per_second":2.5,
             "ordering":"keyed","ordering_key":"header:X-Key",
             "headers":{"X-A":["1","2"],"X-B":"ü"},"forward_headers":["X-C","X-D"],
             "signing":{"enabled":false,"secrets":["whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"]}},
           "allow_private_destination":true}
          """;
      EndpointConfig config = valid(ConfigJson.create(json(document), RULES, true));
      assertEquals(FULL.intake(), config.intake());
      assertEquals(FULL.signature(), config.signature());
      assertEquals(FULL.idempotency(), config.idempotency());
      assertEquals(FULL.retry(), config.retry());
      assertEquals(FULL.circuit(), config.circuit());
      assertEquals(FULL.delivery().headers(), config.delivery().headers());
      assertEquals(FULL.delivery().forwardHeaderNames(), config.delivery().forwardHeaderNames());
      assertEquals(
          List.of(new SigningSecret(new Secret("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"), 0)),
          config.delivery().signingSecrets());
      assertEquals(2.5, config.delivery().ratePerSecond());
      assertEquals(true, config.allowPrivateDestination());
    }

    @Test
    void the_standard_webhooks_schedule_has_a_name() {
      String document =
          "{\"name\":\"n\",\"url\":\"https://a\",\"retry\":{\"preset\":\"standard_webhooks\"}}";
      assertEquals(RetryPolicy.STANDARD_WEBHOOKS, valid(create(document)).retry());
    }

    @Test
    void a_signature_scheme_without_a_secret_waits_for_its_secret() {
      String document =
          "{\"name\":\"n\",\"url\":\"https://a\",\"signature\":{\"scheme\":\"stripe\"}}";
      assertEquals(List.of(), valid(create(document)).signature().secrets());
    }

    @Test
    void all_problems_are_found_at_once() {
      String document =
          """
          {"url":5,"nmae":"typo","retry":{"max_attempts":51,"base_delay_ms":"5"},
           "signature":{"scheme":"standard_webhooks","secrets":["bad"]},
           "delivery":{"headers":{"X-Kapsel-Foo":"1"}}}
          """;
      assertEquals(
          "/delivery/headers/X-Kapsel-Foo E1309, /name E1304, /nmae E1303, "
              + "/retry/base_delay_ms E1308, /retry/max_attempts E1304, "
              + "/signature/secrets/0 E1307, /url E1304",
          problems(create(document)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"5", "[]", "\"text\"", "null", "true"})
    void a_document_that_is_no_object_is_refused(String document) {
      assertEquals(" E1304, /name E1304, /url E1304", problems(create(document)));
    }

    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        quoteCharacter = '`',
        value = {
          "\"name\":\"\" | /name E1304",
          "\"name\":\"a\\u0000b\" | /name E1304",
          "\"name\":\"\\ud800\" | /name E1304",
          "\"name\":null | /name E1304",
          "\"url\":\"ftp://a\" | /url E1305",
          "\"url\":\"http://localhost/\" | /url E1306",
          "\"id\":\"ep_1\" | /id E1304",
          "\"allow_private_destination\":true | /allow_private_destination E1307",
          "\"allow_private_destination\":\"yes\" | /allow_private_destination E1304",
          "\"retry\":[] | /retry E1304",
          "\"retry\":{\"strategy\":\"linear\"} | /retry/strategy E1304",
          "\"retry\":{\"strategy\":\"schedule\"} | /retry/schedule_ms E1304",
          "\"retry\":{\"schedule_ms\":[1,-1]} | /retry/schedule_ms/1 E1308",
          "\"retry\":{\"max_attempts\":0} | /retry/max_attempts E1304",
          "\"retry\":{\"max_attempts\":-1} | /retry/max_attempts E1304",
          "\"retry\":{\"max_attempts\":\"5\"} | /retry/max_attempts E1304",
          "\"retry\":{\"max_attempts\":5.5} | /retry/max_attempts E1304",
          "\"retry\":{\"max_attempts\":5.0} | /retry/max_attempts E1304",
          "\"retry\":{\"base_delay_ms\":-1} | /retry/base_delay_ms E1308",
          "\"retry\":{\"base_delay_ms\":\"1e3s\"} | /retry/base_delay_ms E1308",
          "\"retry\":{\"base_delay_ms\":99999999999999999999} | /retry/base_delay_ms E1308",
          "\"retry\":{\"base_delay_ms\":86400001} | /retry/base_delay_ms E1308",
          "\"retry\":{\"base_delay_ms\":9,\"max_delay_ms\":8} | /retry/max_delay_ms E1308",
          "\"retry\":{\"jitter\":1.1} | /retry/jitter E1304",
          "\"retry\":{\"jitter\":1e999} | /retry/jitter E1304",
          "\"retry\":{\"preset\":\"fast\"} | /retry/preset E1304",
          "\"retry\":{\"preset\":\"standard_webhooks\",\"multiplier\":2} | /retry/multiplier E1304",
          "\"circuit\":{\"window\":65} | /circuit/window E1304",
          "\"circuit\":{\"open_ms\":0} | /circuit/open_ms E1308",
          "\"delivery\":{\"rate_per_second\":0} | /delivery/rate_per_second E1304",
          "\"delivery\":{\"rate_per_second\":-2} | /delivery/rate_per_second E1304",
          "\"delivery\":{\"max_in_flight\":0} | /delivery/max_in_flight E1304",
          "\"delivery\":{\"timeout_ms\":\"30s\"} | /delivery/timeout_ms E1308",
          "\"delivery\":{\"ordering\":\"keyed\"} | /delivery/ordering_key E1307",
          "\"delivery\":{\"ordering\":\"keyed\",\"ordering_key\":\"header:\"} "
              + "| /delivery/ordering_key E1307",
          "\"delivery\":{\"headers\":{\"Host\":\"a\"}} | /delivery/headers/Host E1309",
          "\"delivery\":{\"headers\":{\"content-length\":\"1\"}} "
              + "| /delivery/headers/content-length E1309",
          "\"delivery\":{\"headers\":{\"Webhook-Id\":\"1\"}} | /delivery/headers/Webhook-Id E1309",
          "\"delivery\":{\"headers\":{\"X-A\":\"a\\r\\nX-B: b\"}} | /delivery/headers/X-A E1309",
          "\"delivery\":{\"headers\":{\"X A\":\"a\"}} | /delivery/headers/X A E1309",
          "\"delivery\":{\"headers\":{\"X-A\":1}} | /delivery/headers/X-A E1304",
          "\"delivery\":{\"forward_headers\":\"some\"} | /delivery/forward_headers E1304",
          "\"delivery\":{\"forward_headers\":[\"a b\"]} | /delivery/forward_headers/0 E1309",
          "\"delivery\":{\"signing\":{\"secrets\":[\"bad\"]}} "
              + "| /delivery/signing/secrets/0 E1307",
          "\"content_types\":\"text/*\" | /content_types E1304",
          "\"content_types\":[\"text\",1] | `/content_types/0 E1307, /content_types/1 E1304`",
          "\"content_types\":[\"text/x; a=b\"] | /content_types/0 E1307",
          "\"validate_json\":\"yes\" | /validate_json E1304",
          "\"ingest_rate_per_second\":0 | /ingest_rate_per_second E1304",
          "\"ingest_rate_per_second\":-1 | /ingest_rate_per_second E1304",
          "\"ingest_rate_per_second\":1,\"ingest_burst\":0 | /ingest_burst E1304",
          "\"ingest_rate_per_second\":1,\"ingest_burst\":1.5 | /ingest_burst E1304",
          "\"ingest_burst\":5 | /ingest_burst E1304",
          "\"reject_empty\":1 | /reject_empty E1304",
          "\"cloud_events_origins\":[\"https://a\"] | /cloud_events_origins/0 E1307",
          "\"signature\":{\"header\":\"a b\"} | /signature/header E1307",
          "\"signature\":{\"header\":\"\"} | /signature/header E1307",
          "\"signature\":{\"template\":\"{timestamp}\"} | /signature/template E1307",
          "\"signature\":{\"template\":\"{url}{body}\"} | /signature/scheme E1307",
          "\"signature\":{\"template\":\"{body}{secret}\"} | /signature/template E1307",
          "\"signature\":{\"secrets\":[\"\"]} | /signature/secrets/0 E1307",
          "\"signature\":{\"secrets\":\"one\"} | /signature/secrets E1304",
          "\"signature\":{\"tolerance_seconds\":0} | /signature/tolerance_seconds E1308",
          "\"idempotency\":{\"strategy\":\"source_id\"} | /idempotency/json_path E1307",
          "\"idempotency\":{\"json_path\":\"id\"} | /idempotency/json_path E1307"
        })
    void a_wrong_field_is_named_with_its_code(String member, String expected) {
      String rest = MINIMAL.substring(1);
      if (member.startsWith("\"name\"")) rest = rest.substring(rest.indexOf("\"url\""));
      if (member.startsWith("\"url\"")) rest = "\"name\":\"n\"}";
      assertEquals(expected, problems(create("{" + member + "," + rest)));
    }

    @Test
    void a_secret_is_never_repeated_in_a_problem() {
      String document =
          "{\"name\":\"n\",\"url\":\"https://a\",\"signature\":{\"scheme\":\"standard_webhooks\","
              + "\"secrets\":[\"bad-hunter2\"]}}";
      assertFalse(create(document).toString().contains("hunter2"));
    }
  }

  @Nested
  class Patching {
    @Test
    void an_empty_patch_changes_nothing() {
      assertEquals(FULL, valid(ConfigJson.patch(FULL, json("{}"), RULES, true)));
    }

    @Test
    void a_patch_changes_what_it_names_and_null_restores_the_default() {
      String patch =
          "{\"name\":\"new\",\"retry\":null,\"circuit\":{\"window\":null},"
              + "\"delivery\":{\"headers\":{\"X-A\":null,\"X-E\":\"5\"}}}";
      EndpointConfig changed = valid(ConfigJson.patch(FULL, json(patch), RULES, true));
      assertEquals("new", changed.name());
      assertEquals(RetryPolicy.DEFAULT, changed.retry());
      assertEquals(CircuitPolicy.DEFAULT.window(), changed.circuit().window());
      assertEquals(FULL.circuit().openMillis(), changed.circuit().openMillis());
      assertEquals(
          List.of(new Header("X-B", "ü"), new Header("X-E", "5")), changed.delivery().headers());
      assertEquals(FULL.signature(), changed.signature());
    }

    @Test
    void rotated_signing_secrets_survive_even_a_reset_of_the_delivery() {
      EndpointConfig changed =
          valid(ConfigJson.patch(FULL, json("{\"delivery\":null}"), RULES, true));
      assertEquals(FULL.delivery().signingSecrets(), changed.delivery().signingSecrets());
      assertEquals(30_000, changed.delivery().timeoutMillis());
    }

    @Test
    void a_preset_replaces_the_whole_retry_policy() {
      String patch = "{\"retry\":{\"preset\":\"standard_webhooks\"}}";
      assertEquals(
          RetryPolicy.STANDARD_WEBHOOKS,
          valid(ConfigJson.patch(FULL, json(patch), RULES, true)).retry());
    }

    @Test
    void a_required_field_cannot_be_removed() {
      var read = ConfigJson.patch(FULL, json("{\"url\":null,\"x\":1}"), RULES, true);
      assertEquals("/url E1304, /x E1303", problems(read));
    }

    @ParameterizedTest
    @ValueSource(strings = {"5", "[]", "\"text\"", "null"})
    void a_patch_that_is_no_object_is_refused(String patch) {
      assertInstanceOf(
          ConfigJson.Read.Invalid.class, ConfigJson.patch(FULL, json(patch), RULES, true));
    }

    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        quoteCharacter = '`',
        value = {
          "{\"a\":\"b\"} | {\"a\":\"c\"} | {\"a\":\"c\"}",
          "{\"a\":\"b\"} | {\"b\":\"c\"} | {\"a\":\"b\",\"b\":\"c\"}",
          "{\"a\":\"b\"} | {\"a\":null} | {}",
          "{\"a\":\"b\",\"b\":\"c\"} | {\"a\":null} | {\"b\":\"c\"}",
          "{\"a\":[\"b\"]} | {\"a\":\"c\"} | {\"a\":\"c\"}",
          "{\"a\":\"c\"} | {\"a\":[\"b\"]} | {\"a\":[\"b\"]}",
          "{\"a\":{\"b\":\"c\"}} | {\"a\":{\"b\":\"d\",\"c\":null}} | {\"a\":{\"b\":\"d\"}}",
          "{\"a\":[{\"b\":\"c\"}]} | {\"a\":[1]} | {\"a\":[1]}",
          "[\"a\",\"b\"] | [\"c\",\"d\"] | [\"c\",\"d\"]",
          "{\"a\":\"b\"} | [\"c\"] | [\"c\"]",
          "{\"a\":\"foo\"} | null | null",
          "{\"a\":\"foo\"} | \"bar\" | \"bar\"",
          "{\"e\":null} | {\"a\":1} | {\"e\":null,\"a\":1}",
          "[1,2] | {\"a\":\"b\",\"c\":null} | {\"a\":\"b\"}",
          "{} | {\"a\":{\"bb\":{\"ccc\":null}}} | {\"a\":{\"bb\":{}}}"
        })
    void merges_as_the_examples_of_rfc_7396(String target, String patch, String result) {
      assertEquals(json(result), MergePatch.applied(json(target), json(patch)));
    }
  }

  @Nested
  class Showing {
    @Test
    void secrets_are_counted_and_never_shown() {
      String shown = ConfigJson.shown(FULL).toString();
      for (String secret : List.of("current", "previous", "whsec_new", "whsec_old")) {
        assertFalse(shown.contains(secret), shown);
      }
      assertEquals(2, ConfigJson.shown(FULL).at("/signature/secret_count").asInt());
      assertEquals(2, ConfigJson.shown(FULL).at("/delivery/signing/secret_count").asInt());
    }

    @Test
    void no_rate_limit_is_null() {
      assertEquals(
          JsonNodeFactory.instance.nullNode(),
          ConfigJson.shown(valid(create(MINIMAL))).at("/delivery/rate_per_second"));
    }
  }

  @Nested
  class Journaling {
    @Test
    void the_journal_keeps_everything() {
      assertEquals(FULL, ConfigJson.fromJournal(ConfigJson.toJournal(FULL)));
    }

    @Test
    void an_old_entry_with_fewer_members_reads_as_the_defaults() {
      byte[] old = "{\"name\":\"n\",\"url\":\"u\"}".getBytes(StandardCharsets.UTF_8);
      EndpointConfig config = ConfigJson.fromJournal(old);
      assertEquals(RetryPolicy.DEFAULT, config.retry());
      assertEquals(DeliverySettings.DEFAULT, config.delivery());
      assertEquals(IntakeSettings.DEFAULT, config.intake());
    }

    @Test
    void members_of_a_newer_version_are_ignored() {
      byte[] newer = "{\"name\":\"n\",\"url\":\"u\",\"later\":{}}".getBytes(StandardCharsets.UTF_8);
      assertEquals("n", ConfigJson.fromJournal(newer).name());
    }
  }

  @Provide
  Arbitrary<JsonNode> documents() {
    Arbitrary<JsonNode> leaf =
        Arbitraries.oneOf(
            Arbitraries.strings().ofMaxLength(8).map(JsonNodeFactory.instance::textNode),
            Arbitraries.of("source_id", "keyed", "schedule", "https://a", "$.id", "hmac", "{body}")
                .map(JsonNodeFactory.instance::textNode),
            Arbitraries.longs().map(JsonNodeFactory.instance::numberNode),
            Arbitraries.integers().between(-2, 70).map(JsonNodeFactory.instance::numberNode),
            Arbitraries.doubles().map(JsonNodeFactory.instance::numberNode),
            Arbitraries.of(true, false).map(JsonNodeFactory.instance::booleanNode),
            Arbitraries.just(JsonNodeFactory.instance.nullNode()));
    List<String> names = List.copyOf(namesIn(ConfigJson.shown(FULL)));
    return Arbitraries.recursive(
        () -> leaf,
        inner ->
            Arbitraries.oneOf(
                inner
                    .list()
                    .ofMaxSize(3)
                    .map(items -> JsonNodeFactory.instance.arrayNode().addAll(items)),
                Arbitraries.maps(Arbitraries.of(names), inner)
                    .ofMaxSize(8)
                    .map(
                        members -> {
                          var node = JsonNodeFactory.instance.objectNode();
                          node.setAll(members);
                          return node;
                        })),
        0,
        4);
  }

  private static SortedSet<String> namesIn(JsonNode node) {
    var names = new TreeSet<>(List.of("secrets", "preset", "anything"));
    node.properties()
        .forEach(
            member -> {
              names.add(member.getKey());
              names.addAll(namesIn(member.getValue()));
            });
    return names;
  }

  @Property(tries = 500)
  void any_document_is_valid_or_has_problems(@ForAll("documents") JsonNode document) {
    switch (ConfigJson.create(document, RULES, false)) {
      case ConfigJson.Read.Valid valid ->
          assertEquals(
              valid.config(), ConfigJson.fromJournal(ConfigJson.toJournal(valid.config())));
      case ConfigJson.Read.Invalid invalid -> assertFalse(invalid.problems().isEmpty());
    }
  }

  @Property(tries = 500)
  void any_patch_gives_a_configuration_that_an_empty_patch_keeps(
      @ForAll("documents") JsonNode patch) {
    switch (ConfigJson.patch(FULL, patch, RULES, true)) {
      case ConfigJson.Read.Valid valid ->
          assertEquals(
              valid.config(), valid(ConfigJson.patch(valid.config(), json("{}"), RULES, true)));
      case ConfigJson.Read.Invalid invalid -> assertFalse(invalid.problems().isEmpty());
    }
  }
}
