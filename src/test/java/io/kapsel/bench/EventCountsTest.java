package io.kapsel.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class EventCountsTest {
  private final EventCounts counts = new EventCounts();

  @Test
  void counts_each_id_by_itself() {
    counts.add(1, 2, 7);
    counts.add(2, 1, 8);
    assertEquals(2, counts.add(1, 2, 9));
    assertEquals(2, counts.size());
    assertEquals(2, counts.count(1, 2));
    assertEquals(9, counts.variant(1, 2));
    assertEquals(0, counts.count(3, 3));
  }

  @Test
  void even_an_id_of_zeros_is_an_id() {
    assertEquals(0, counts.count(0, 0));
    counts.add(0, 0, 0);
    assertEquals(1, counts.count(0, 0));
  }

  @Test
  void forgets_nothing_while_it_grows() {
    var random = new SplittableRandom(1);
    Map<Long, Integer> expected = new HashMap<>();
    for (int i = 0; i < 300_000; i++) {
      long id = random.nextLong(200_000);
      // Ids of one millisecond differ in few bits.
      counts.add(id >>> 4, id, i);
      expected.merge(id, 1, Integer::sum);
    }
    assertEquals(expected.size(), counts.size());
    expected.forEach((id, count) -> assertEquals(count, counts.count(id >>> 4, id)));
    int[] visited = new int[1];
    counts.forEach((high, low, count, variant) -> visited[0] += count);
    assertEquals(300_000, visited[0]);
  }

  @Test
  void contains_others_whatever_else_it_counted_and_not_by_their_number() {
    var others = new EventCounts();
    assertTrue(counts.containsAll(others));
    others.add(1, 1, 0);
    others.add(2, 2, 0);
    assertFalse(counts.containsAll(others));
    counts.add(1, 1, 0);
    counts.add(3, 3, 0);
    assertFalse(counts.containsAll(others), "as many, but not the same");
    counts.add(2, 2, 0);
    assertTrue(counts.containsAll(others));
  }
}
