package io.kapsel.core.endpoint;

/**
 * A circuit breaker as a value. An open circuit whose time has passed is half open: one probe at a
 * time may go, and the first probe that succeeds makes the phase explicit. After closing, the
 * number in flight ramps up by one per success, so that a backlog does not fall on a destination
 * that has just come back.
 *
 * @param recent outcomes of the last attempts, newest in the lowest bit, 1 for a failure
 * @param recentCount how many of those bits count
 * @param probesSucceeded successes in a row while half open
 * @param ramp how many attempts may be in flight after closing, 0 for no such limit
 */
public record Circuit(
    Phase phase,
    int consecutiveFailures,
    long recent,
    int recentCount,
    long openUntilMillis,
    int probesSucceeded,
    int ramp) {

  public enum Phase {
    CLOSED,
    OPEN,
    HALF_OPEN
  }

  public static final Circuit CLOSED = new Circuit(Phase.CLOSED, 0, 0, 0, 0, 0, 0);

  /** The phase as the world sees it at this time. */
  public Phase phaseAt(long nowMillis) {
    return phase == Phase.OPEN && nowMillis >= openUntilMillis ? Phase.HALF_OPEN : phase;
  }

  /**
   * The circuit after one outcome.
   *
   * @param probe whether the attempt was sent as a probe; while the circuit is not closed only
   *     probes count, since the others were sent before it opened
   * @param rampEnd the number in flight at which the ramp ends
   */
  public Circuit after(
      Outcome.Kind kind, boolean probe, long nowMillis, CircuitPolicy policy, int rampEnd) {
    return switch (kind) {
      case REFUSED, GONE -> this;
      case DELIVERED ->
          phase == Phase.CLOSED
              ? succeeded(policy, rampEnd)
              : probe ? probeSucceeded(policy, rampEnd) : this;
      case FAILED, RATE_LIMITED, UNKNOWN ->
          phase == Phase.CLOSED
              ? failed(nowMillis, policy)
              : probe ? open(nowMillis, policy) : this;
    };
  }

  private Circuit succeeded(CircuitPolicy policy, int rampEnd) {
    return new Circuit(
        Phase.CLOSED,
        0,
        recent << 1,
        Math.min(recentCount + 1, policy.window()),
        0,
        0,
        ramp == 0 || ramp + 1 >= rampEnd ? 0 : ramp + 1);
  }

  private Circuit failed(long nowMillis, CircuitPolicy policy) {
    long bits = (recent << 1) | 1;
    int count = Math.min(recentCount + 1, policy.window());
    int failures = Long.bitCount(bits & mask(count));
    boolean opens =
        consecutiveFailures + 1 >= policy.consecutiveFailures()
            || (count == policy.window() && failures >= policy.failureRate() * count);
    return opens
        ? open(nowMillis, policy)
        : new Circuit(Phase.CLOSED, consecutiveFailures + 1, bits, count, 0, 0, ramp);
  }

  private Circuit probeSucceeded(CircuitPolicy policy, int rampEnd) {
    int succeeded = probesSucceeded + 1;
    if (succeeded < policy.halfOpenSuccesses())
      return new Circuit(Phase.HALF_OPEN, 0, 0, 0, openUntilMillis, succeeded, 0);
    int firstRamp = policy.halfOpenSuccesses();
    return new Circuit(Phase.CLOSED, 0, 0, 0, 0, 0, firstRamp >= rampEnd ? 0 : firstRamp);
  }

  private static Circuit open(long nowMillis, CircuitPolicy policy) {
    return new Circuit(Phase.OPEN, 0, 0, 0, nowMillis + policy.openMillis(), 0, 0);
  }

  private static long mask(int bits) {
    return bits >= Long.SIZE ? -1L : (1L << bits) - 1;
  }
}
