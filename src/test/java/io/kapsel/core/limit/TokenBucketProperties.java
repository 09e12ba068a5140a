package io.kapsel.core.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TokenBucketProperties {
  private static final double SECOND = 1e9;

  /** A thousandth of a token for each end of an interval, and the last bit of a double. */
  private static final double ROUNDING = 0.01;

  @Provide
  Arbitrary<Allowance> allowances() {
    return Combinators.combine(
            Arbitraries.doubles().between(0.001, 100_000).ofScale(3),
            Arbitraries.longs().between(1, 100_000))
        .as(Allowance::new);
  }

  /** Pauses between requests, from none to a day. */
  @Provide
  Arbitrary<List<Long>> pauses() {
    return Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(3, Arbitraries.longs().between(0, 1_000_000)),
            net.jqwik.api.Tuple.of(2, Arbitraries.longs().between(0, 1_000_000_000)),
            net.jqwik.api.Tuple.of(1, Arbitraries.longs().between(0, 86_400_000_000_000L)))
        .list()
        .ofMaxSize(300);
  }

  @Property(tries = 300)
  void never_passes_more_than_the_burst_and_what_the_time_brings(
      @ForAll("allowances") Allowance allowance,
      @ForAll("pauses") List<Long> pauses,
      @ForAll long begin) {
    var bucket = new TokenBucket(allowance, begin);
    long spent = bucket.full();
    long now = begin;
    List<Long> taken = new ArrayList<>();
    for (long pause : pauses) {
      now += pause;
      long after = bucket.take(spent, now);
      if (after == TokenBucket.EMPTY) continue;
      spent = after;
      taken.add(now);
    }
    for (int from = 0; from < taken.size(); from++)
      for (int to = from; to < taken.size(); to++) {
        double seconds = (taken.get(to) - taken.get(from)) / SECOND;
        assertTrue(
            to - from + 1 <= allowance.burst() + allowance.perSecond() * seconds + ROUNDING,
            "more than allowed in " + seconds + " s");
      }
  }

  @Property(tries = 100)
  void a_token_that_is_given_back_is_there_again_and_none_besides(
      @ForAll("allowances") Allowance allowance,
      @ForAll @LongRange(min = 0, max = 86_400_000_000_000L) long pause) {
    var bucket = new TokenBucket(allowance, 0);
    long taken = bucket.take(bucket.full(), 0);
    assertEquals(bucket.full(), bucket.giveBack(taken));
    assertEquals(allowance.burst(), bucket.tokens(bucket.giveBack(bucket.giveBack(taken)), pause));
  }

  @Property(tries = 100)
  void does_not_drift_however_often_it_is_asked(
      @ForAll("allowances") Allowance any, @ForAll @IntRange(min = 1, max = 997) int step) {
    // With room for one token, what comes between two questions would be lost.
    var allowance = new Allowance(any.perSecond(), any.burst() + 1);
    var bucket = new TokenBucket(allowance, 0);
    long spent = bucket.full();
    long passed = 0;
    // The steps are shorter than a token takes, and end anywhere in one.
    long pause = Math.max(1, (long) (SECOND / allowance.perSecond() * step / 1_000));
    for (long now = 0; now < 10_000 * pause; now += pause) {
      for (long after = bucket.take(spent, now);
          after != TokenBucket.EMPTY && passed < 2_000_000;
          after = bucket.take(spent, now)) {
        spent = after;
        passed++;
      }
    }
    double brought = allowance.perSecond() * (9_999 * pause / SECOND);
    assertEquals(allowance.burst() + brought, (double) passed, 1 + ROUNDING);
  }

  @Property
  void there_is_a_token_after_the_wait_and_none_much_before(
      @ForAll("allowances") Allowance allowance, @ForAll @LongRange(min = 0) long elapsed) {
    long now = elapsed / 1_000;
    var bucket = new TokenBucket(allowance, 0);
    long spent = empty(bucket, now);
    long wait = bucket.waitNanos(spent, now);
    assertTrue(wait > 0);
    assertNotEquals(TokenBucket.EMPTY, bucket.take(spent, now + wait));
    double tokenNanos = SECOND / allowance.perSecond();
    long early = (long) Math.max(0, wait - Math.max(tokenNanos * ROUNDING, 1_000)) - 1;
    if (early > 0) assertEquals(TokenBucket.EMPTY, bucket.take(spent, now + early));
    int seconds = TokenBucket.retryAfterSeconds(wait);
    assertTrue(seconds >= 1);
    assertTrue(seconds * SECOND >= wait, "Retry-After is too short");
    assertTrue((seconds - 1) * SECOND < wait, "Retry-After is too long");
  }

  @Property
  void a_clock_that_runs_backwards_neither_gives_nor_takes(
      @ForAll("allowances") Allowance allowance,
      @ForAll @Size(max = 100)
          List<@LongRange(min = -10_000_000_000L, max = 10_000_000_000L) Long> steps) {
    var bucket = new TokenBucket(allowance, 0);
    long spent = bucket.full();
    long now = 0;
    long latest = 0;
    long passed = 0;
    for (long step : steps) {
      now += step;
      latest = Math.max(latest, now);
      long after = bucket.take(spent, now);
      assertTrue(bucket.tokens(spent, now) >= 0);
      assertTrue(bucket.waitNanos(spent, now) >= 0);
      if (after == TokenBucket.EMPTY) continue;
      assertTrue(after > spent);
      spent = after;
      passed++;
    }
    assertTrue(passed <= allowance.burst() + allowance.perSecond() * latest / SECOND + ROUNDING);
  }

  @Property
  void a_changed_allowance_begins_with_the_tokens_that_are_there(
      @ForAll("allowances") Allowance before,
      @ForAll("allowances") Allowance after,
      @ForAll @IntRange(max = 200) int taken) {
    var bucket = new TokenBucket(before, 7);
    long spent = bucket.full();
    for (int i = 0; i < taken && bucket.tokens(spent, 9) > 0; i++) spent = bucket.take(spent, 9);
    var next = new TokenBucket(after, 9);
    long nextSpent = next.takingOver(bucket, spent, 9);
    assertEquals(Math.min(bucket.tokens(spent, 9), after.burst()), next.tokens(nextSpent, 9));
  }

  @Property
  void charging_takes_one_where_there_is_one(
      @ForAll("allowances") Allowance allowance, @ForAll @IntRange(max = 200) int charges) {
    var bucket = new TokenBucket(allowance, 0);
    long spent = bucket.full();
    for (int i = 0; i < charges; i++) spent = bucket.charge(spent, 0);
    assertEquals(Math.max(0, allowance.burst() - charges), bucket.tokens(spent, 0));
  }

  @Property
  void the_policy_field_promises_no_more_than_the_rate(@ForAll("allowances") Allowance allowance) {
    assertTrue(allowance.windowSeconds() >= 1);
    assertTrue(allowance.windowTokens() >= 1);
    assertTrue(
        allowance.windowTokens() <= allowance.burst() + allowance.perSecond() + 1,
        "a window holds little more than a burst");
  }

  @Test
  void a_second_of_the_rate_is_the_usual_burst() {
    assertEquals(new Allowance(2.5, 3), Allowance.of(2.5, 0));
    assertEquals(Allowance.UNLIMITED, Allowance.of(0, 5));
    assertEquals(new Allowance(0.5, 1), new Allowance(1, 2).share(0.5));
    assertEquals(new Allowance(0.25, 1), new Allowance(1, 2).share(0.25));
  }

  private static long empty(TokenBucket bucket, long now) {
    long all = bucket.tokens(bucket.full(), now);
    return bucket.take(bucket.full(), all, now);
  }
}
