package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IntakeSettingsTest {
  private static final IntakeSettings JSON = new IntakeSettings(List.of(), true, false, List.of());
  private static final IntakeSettings FILLED =
      new IntakeSettings(List.of(), false, true, List.of());

  private static String refusal(IntakeSettings settings, byte[] body, Header... headers) {
    return settings
        .refuse(List.of(headers), body)
        .map(each -> each.code().code() + " " + each.detail())
        .orElse("");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", " [1] ", "null", "\"a\"", "{\"a\":1,\"a\":2}", "\uFEFF{}"})
  void json_is_json(String text) {
    assertEquals("", refusal(JSON, text.getBytes(UTF_8)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\": x} | (line 1, character 7).",
        "{ | (line 1, character 2).",
        "`` | (line 1, character 1).",
        "{} {} | (line 1, character 5).",
        "{}x | (line 1, character 3).",
        "{'a':1} | (line 1, character 2).",
        "[1,] | (line 1, character 4).",
        "[NaN] | (line 1, character 5).",
        "[01] | (line 1, character 3)."
      })
  void what_is_not_json_is_refused_with_its_place(String text, String place) {
    String refusal = refusal(JSON, text.getBytes(UTF_8));
    assertTrue(refusal.startsWith("E1102 "), refusal);
    assertTrue(refusal.endsWith(place), refusal);
  }

  @Test
  void json_nests_to_512_levels_and_no_stack_overflows() {
    assertEquals("", refusal(JSON, ("[".repeat(512) + "]".repeat(512)).getBytes(UTF_8)));
    assertTrue(
        refusal(JSON, ("[".repeat(513) + "]".repeat(513)).getBytes(UTF_8)).startsWith("E1102"));
    assertTrue(refusal(JSON, "[".repeat(100_000).getBytes(UTF_8)).startsWith("E1102"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"\u00ff\"",
        "\"\u00c0\u0080\"",
        "\"\u00ed\u00a0\u0080\"",
        "\u00ff\u00fe{\u0000}\u0000"
      })
  void json_is_utf8(String octets) {
    assertEquals("E1102 The body is not UTF-8.", refusal(JSON, octets.getBytes(ISO_8859_1)));
  }

  @Test
  void an_encoded_body_cannot_be_checked() {
    byte[] body = "{}".getBytes(UTF_8);
    Header identity = new Header("content-encoding", " Identity ");
    Header gzip = new Header("Content-Encoding", "gzip");
    assertEquals("", refusal(JSON, body, identity));
    assertTrue(refusal(JSON, body, gzip).startsWith("E1103"));
    assertTrue(refusal(JSON, body, identity, gzip).startsWith("E1103"));
    assertEquals("", refusal(IntakeSettings.DEFAULT, body, gzip));
  }

  @Test
  void an_empty_body_is_refused_only_where_it_is_asked_for() {
    assertEquals("", refusal(IntakeSettings.DEFAULT, new byte[0]));
    assertEquals("E1102 The body is empty.", refusal(FILLED, new byte[0]));
    assertEquals("", refusal(FILLED, new byte[1]));
  }

  @Test
  void media_types_match_whole_or_by_family() {
    var settings =
        new IntakeSettings(List.of("application/json", "text/*"), false, false, List.of());
    assertTrue(settings.takes("application/json"));
    assertTrue(settings.takes("text/xml"));
    assertFalse(settings.takes("application/json-patch+json"));
    assertFalse(settings.takes("text"));
    assertFalse(settings.takes("/*"));
    assertTrue(IntakeSettings.DEFAULT.takes("a/b"));
  }

  @Test
  void origins_match_whole_or_all() {
    var one = new IntakeSettings(List.of(), false, false, List.of("a.example.com"));
    assertTrue(one.allowsOrigin("A.example.com"));
    assertFalse(one.allowsOrigin("example.com"));
    assertFalse(one.allowsOrigin("*"));
    assertTrue(new IntakeSettings(List.of(), false, false, List.of("*")).allowsOrigin("b"));
    assertFalse(IntakeSettings.DEFAULT.allowsOrigin("a.example.com"));
  }

  @Property
  void any_body_is_taken_or_refused(@ForAll byte[] body, @ForAll String text) {
    for (byte[] each : List.of(body, text.getBytes(UTF_8))) {
      Optional<Rejection> refusal = JSON.refuse(List.of(), each);
      refusal.ifPresent(found -> assertEquals(ErrorCode.INVALID_PAYLOAD, found.code()));
    }
  }
}
