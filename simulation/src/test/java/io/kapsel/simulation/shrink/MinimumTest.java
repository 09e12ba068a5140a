package io.kapsel.simulation.shrink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MinimumTest {
  private static final List<Integer> ALL = IntStream.range(0, 40).boxed().toList();

  private static List<Integer> needed(Integer... needed) {
    return Minimum.subset(ALL, some -> some.containsAll(List.of(needed)));
  }

  @Test
  void is_what_is_needed_and_nothing_else() {
    assertEquals(List.of(), needed());
    assertEquals(List.of(17), needed(17));
    assertEquals(List.of(0, 39), needed(0, 39));
    assertEquals(List.of(3, 4, 5, 30), needed(5, 30, 3, 4));
    assertEquals(ALL, Minimum.subset(ALL, some -> some.size() == ALL.size()));
  }

  @Test
  void leaves_nothing_out_that_was_not_tried() {
    Set<List<Integer>> failing = Set.of(ALL, List.of(1, 2, 3, 4, 5), List.of(2, 3, 4, 5));
    List<Integer> least = Minimum.subset(List.of(1, 2, 3, 4, 5), failing::contains);
    assertEquals(List.of(2, 3, 4, 5), least);
  }

  @Test
  void takes_few_tries() {
    List<List<Integer>> tries = new ArrayList<>();
    Minimum.subset(
        ALL,
        some -> {
          tries.add(some);
          return some.contains(11) && some.contains(23);
        });
    assertTrue(tries.size() < 80, "tries " + tries.size());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 7, 99, 100})
  void number_is_the_least_that_fails(long needed) {
    long found = Minimum.number(1, 100, n -> n >= needed);
    assertTrue(found >= needed && found <= needed + 1 + needed / 20, "found " + found);
  }

  @Test
  void number_of_what_cannot_be_less_stays() {
    assertEquals(5, Minimum.number(5, 5, n -> false));
    assertEquals(3, Minimum.number(7, 3, n -> true));
  }
}
