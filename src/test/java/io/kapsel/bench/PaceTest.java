package io.kapsel.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long SECOND = 1_000_000_000;

  @Test
  void the_first_request_is_due_at_the_start() {
    var pace = new Pace(1_000, 42);
    assertEquals(42, pace.intendedNanos(0));
    assertEquals(0, pace.dueBy(41));
    assertEquals(1, pace.dueBy(42));
  }

  @Test
  void requests_are_spread_evenly_over_each_second() {
    var pace = new Pace(4, 0);
    assertEquals(SECOND / 4, pace.intendedNanos(1));
    assertEquals(4, pace.dueBy(SECOND - 1));
    assertEquals(5, pace.dueBy(SECOND));
  }

  @Test
  void a_closed_loop_is_always_due() {
    var pace = new Pace(Double.POSITIVE_INFINITY, 10);
    assertFalse(pace.isOpen());
    assertEquals(0, pace.dueBy(9));
    assertEquals(Long.MAX_VALUE, pace.dueBy(10));
  }

  @Test
  void there_is_no_pace_of_nothing() {
    assertThrows(IllegalArgumentException.class, () -> new Pace(0, 0));
    assertThrows(IllegalArgumentException.class, () -> new Pace(Double.NaN, 0));
  }

  @Property
  void what_is_due_was_meant_to_start_and_nothing_else(
      @ForAll @DoubleRange(min = 0.1, max = 200_000) double perSecond,
      @ForAll @LongRange(min = -1_000 * SECOND, max = 1_000 * SECOND) long start,
      @ForAll @LongRange(min = 0, max = 100 * SECOND) long elapsed) {
    var pace = new Pace(perSecond, start);
    long due = pace.dueBy(start + elapsed);
    assertTrue(due >= 1);
    assertTrue(pace.intendedNanos(due - 1) <= start + elapsed);
    assertTrue(pace.intendedNanos(due) > start + elapsed);
  }
}
