package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrderingKeyTest {
  private static final List<Header> HEADERS =
      List.of(new Header("X-Customer", "c1"), new Header("X-Empty", ""));

  @Test
  void the_same_key_has_the_same_lane_wherever_it_stands() {
    long lane = OrderingKey.lane("$.customer", List.of(), "{\"customer\":\"c1\"}".getBytes(UTF_8));
    assertNotEquals(0, lane);
    assertEquals(lane, OrderingKey.lane("header:x-customer", HEADERS, new byte[0]));
    assertEquals(
        lane,
        OrderingKey.lane(
            "$['customer']", List.of(), "{\"a\":0,\"customer\":\"c1\"}".getBytes(UTF_8)));
  }

  @Test
  void lanes_are_part_of_what_is_stored_and_never_change() {
    // The first eight bytes of SHA-256("c1").
    assertEquals(
        java.nio.ByteBuffer.wrap(Provider.sha256("c1".getBytes(UTF_8))).getLong(),
        OrderingKey.lane("header:X-Customer", HEADERS, new byte[0]));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{}", "", "not json", "{\"customer\":null}", "{\"customer\":1,\"customer\":1}"})
  void without_a_key_there_is_no_lane(String body) {
    assertEquals(0, OrderingKey.lane("$.customer", HEADERS, body.getBytes(UTF_8)));
  }

  @Test
  void without_a_header_there_is_no_lane() {
    assertEquals(0, OrderingKey.lane("header:X-Other", HEADERS, new byte[0]));
    assertEquals(0, OrderingKey.lane("header:X-Empty", HEADERS, new byte[0]));
    assertEquals(0, OrderingKey.lane("", HEADERS, new byte[0]));
  }

  @Test
  void different_keys_have_different_lanes() {
    Set<Long> lanes = new HashSet<>();
    for (int i = 0; i < 100_000; i++) {
      lanes.add(OrderingKey.lane("header:k", List.of(new Header("k", "" + i)), new byte[0]));
    }
    assertEquals(100_000, lanes.size());
    assertEquals(false, lanes.contains(0L));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "header:",
        "header:a b",
        "Header:X",
        "customer",
        "$..customer",
        "header:\u00fc"
      })
  void other_texts_are_no_ordering_key(String text) {
    assertEquals(true, OrderingKey.problem(text).isPresent());
  }

  @ParameterizedTest
  @ValueSource(strings = {"header:X-Customer", "$.customer", "$[0]['a']"})
  void headers_and_paths_are_ordering_keys(String text) {
    assertEquals(true, OrderingKey.problem(text).isEmpty());
  }
}
