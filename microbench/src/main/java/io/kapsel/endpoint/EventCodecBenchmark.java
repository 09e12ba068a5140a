package io.kapsel.endpoint;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.KeyHash;
import io.kapsel.core.webhook.WebhookId;
import java.util.ArrayList;
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
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The event that is journaled for an offer. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Benchmark)
public class EventCodecBenchmark {
  private static final long NOON = 1_795_521_600_000L;

  @Param({"1", "256"})
  public int webhooks;

  private Endpoint.Event event;
  private byte[] encoded;

  @Setup
  public void make() {
    List<Endpoint.Offered> offered = new ArrayList<>();
    for (int i = 0; i < webhooks; i++)
      offered.add(
          new Endpoint.Offered(
              new WebhookId(NOON << 16 | 0x7000, 1L << 63 | i), new KeyHash(i, -i), i, 0));
    event = new Endpoint.WebhooksAccepted(NOON, NOON - 86_400_000, offered);
    encoded = EventCodec.encode(event);
  }

  @Benchmark
  public Object encode() {
    return EventCodec.encode(event);
  }

  @Benchmark
  public Object decode() {
    return EventCodec.decode(EventCodec.manifest(event), encoded);
  }
}
