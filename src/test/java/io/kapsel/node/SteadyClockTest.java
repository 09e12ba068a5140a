package io.kapsel.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class SteadyClockTest {
  private static final long START = 1_700_000_000_000L;

  private long wallMillis = START;
  private long nanos;
  private final SteadyClock clock =
      new SteadyClock(() -> Instant.ofEpochMilli(wallMillis), () -> nanos);

  private void pass(long millis) {
    wallMillis += millis;
    nanos += millis * 1_000_000;
  }

  @Test
  void follows_the_wall_clock_when_nothing_is_wrong() {
    pass(12_345);
    assertEquals(START + 12_345, clock.millis());
  }

  @Test
  void does_not_jump_when_the_wall_clock_is_set_forward() {
    wallMillis += 3_600_000;
    pass(1_000);
    assertEquals(START + 1_050, clock.millis());
  }

  @Test
  void goes_on_when_the_wall_clock_is_set_back() {
    wallMillis -= 3_600_000;
    pass(1_000);
    assertEquals(START + 950, clock.millis());
  }

  @Test
  void reaches_the_wall_clock_in_the_end() {
    wallMillis += 10_000;
    for (int i = 0; i < 400; i++) {
      pass(1_000);
      clock.millis();
    }
    assertEquals(wallMillis, clock.millis());
  }

  @Property
  void never_runs_backwards(
      @ForAll @Size(max = 50) long[] steps, @ForAll @LongRange(min = 0, max = 10_000) long pause) {
    long before = clock.millis();
    for (long step : steps) {
      wallMillis = START + step % 1_000_000_000L;
      nanos += pause * 1_000_000;
      long now = clock.millis();
      assertTrue(now >= before, now + " after " + before);
      before = now;
    }
  }
}
