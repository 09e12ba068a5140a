package io.kapsel.bench;

/**
 * When each request is meant to start: in an open loop evenly over time, whatever the answers do.
 *
 * @param perSecond infinite for a closed loop, in which a request is due as soon as it can be sent
 * @param startNanos when request 0 is due
 */
record Pace(double perSecond, long startNanos) {
  private static final double NANOS = 1e9;

  Pace {
    if (!(perSecond > 0)) throw new IllegalArgumentException("a rate must be more than 0");
  }

  boolean isOpen() {
    return perSecond != Double.POSITIVE_INFINITY;
  }

  /** When request {@code index}, counted from 0, is meant to start; an open loop only. */
  long intendedNanos(long index) {
    return startNanos + (long) Math.ceil(index * NANOS / perSecond);
  }

  /** How many requests are meant to have started by now. */
  long dueBy(long nowNanos) {
    if (!isOpen()) return nowNanos >= startNanos ? Long.MAX_VALUE : 0;
    long elapsed = nowNanos - startNanos;
    if (elapsed < 0) return 0;
    long due = (long) (elapsed * perSecond / NANOS) + 1;
    // The division above may be off by one either way.
    while (due > 0 && intendedNanos(due - 1) > nowNanos) due--;
    while (intendedNanos(due) <= nowNanos) due++;
    return due;
  }
}
