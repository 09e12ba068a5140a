package io.kapsel.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Latencies of one measured span of time, as a whole and second by second. A request belongs to the
 * span when it was meant to start in it, however late its answer comes. Not thread-safe.
 */
final class Latencies {
  private static final long MICROS_MAX = TimeUnit.MINUTES.toMicros(10);
  private static final int DIGITS = 3;

  /**
   * One second.
   *
   * @param answers that came in it
   */
  record Second(long answers, double p50Millis, double p99Millis, double maxMillis) {}

  /**
   * @param answers to all requests that were due in the span, late ones too
   * @param perSecond answers that came within the span, by its length
   */
  record Summary(
      long answers,
      double perSecond,
      double p50Millis,
      double p90Millis,
      double p99Millis,
      double p999Millis,
      double maxMillis) {}

  private final long fromNanos;
  private final long untilNanos;
  private final Histogram whole = new Histogram(MICROS_MAX, DIGITS);
  private final Histogram second = new Histogram(MICROS_MAX, DIGITS);
  private final List<Second> seconds = new ArrayList<>();
  private long secondEndsNanos;
  private long inTime;

  Latencies(long fromNanos, long untilNanos) {
    this.fromNanos = fromNanos;
    this.untilNanos = untilNanos;
    this.secondEndsNanos = fromNanos + TimeUnit.SECONDS.toNanos(1);
  }

  boolean covers(long intendedNanos) {
    return intendedNanos - fromNanos >= 0 && intendedNanos - untilNanos < 0;
  }

  void record(long intendedNanos, long endedNanos) {
    if (!covers(intendedNanos)) return;
    long micros = TimeUnit.NANOSECONDS.toMicros(endedNanos - intendedNanos);
    long kept = Math.min(Math.max(micros, 0), MICROS_MAX);
    whole.recordValue(kept);
    if (endedNanos - untilNanos >= 0) return;
    rollTo(endedNanos);
    inTime++;
    second.recordValue(kept);
  }

  /** Seconds without any answer show as such. */
  private void rollTo(long nowNanos) {
    while (nowNanos - secondEndsNanos >= 0) {
      seconds.add(thisSecond());
      second.reset();
      secondEndsNanos += TimeUnit.SECONDS.toNanos(1);
    }
  }

  private Second thisSecond() {
    return new Second(
        second.getTotalCount(),
        millis(second.getValueAtPercentile(50)),
        millis(second.getValueAtPercentile(99)),
        millis(second.getMaxValue()));
  }

  /** The whole seconds of the span that have passed by now. */
  List<Second> seconds(long nowNanos) {
    rollTo(nowNanos - untilNanos < 0 ? nowNanos : untilNanos);
    return List.copyOf(seconds);
  }

  Summary summary() {
    double span = (untilNanos - fromNanos) / 1e9;
    return new Summary(
        whole.getTotalCount(),
        inTime / span,
        millis(whole.getValueAtPercentile(50)),
        millis(whole.getValueAtPercentile(90)),
        millis(whole.getValueAtPercentile(99)),
        millis(whole.getValueAtPercentile(99.9)),
        millis(whole.getMaxValue()));
  }

  private static double millis(long micros) {
    return micros / 1e3;
  }
}
