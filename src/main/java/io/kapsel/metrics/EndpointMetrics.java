package io.kapsel.metrics;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Pending;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.endpoint.EndpointObserver;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import kamon.Kamon;
import kamon.metric.Counter;
import kamon.metric.Gauge;
import kamon.metric.Histogram;

/** Sums over the endpoints that live on this node. */
public final class EndpointMetrics implements EndpointObserver {
  private static final Duration TICK = Duration.ofSeconds(1);
  private static final double MILLIS_PER_SECOND = 1_000;

  private record Seen(
      int queued, long oldestMillis, int inFlight, Circuit.Phase phase, int keysRemembered) {}

  private final Map<EndpointId, Seen> seen = new ConcurrentHashMap<>();
  private final Map<Outcome.Kind, Counter> attempts = new EnumMap<>(Outcome.Kind.class);
  private final Map<Outcome.Kind, Histogram> durations = new EnumMap<>(Outcome.Kind.class);
  private final Map<Circuit.Phase, Gauge> circuits = new EnumMap<>(Circuit.Phase.class);
  private final Gauge queued = gauge("kapsel_queue_depth", "Webhooks not yet in a final state");
  private final Gauge oldest =
      gauge("kapsel_oldest_pending_age_seconds", "Age of the oldest webhook in a queue");
  private final Gauge inFlight = gauge("kapsel_attempts_in_flight", "Attempts being made");
  private final Gauge keys =
      gauge("kapsel_idempotency_keys", "Idempotency keys remembered for their window");
  private final Counter keysEvicted =
      Kamon.counter(
              "kapsel_idempotency_keys_evicted_total",
              "Idempotency keys forgotten before their time, because an endpoint's window was full")
          .withoutTags();
  private final Gauge endpoints = gauge("kapsel_endpoints_active", "Endpoints living on this node");

  EndpointMetrics() {
    for (Outcome.Kind kind : Outcome.Kind.values()) {
      String outcome = text(kind);
      attempts.put(
          kind,
          Kamon.counter("webhook_delivery_attempts_total", "Finished attempts")
              .withTag("outcome", outcome));
      durations.put(
          kind,
          Metrics.duration(
              "webhook_delivery_duration_seconds", "Duration of finished attempts", outcome));
      attempts.get(kind).increment(0);
    }
    for (Circuit.Phase phase : Circuit.Phase.values()) {
      circuits.put(
          phase,
          Kamon.gauge("circuit_breaker_state", "Endpoints whose circuit is in this state")
              .withTag("state", text(phase)));
    }
    keysEvicted.increment(0);
    Consumer<Gauge> update = ignored -> update();
    endpoints.autoUpdate(update, TICK);
  }

  private static Gauge gauge(String name, String help) {
    return Kamon.gauge(name, help).withoutTags();
  }

  private static String text(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public void persisted(EndpointId id, Endpoint.Event event) {
    if (!(event instanceof Endpoint.AttemptsEnded batch)) return;
    for (Ended ended : batch.ended()) {
      Outcome.Kind kind = ended.attempt().outcome().kind();
      Counter counter = attempts.get(kind);
      Histogram histogram = durations.get(kind);
      if (counter == null || histogram == null) continue;
      counter.increment();
      histogram.record(Math.max(0, ended.attempt().durationMillis()));
    }
  }

  @Override
  public void forgot(EndpointId id, int keys) {
    keysEvicted.increment(keys);
  }

  @Override
  public void stepped(EndpointId id, State state, Flight flight) {
    seen.put(
        id,
        new Seen(
            state.backlog().size(),
            state.backlog().oldest().map(Pending::id).map(w -> w.createdAtMillis()).orElse(0L),
            flight.attempts().size(),
            state.circuit().phase(),
            state.window().size()));
  }

  @Override
  public void stopped(EndpointId id) {
    seen.remove(id);
  }

  private void update() {
    double queuedSum = 0;
    double inFlightSum = 0;
    double keysSum = 0;
    long oldestMillis = Long.MAX_VALUE;
    var phases = new EnumMap<Circuit.Phase, Integer>(Circuit.Phase.class);
    for (Seen each : seen.values()) {
      queuedSum += each.queued();
      inFlightSum += each.inFlight();
      keysSum += each.keysRemembered();
      if (each.oldestMillis() > 0) oldestMillis = Math.min(oldestMillis, each.oldestMillis());
      phases.merge(each.phase(), 1, Integer::sum);
    }
    long age = oldestMillis == Long.MAX_VALUE ? 0 : System.currentTimeMillis() - oldestMillis;
    queued.update(queuedSum);
    inFlight.update(inFlightSum);
    keys.update(keysSum);
    oldest.update(Math.max(0, age) / MILLIS_PER_SECOND);
    endpoints.update(seen.size());
    circuits.forEach((phase, gauge) -> gauge.update(phases.getOrDefault(phase, 0)));
  }
}
