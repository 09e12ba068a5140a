package io.kapsel.core.endpoint;

import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.Warmup;

/** One webhook into an endpoint that has some waiting: decide, evolve, and the plan after. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@org.openjdk.jmh.annotations.State(Scope.Benchmark)
public class DeciderBenchmark {
  private static final long NOON = 1_795_521_600_000L;

  @Param({"0", "1000", "100000"})
  public int waiting;

  private io.kapsel.core.endpoint.State state;
  private Endpoint.Offer offer;

  @Setup
  public void fill() {
    EndpointConfig config =
        new EndpointConfig(
            "bench",
            "https://example.com/",
            SignatureSettings.NONE,
            IdempotencySettings.DEFAULT,
            RetryPolicy.DEFAULT,
            CircuitPolicy.DEFAULT,
            DeliverySettings.DEFAULT,
            false);
    state = Endpoint.evolve(null, new Endpoint.Created(NOON, new TenantId(1, 1), config), Limits.DEFAULT);
    state = Endpoint.evolve(state, new Endpoint.StatusChanged(NOON, Status.PAUSED, ""), Limits.DEFAULT);
    for (int i = 0; i < waiting; i++) state = Endpoint.evolve(state, accepted(i), Limits.DEFAULT);
    offer = new Endpoint.Offer(state.version(), false, List.of(offered(waiting)));
  }

  private static Endpoint.Offered offered(int number) {
    WebhookId id = new WebhookId(NOON << 16 | 0x7000, 1L << 63 | number);
    return new Endpoint.Offered(id, new KeyHash(number * 0x9E3779B97F4A7C15L, number), number, 0);
  }

  private static Endpoint.WebhooksAccepted accepted(int number) {
    return new Endpoint.WebhooksAccepted(NOON, NOON - 86_400_000, List.of(offered(number)));
  }

  @Benchmark
  public Object accept() {
    Endpoint.Decision decision =
        Endpoint.decide(state, Flight.NONE, offer, NOON + 1, () -> 0.5, Limits.DEFAULT);
    io.kapsel.core.endpoint.State after = state;
    for (Endpoint.Event event : decision.events()) after = Endpoint.evolve(after, event, Limits.DEFAULT);
    return Endpoint.plan(after, decision.flight(), NOON + 1, Limits.DEFAULT);
  }

  /** The 24 hours of idempotency keys. */
  @Benchmark
  public Object findKey() {
    return state.window().find(new KeyHash(42, 42), NOON - 86_400_000);
  }
}
