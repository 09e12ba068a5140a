package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentDigestTest {
  private static final byte[] BODY = "{\"hello\": \"world\"}\n".getBytes(UTF_8);
  private static final String GOOD = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";

  private static boolean contradicts(byte[] body, String... values) {
    return ContentDigest.contradicts(
        List.of(values).stream().map(value -> new Header("content-digest", value)).toList(), body);
  }

  /** The published vectors; those of the RateLimit fields are about answers. */
  @Test
  void the_vectors_verify() {
    for (JsonNode vector : Vectors.cases("http_fields_optional.json")) {
      switch (vector.path("op").asText()) {
        case "content_digest" ->
            assertFalse(contradicts(Vectors.body(vector), vector.path("header").asText()));
        case "rfc9421_ed25519" ->
            assertTrue(
                Ed25519.verifies(
                    HexFormat.of().parseHex(vector.path("public_hex").asText()),
                    List.of(vector.path("signature_base").asText().getBytes(UTF_8)),
                    Base64.getDecoder().decode(vector.path("signature_b64").asText())));
        default -> assertEquals("well_formed_structured_field", vector.path("op").asText());
      }
    }
  }

  @Test
  void another_body_contradicts_it() {
    assertTrue(contradicts(new byte[0], GOOD));
    assertTrue(contradicts(new byte[0], "unixsum=:AA==:, " + GOOD + ";a=b"));
    assertTrue(contradicts(BODY, GOOD, GOOD.replace("RK/0", "RK/1")));
    assertFalse(contradicts(BODY, GOOD, " " + GOOD + " , md5=:AA==:"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "sha-256",
        "sha-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=",
        "sha-256=:AAAA:",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg:",
        "sha-512=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
        "crc32=:AAAAAA==:"
      })
  void what_is_malformed_or_unknown_says_nothing(String value) {
    assertFalse(contradicts(new byte[0], value));
  }

  @Test
  void a_webhook_that_is_not_what_its_sender_meant_is_refused() {
    List<Header> headers = List.of(new Header("Content-Digest", GOOD));
    assertEquals(Optional.empty(), IntakeSettings.DEFAULT.refuse(headers, BODY));
    Rejection refused = IntakeSettings.DEFAULT.refuse(headers, new byte[1]).orElseThrow();
    assertEquals(ErrorCode.INVALID_PAYLOAD, refused.code());
  }

  @Property
  void no_value_throws(@ForAll String value, @ForAll byte[] body) {
    contradicts(body, value, "sha-256=:" + value + ":");
  }
}
