package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
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

/** Verifying what GitHub signs. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Benchmark)
public class SignatureBenchmark {
  @Param({"1024", "65536"})
  public int bytes;

  private byte[] body;
  private List<Header> headers;
  private SignatureSettings settings;

  @Setup
  public void sign() throws Exception {
    body = new byte[bytes];
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec("secret".getBytes(UTF_8), "HmacSHA256"));
    String signature = "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
    headers =
        List.of(
            new Header("Host", "localhost"),
            new Header("Content-Type", "application/json"),
            new Header("X-Hub-Signature-256", signature));
    settings = SignatureSettings.of(SignatureSettings.Scheme.GITHUB, List.of(new Secret("secret")));
    if (verify() != java.util.Optional.<Rejection>empty()) throw new IllegalStateException();
  }

  @Benchmark
  public Object verify() {
    return SignatureVerifier.verify(settings, 0, headers, body, "POST", "http://localhost/");
  }
}
