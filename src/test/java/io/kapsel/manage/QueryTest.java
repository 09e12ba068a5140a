package io.kapsel.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.kapsel.json.Problem;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class QueryTest {
  private static List<String> names(Query query) {
    return query.end().stream().map(Problem::pointer).toList();
  }

  @Test
  void values_are_decoded_once() {
    Query query = Query.parse("name=a%2Bb+c%25%C3%A9&empty-pairs&&");
    assertEquals(Optional.of("a+b c%é"), query.text("name"));
    assertEquals(List.of("?empty-pairs"), names(query));
  }

  @Test
  void a_time_may_carry_its_plus_as_it_is() {
    Query query = Query.parse("at=2026-11-23T22:08:00+01:00");
    assertEquals(1_795_468_080_000L, query.time("at", 0));
    assertEquals(List.of(), query.end());
  }

  @Test
  void every_problem_is_told() {
    Query query = Query.parse("limit=0&at=now&a=%zz&b=%ff&c=1&c=2");
    assertEquals(50, query.limit());
    assertEquals(7, query.time("at", 7));
    assertEquals(List.of("?a", "?b", "?c", "?limit", "?at", "?c"), names(query));
  }

  @Test
  void a_selection_is_what_is_asked_for_without_the_page() {
    String selection = Query.parse("b=2&a=1&limit=5&cursor=x").selection();
    assertEquals(selection, Query.parse("a=1&b=2&cursor=y").selection());
    assertNotEquals(selection, Query.parse("a=1&b=3").selection());
  }
}
