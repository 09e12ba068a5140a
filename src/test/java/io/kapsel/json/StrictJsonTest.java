package io.kapsel.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.webhook.ErrorCode;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StrictJsonTest {
  static String refusal(byte[] text) {
    var read = assertInstanceOf(StrictJson.Read.Malformed.class, StrictJson.read(text));
    assertEquals(ErrorCode.INVALID_JSON, read.rejection().code());
    return read.rejection().detail();
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":1,\"a\":2} | A member name occurs twice (at byte offset 10).",
        "{\"a\":1} x | The text is not valid JSON (at byte offset 8).",
        "{\"a\":1} {} | There is text after the JSON value (at byte offset 8).",
        "\uFEFF{} | A byte order mark is not allowed (at byte offset 0).",
        "{\"a\":NaN} | The text is not valid JSON",
        "{\"a\":Infinity} | The text is not valid JSON",
        "{\"a\":1/*c*/} | The text is not valid JSON",
        "//c | The text is not valid JSON",
        "{'a':1} | The text is not valid JSON",
        "{\"a\":1,} | The text is not valid JSON",
        "[1,] | The text is not valid JSON",
        "{\"a\":01} | The text is not valid JSON",
        "{\"a\":+1} | The text is not valid JSON",
        "{\"a\":.5} | The text is not valid JSON",
        "{\"a\" | The text is not valid JSON",
        "`` | There is no JSON value (at byte offset 0).",
        "{\"ü\":x} | The text is not valid JSON (at byte offset 6)."
      })
  void what_is_not_json_is_refused_with_its_place(String text, String expected) {
    String detail = refusal(utf8(text));
    assertTrue(detail.startsWith(expected), detail);
  }

  @Test
  void a_line_break_inside_a_string_is_refused() {
    refusal(utf8("{\"a\":\"x\ny\"}"));
  }

  @Test
  void invalid_utf8_is_refused_at_its_byte() {
    assertEquals(
        "The text is not valid UTF-8 (at byte offset 2).",
        refusal(new byte[] {'[', '"', (byte) 0xC0, (byte) 0xAF, '"', ']'}));
  }

  @Test
  void utf16_is_refused() {
    refusal("{\"a\":1}".getBytes(StandardCharsets.UTF_16BE));
  }

  @Test
  void deep_nesting_is_refused_without_exhausting_the_stack() {
    assertTrue(refusal(utf8("[".repeat(100_000))).startsWith("The nesting is deeper than 64"));
  }

  @Test
  void a_very_long_number_is_refused() {
    refusal(utf8("[" + "9".repeat(10_000) + "]"));
  }

  @Property
  void any_bytes_are_a_value_or_a_rejection(@ForAll byte[] bytes) {
    assertTrue(StrictJson.read(bytes) != null);
  }

  @Property
  void any_text_is_a_value_or_a_rejection(@ForAll String text) {
    assertTrue(StrictJson.read(utf8(text)) != null);
  }
}
