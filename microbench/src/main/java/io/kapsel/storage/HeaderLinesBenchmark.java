package io.kapsel.storage;

import io.kapsel.core.webhook.Header;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Headers as they are stored. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Benchmark)
public class HeaderLinesBenchmark {
  private List<Header> headers;
  private byte[] stored;

  @Setup
  public void make() {
    headers =
        List.of(
            new Header("Host", "hooks.example.com"),
            new Header("User-Agent", "GitHub-Hookshot/044aadd"),
            new Header("Accept", "*/*"),
            new Header("Content-Type", "application/json"),
            new Header("Content-Length", "1024"),
            new Header("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
            new Header("X-GitHub-Event", "push"),
            new Header("X-Hub-Signature-256", "sha256=" + "0".repeat(64)));
    stored = HeaderLines.write(headers);
  }

  @Benchmark
  public Object write() {
    return HeaderLines.write(headers);
  }

  @Benchmark
  public Object read() {
    return HeaderLines.read(stored);
  }
}
