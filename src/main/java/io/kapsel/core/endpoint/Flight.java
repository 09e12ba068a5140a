package io.kapsel.core.endpoint;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.pcollections.TreePMap;

/**
 * What the living endpoint knows and may forget in a crash: attempts in flight, the pace of the
 * rate limit, how far history has confirmed. Immutable.
 *
 * @param paceMillis when the next attempt may start, by the rate limit or for want of permits
 * @param confirmedBatch the newest outcome batch that history has confirmed, -1 for none
 */
public record Flight(TreePMap<Long, InFlight> attempts, double paceMillis, long confirmedBatch) {

  /**
   * @param probe whether it was sent through a circuit that is not closed
   * @param lostAtMillis when it counts as lost if nobody has answered for it
   */
  public record InFlight(int number, boolean probe, long startedAtMillis, long lostAtMillis) {}

  public static final Flight NONE = new Flight(TreePMap.empty(), 0, -1);

  boolean isCarrying(long sequence, int attemptNumber) {
    InFlight attempt = attempts.get(sequence);
    return attempt != null && attempt.number == attemptNumber;
  }

  long probes() {
    if (attempts.isEmpty()) return 0;
    return attempts.values().stream().filter(InFlight::probe).count();
  }

  List<Map.Entry<Long, InFlight>> lostAt(long nowMillis) {
    if (attempts.isEmpty()) return List.of();
    return attempts.entrySet().stream()
        .filter(entry -> entry.getValue().lostAtMillis <= nowMillis)
        .toList();
  }

  OptionalLong nextLossMillis() {
    if (attempts.isEmpty()) return OptionalLong.empty();
    return attempts.values().stream().mapToLong(InFlight::lostAtMillis).min();
  }

  /** The same attempts, none of them a probe: of a circuit that somebody has closed by hand. */
  Flight withoutProbes() {
    TreePMap<Long, InFlight> result = attempts;
    for (Map.Entry<Long, InFlight> entry : attempts.entrySet()) {
      InFlight attempt = entry.getValue();
      if (attempt.probe)
        result =
            result.plus(
                entry.getKey(),
                new InFlight(attempt.number, false, attempt.startedAtMillis, attempt.lostAtMillis));
    }
    return with(result, paceMillis);
  }

  Flight without(long sequence) {
    return new Flight(attempts.minus(sequence), paceMillis, confirmedBatch);
  }

  Flight with(TreePMap<Long, InFlight> to, double pace) {
    return new Flight(to, pace, confirmedBatch);
  }

  Flight pausedUntil(long millis) {
    return new Flight(attempts, Math.max(paceMillis, (double) millis), confirmedBatch);
  }

  Flight confirmed(long batch) {
    return batch <= confirmedBatch ? this : new Flight(attempts, paceMillis, batch);
  }
}
