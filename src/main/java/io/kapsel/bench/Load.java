package io.kapsel.bench;

import java.util.List;
import java.util.Map;

/**
 * How much is sent, and for how long.
 *
 * @param perSecond infinite: as fast as the connections are answered
 * @param warmUpMillis sent before, and not measured
 * @param measureMillis the measured span
 * @param drainMillis how long answers are awaited after that
 * @param requestsMax ends the load early
 */
record Load(
    double perSecond, long warmUpMillis, long measureMillis, long drainMillis, long requestsMax) {
  private static final long DRAIN_MILLIS = 15_000;

  static Load closed(long warmUpMillis, long measureMillis) {
    return new Load(
        Double.POSITIVE_INFINITY, warmUpMillis, measureMillis, DRAIN_MILLIS, Long.MAX_VALUE);
  }

  static Load open(double perSecond, long warmUpMillis, long measureMillis) {
    return new Load(perSecond, warmUpMillis, measureMillis, DRAIN_MILLIS, Long.MAX_VALUE);
  }

  /** So many requests as fast as they are answered. */
  static Load of(long requests) {
    return new Load(Double.POSITIVE_INFINITY, 0, Long.MAX_VALUE / 2_000_000, 60_000, requests);
  }

  /** How long and how much, for people. */
  @Override
  public String toString() {
    if (requestsMax < Long.MAX_VALUE) return requestsMax + " requests";
    String rate = Double.isInfinite(perSecond) ? "" : ", " + TextReport.number(perSecond) + "/s";
    return (warmUpMillis + measureMillis) / 1_000 + " s" + rate;
  }

  /**
   * What came of it.
   *
   * @param accepted latencies of answers with 200
   * @param refused latencies of all other answers
   * @param statuses answers in the measured span, by status
   * @param unanswered requests of the span that had no answer in the end; they count in {@code
   *     accepted} with the time they had waited
   * @param failed connections that broke with a request in flight
   */
  record Outcome(
      Latencies.Summary accepted,
      Latencies.Summary refused,
      List<Latencies.Second> seconds,
      Map<Integer, Long> statuses,
      long unanswered,
      long failed,
      long firstAcceptedNanos) {
    /** Requests that may have been accepted all the same: unanswered, or refused too late. */
    long uncertain() {
      return unanswered + failed + refusals();
    }

    long refusals() {
      return refused.answers();
    }
  }
}
