package io.kapsel.core.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class LeaseProperties {
  private static final long MILLIS = 1_000_000;

  @Provide
  Arbitrary<Lease> leases() {
    return Combinators.combine(
            Arbitraries.doubles().between(0.001, 100_000).ofScale(3),
            Arbitraries.longs().between(1, 100_000))
        .as((rate, burst) -> new Lease(new Allowance(rate, burst)));
  }

  @Property
  void stays_between_one_token_and_the_largest(
      @ForAll("leases") Lease lease,
      @ForAll @LongRange(max = 1_000_000) long before,
      @ForAll @LongRange(max = 10_000_000_000L) long age) {
    long next = lease.next(before, age);
    assertTrue(next >= 1 && next <= lease.largest());
    assertTrue(lease.largest() == 1 || lease.largest() <= lease.allowance().burst() / 2);
    assertTrue(lease.largest() <= Math.max(1, lease.allowance().perSecond() / 10));
  }

  @Property
  void the_bucket_is_left_alone_for_a_second_at_most(
      @ForAll("leases") Lease lease, @ForAll @LongRange(max = Long.MAX_VALUE / 2) long wait) {
    long pause = lease.askAgainNanos(wait);
    assertTrue(pause > 0 && pause <= 1_000 * MILLIS);
    assertTrue(pause <= Math.max(wait, 10 * MILLIS));
  }

  @Property
  void pausing_between_questions_lets_no_token_spill_over(@ForAll("leases") Lease lease) {
    double brought = lease.allowance().perSecond() * lease.askAgainNanos(0) / 1e9;
    assertTrue(brought <= lease.allowance().burst());
  }

  @Test
  void grows_under_load_and_shrinks_again() {
    var lease = new Lease(new Allowance(1_000, 1_000));
    long size = 0;
    var seen = new StringBuilder();
    for (int i = 0; i < 9; i++) {
      size = lease.next(size, MILLIS);
      seen.append(size).append(' ');
    }
    assertEquals("1 2 4 8 16 32 64 100 100 ", seen.toString());
    assertEquals(50, lease.next(100, 500 * MILLIS));
    assertEquals(1, lease.next(100, 1_001 * MILLIS));
  }
}
