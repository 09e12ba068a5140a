package io.kapsel.core.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.RetryPolicy.Strategy;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** Laws of the waiting times between attempts. */
class RetryPolicyProperties {
  private static final long DAY_MILLIS = 86_400_000;
  private static final int DRAWS = 1_000;

  @Property
  void backoff_increases_exponentially_up_to_the_maximum(
      @ForAll("exponential") RetryPolicy policy, @ForAll @IntRange(min = 1, max = 49) int failed) {
    long now = policy.nominalDelayMillis(failed);
    long next = policy.nominalDelayMillis(failed + 1);
    if (next < policy.maxDelayMillis())
      assertEquals(now * policy.multiplier(), (double) next, now * 0.01 + 4);
    else assertEquals(policy.maxDelayMillis(), next);
    assertTrue(next >= now);
  }

  /** Many that failed at once must not come back at once, least of all at the maximum. */
  @Property
  void jitter_prevents_a_thundering_herd(
      @ForAll("exponential") RetryPolicy policy, @ForAll @IntRange(min = 1, max = 50) int failed) {
    double low = policy.nominalDelayMillis(failed) * (1 - policy.jitter());
    double high =
        Math.min(
            policy.nominalDelayMillis(failed) * (1 + policy.jitter()),
            (double) policy.maxDelayMillis());
    for (int tenth = 0; tenth < 10; tenth++) {
      double from = low + (high - low) * tenth / 10;
      double until = low + (high - low) * (tenth + 1) / 10;
      long within =
          IntStream.range(0, DRAWS)
              .mapToLong(i -> policy.delayMillis(failed, -1, (double) i / DRAWS))
              .filter(delay -> delay >= Math.floor(from) && delay <= Math.ceil(until))
              .count();
      double share = DRAWS * (0.1 + 3 / (high - low));
      assertTrue(within <= share + 1, within + " of " + DRAWS + " between " + from + ".." + until);
    }
  }

  @Property
  void the_maximum_delay_is_respected(
      @ForAll("policies") RetryPolicy policy,
      @ForAll @IntRange(min = 1, max = 50) int failed,
      @ForAll @DoubleRange(min = 0, max = 1, maxIncluded = false) double draw) {
    long delay = policy.delayMillis(failed, -1, draw);
    assertTrue(delay >= 0 && delay <= policy.maxDelayMillis(), () -> "waits " + delay);
  }

  @Property
  void what_the_destination_asks_for_is_a_floor_up_to_a_day(
      @ForAll("policies") RetryPolicy policy,
      @ForAll @IntRange(min = 1, max = 50) int failed,
      @ForAll @LongRange(min = 0) long retryAfterMillis,
      @ForAll @DoubleRange(min = 0, max = 1, maxIncluded = false) double draw) {
    long delay = policy.delayMillis(failed, retryAfterMillis, draw);
    assertTrue(delay >= Math.min(retryAfterMillis, DAY_MILLIS), () -> "waits " + delay);
    assertTrue(delay <= Math.max(policy.maxDelayMillis(), DAY_MILLIS), () -> "waits " + delay);
  }

  @Provide
  Arbitrary<RetryPolicy> exponential() {
    return Combinators.combine(
            Arbitraries.longs().between(1_000, 60_000),
            Arbitraries.doubles().between(1.1, 10),
            Arbitraries.longs().between(1_000, DAY_MILLIS),
            Arbitraries.doubles().between(0.1, 1))
        .as(
            (base, multiplier, max, jitter) ->
                new RetryPolicy(
                    Strategy.EXPONENTIAL, base, multiplier, max, jitter, 50, List.of()));
  }

  @Provide
  Arbitrary<RetryPolicy> policies() {
    return Combinators.combine(
            Arbitraries.of(Strategy.class),
            Arbitraries.longs().between(0, DAY_MILLIS),
            Arbitraries.doubles().between(1, 1_000),
            Arbitraries.longs().between(0, DAY_MILLIS),
            Arbitraries.doubles().between(0, 1),
            Arbitraries.longs().between(0, DAY_MILLIS).list().ofMinSize(1).ofMaxSize(50))
        .as(
            (strategy, base, multiplier, max, jitter, schedule) ->
                new RetryPolicy(strategy, base, multiplier, max, jitter, 50, schedule));
  }
}
