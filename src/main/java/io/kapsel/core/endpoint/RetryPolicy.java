package io.kapsel.core.endpoint;

import java.util.List;

/**
 * When a failed webhook is attempted again. All delays are in milliseconds.
 *
 * @param jitter share of the delay that is drawn at random, both ways, 0 to 1
 * @param maxAttempts attempts per budget; a manual retry starts a fresh budget
 * @param scheduleMillis delays before attempts 2, 3, … for {@link Strategy#SCHEDULE}; the last one
 *     repeats
 */
public record RetryPolicy(
    Strategy strategy,
    long baseDelayMillis,
    double multiplier,
    long maxDelayMillis,
    double jitter,
    int maxAttempts,
    List<Long> scheduleMillis) {

  public enum Strategy {
    EXPONENTIAL,
    FIXED,
    SCHEDULE
  }

  /** Retry-After beyond this is capped: a day. */
  public static final long RETRY_AFTER_MILLIS_MAX = 86_400_000L;

  public static final RetryPolicy DEFAULT =
      new RetryPolicy(Strategy.EXPONENTIAL, 1_000, 2.0, 3_600_000, 0.25, 10, List.of());

  /** The example schedule of the Standard Webhooks specification. */
  public static final RetryPolicy STANDARD_WEBHOOKS =
      new RetryPolicy(
          Strategy.SCHEDULE,
          1_000,
          1.0,
          86_400_000,
          0.25,
          10,
          List.of(
              5_000L,
              300_000L,
              1_800_000L,
              7_200_000L,
              18_000_000L,
              36_000_000L,
              50_400_000L,
              72_000_000L,
              86_400_000L));

  public RetryPolicy {
    scheduleMillis = List.copyOf(scheduleMillis);
  }

  /** The delay before jitter after the given number of failed attempts in this budget (from 1). */
  public long nominalDelayMillis(int failedAttempts) {
    double delay =
        switch (strategy) {
          case EXPONENTIAL -> baseDelayMillis * Math.pow(multiplier, failedAttempts - 1);
          case FIXED -> baseDelayMillis;
          case SCHEDULE -> scheduleMillis.get(Math.min(failedAttempts, scheduleMillis.size()) - 1);
        };
    return (long) Math.min(delay, (double) maxDelayMillis);
  }

  /**
   * The delay before the next attempt. Jitter is drawn from the part of its range that lies under
   * the cap: clamping onto the cap would let half of all retries meet there again. Retry-After is a
   * floor (RFC 9110 §10.2.3), spread upwards only.
   *
   * @param retryAfterMillis what the destination asked for, -1 for nothing
   * @param draw uniform in [0, 1)
   */
  public long delayMillis(int failedAttempts, long retryAfterMillis, double draw) {
    long nominal = nominalDelayMillis(failedAttempts);
    double low = nominal * (1 - jitter);
    double high = Math.min(nominal * (1 + jitter), (double) maxDelayMillis);
    long delay = Math.round(low + (high - low) * draw);
    long floor = Math.min(retryAfterMillis, RETRY_AFTER_MILLIS_MAX);
    if (delay >= floor) return delay;
    return Math.min(floor + (long) (nominal * jitter * draw), RETRY_AFTER_MILLIS_MAX);
  }
}
