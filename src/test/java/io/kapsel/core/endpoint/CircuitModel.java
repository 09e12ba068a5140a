package io.kapsel.core.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;

/** What a circuit does, told with a list of outcomes. */
final class CircuitModel {
  private final CircuitPolicy policy;
  private final List<Boolean> failures = new ArrayList<>();
  private Circuit.Phase phase = Circuit.Phase.CLOSED;
  private long openUntilMillis;
  private int probes;
  private int ramp;

  CircuitModel(CircuitPolicy policy) {
    this.policy = policy;
  }

  void reset() {
    failures.clear();
    phase = Circuit.Phase.CLOSED;
    ramp = 0;
  }

  void feed(Outcome.Kind kind, boolean probe, long nowMillis, int maxInFlight) {
    if (kind == Outcome.Kind.REFUSED || kind == Outcome.Kind.GONE) return;
    boolean failed = kind != Outcome.Kind.DELIVERED;
    if (phase == Circuit.Phase.CLOSED) {
      failures.add(failed);
      if (!failed && ramp > 0 && ++ramp >= maxInFlight) ramp = 0;
      if (failed && isTooMuch()) open(nowMillis);
    } else if (probe) {
      if (failed) open(nowMillis);
      else if (++probes == policy.halfOpenSuccesses()) close(maxInFlight);
      else phase = Circuit.Phase.HALF_OPEN;
    }
  }

  private boolean isTooMuch() {
    int newest = failures.size();
    int row = policy.consecutiveFailures();
    boolean inARow = newest >= row && !failures.subList(newest - row, newest).contains(false);
    if (newest < policy.window()) return inARow;
    long ofTheLast =
        failures.subList(newest - policy.window(), newest).stream().filter(each -> each).count();
    return inARow || ofTheLast >= policy.failureRate() * policy.window();
  }

  private void open(long nowMillis) {
    phase = Circuit.Phase.OPEN;
    openUntilMillis = nowMillis + policy.openMillis();
    probes = 0;
    failures.clear();
    ramp = 0;
  }

  private void close(int maxInFlight) {
    phase = Circuit.Phase.CLOSED;
    failures.clear();
    ramp = policy.halfOpenSuccesses() >= maxInFlight ? 0 : policy.halfOpenSuccesses();
  }

  void check(Circuit circuit) {
    assertEquals(phase, circuit.phase());
    assertEquals(ramp, circuit.ramp());
    if (phase != Circuit.Phase.CLOSED) assertEquals(openUntilMillis, circuit.openUntilMillis());
  }
}
