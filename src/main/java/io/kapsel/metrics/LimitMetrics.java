package io.kapsel.metrics;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import kamon.Kamon;
import kamon.metric.Counter;

/** Whether limits hold for the whole cluster. Refusals are counted with the other answers. */
public final class LimitMetrics {
  private final Metrics metrics;
  private final Map<String, Counter> degradations = new ConcurrentHashMap<>();

  LimitMetrics(Metrics metrics) {
    this.metrics = metrics;
  }

  /**
   * Redis rules from now on, or does not.
   *
   * @param well must be quick
   */
  public void watchRedis(BooleanSupplier well) {
    metrics.watch(
        "kapsel_redis_up",
        "1 while limits are shared through Redis, 0 while this node grants its share",
        () -> well.getAsBoolean() ? 1 : 0);
    for (String reason : new String[] {"slow", "down", "flushed", "lying"})
      degradations(reason).increment(0);
  }

  /**
   * This node began to grant its share.
   *
   * @param reason one of a few words
   */
  public void degraded(String reason) {
    degradations(reason.toLowerCase(Locale.ROOT)).increment();
  }

  private Counter degradations(String reason) {
    return degradations.computeIfAbsent(
        reason,
        each ->
            Kamon.counter(
                    "kapsel_redis_degradations_total",
                    "Times that this node began to grant its share of the limits")
                .withTag("reason", each));
  }
}
