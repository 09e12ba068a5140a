package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.webhook.BodyPath.Absent;
import io.kapsel.core.webhook.BodyPath.Ambiguous;
import io.kapsel.core.webhook.BodyPath.Found;
import io.kapsel.core.webhook.BodyPath.Lookup;
import io.kapsel.core.webhook.BodyPath.Unreadable;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BodyPathTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "id",
        "$.",
        "$..id",
        "$.*",
        "$[*]",
        "$[0:1]",
        "$[0,1]",
        "$['a','b']",
        "$[?@.a]",
        "$[-0]",
        "$[00]",
        "$[01]",
        "$[+1]",
        "$[1.0]",
        "$[9007199254740992]",
        "$[-9007199254740992]",
        "$[99999999999999999999]",
        "$.a ",
        " $.a",
        "$. a",
        "$.-a",
        "$.a-b",
        "$.1a",
        "$.a.",
        "$[",
        "$['",
        "$['a'",
        "$['a\"]",
        "$[a]",
        "@.a",
        "$$",
        "$.a$",
        "$['\\x']",
        "$[\"\\u00e\"]",
        "$['\\ud800']",
        "$.\ud800",
        "$['\udc00']",
        "$\u00a0.a",
        "$['a'] "
      })
  void only_singular_queries_are_paths(String path) {
    assertEquals(true, BodyPath.problem(path).isPresent());
    assertEquals(new Absent(), BodyPath.find(path, "{}".getBytes(UTF_8)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "$",
        "$.a",
        "$.a.b",
        "$['a']",
        "$[\"a\"]",
        "$[0]",
        "$[-1]",
        "$[ 'a' ]",
        "$\t.a\n[ 0 ]",
        "$._1",
        "$.\u00e9",
        "$.\ud83d\ude00",
        "$['\\'\\\\']",
        "$[\"'\\\"\"]",
        "$['\\ud83d\\ude00']",
        "$[9007199254740991]",
        "$[-9007199254740991]"
      })
  void names_and_indexes_are_steps(String path) {
    assertEquals(true, BodyPath.problem(path).isEmpty());
  }

  @Test
  void a_path_has_a_limit() {
    assertEquals(true, BodyPath.problem("$" + ".a".repeat(499)).isEmpty());
    assertEquals(true, BodyPath.problem("$" + ".a".repeat(500)).isPresent());
  }

  @Test
  void elements_count_from_both_ends() {
    String body = "{\"a\":[{\"id\":1},[],{\"id\":3}]}";
    assertEquals(new Found("1"), find("$.a[0].id", body));
    assertEquals(new Found("3"), find("$.a[2].id", body));
    assertEquals(new Found("3"), find("$.a[-1].id", body));
    assertEquals(new Found("1"), find("$.a[-3].id", body));
    assertEquals(new Absent(), find("$.a[-2].id", body));
    assertEquals(new Absent(), find("$.a[3].id", body));
    assertEquals(new Absent(), find("$.a[-4].id", body));
    assertEquals(new Absent(), find("$.a.id", body));
    assertEquals(new Absent(), find("$[0]", body));
  }

  @Test
  void the_way_to_the_value_must_be_unambiguous() {
    assertEquals(new Ambiguous(), find("$.a.id", "{\"a\":{\"id\":1},\"a\":{\"id\":1}}"));
    assertEquals(new Ambiguous(), find("$.a.id", "{\"a\":{\"id\":1},\"a\":0}"));
    assertEquals(new Ambiguous(), find("$[-1].id", "[{\"id\":1,\"id\":2}]"));
    assertEquals(new Found("2"), find("$[-1].id", "[{\"id\":1,\"id\":2},{\"id\":2}]"));
    assertEquals(
        new Found("1"), find("$.a.id", "{\"b\":1,\"b\":2,\"a\":{\"id\":1,\"x\":{\"id\":2}}}"));
  }

  /** Otherwise a body of ten megabytes would be held as millions of small objects. */
  @Test
  void an_index_far_from_the_end_finds_nothing_and_holds_nothing() {
    byte[] body = ("[" + "0,".repeat(5_000_000) + "1]").getBytes(UTF_8);
    assertEquals(new BodyPath.Absent(), BodyPath.find("$[-4999999]", body));
    assertEquals(new BodyPath.Found("0"), BodyPath.find("$[-10000]", body));
    assertEquals(new BodyPath.Absent(), BodyPath.find("$[-10001]", body));
    assertEquals(new BodyPath.Unreadable(), BodyPath.find("$[-10001]", "[1,".getBytes(UTF_8)));
  }

  @Test
  void bodies_nest_to_512_levels() {
    for (String path : new String[] {"$.id", "$[0]"}) {
      assertEquals(new Absent(), find(path, "[".repeat(512) + "]".repeat(512)));
      assertEquals(new Unreadable(), find(path, "[".repeat(513) + "]".repeat(513)));
      assertEquals(new Unreadable(), find(path, "[".repeat(100_000)));
      assertEquals(new Unreadable(), find(path, "{\"\":".repeat(100_000)));
    }
    assertEquals(
        new Found("1"), find("$" + "[0]".repeat(300), "[".repeat(300) + 1 + "]".repeat(300)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ff",
        "c080",
        "eda080",
        "f4908080",
        "c3",
        "e282",
        "80",
      })
  void the_body_is_utf8_everywhere(String octets) {
    byte[] bad = HexFormat.of().parseHex(octets);
    byte[] head = "{\"id\":1,\"x\":\"".getBytes(UTF_8);
    byte[] tail = "\"}".getBytes(UTF_8);
    byte[] body = new byte[head.length + bad.length + tail.length];
    System.arraycopy(head, 0, body, 0, head.length);
    System.arraycopy(bad, 0, body, head.length, bad.length);
    System.arraycopy(tail, 0, body, head.length + bad.length, tail.length);
    assertEquals(new Unreadable(), BodyPath.find("$.id", body));
  }

  @Test
  void other_encodings_are_not_guessed() {
    String body = "{\"id\":1}";
    assertEquals(new Unreadable(), BodyPath.find("$.id", body.getBytes(UTF_16BE)));
    assertEquals(new Unreadable(), BodyPath.find("$.id", body.getBytes(UTF_16LE)));
    assertEquals(new Unreadable(), BodyPath.find("$.id", ("\ufeff" + body).getBytes(UTF_16LE)));
  }

  /** RFC 8259 §8.1: a parser may ignore the mark. */
  @Test
  void a_byte_order_mark_is_ignored() {
    assertEquals(new Found("1"), find("$.id", "\ufeff{\"id\":1}"));
    assertEquals(new Unreadable(), find("$.id", "\ufeff"));
    assertEquals(new Unreadable(), find("$.id", "{\"id\":1}\ufeff"));
  }

  @Test
  void long_names_strings_and_numbers_beside_the_path_are_nobody_s_business() {
    String body =
        "{\"%s\":\"%s\",\"n\":%s,\"id\":7}"
            .formatted("k".repeat(100_000), "v".repeat(100_000), "9".repeat(100_000));
    assertEquals(new Found("7"), find("$.id", body));
  }

  @Test
  void colliding_names_are_no_problem() {
    StringBuilder body = new StringBuilder("{");
    for (int i = 0; i < 4_096; i++) {
      body.append('"');
      for (int bit = 0; bit < 12; bit++) body.append((i >> bit & 1) == 0 ? "Aa" : "BB");
      body.append("\":0,");
    }
    assertEquals(new Found("7"), find("$.id", body + "\"id\":7}"));
  }

  private static Lookup find(String path, String body) {
    return BodyPath.find(path, body.getBytes(UTF_8));
  }
}
