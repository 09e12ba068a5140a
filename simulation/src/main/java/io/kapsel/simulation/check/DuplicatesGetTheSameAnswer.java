package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.HashMap;
import java.util.Map;

/**
 * S9: within the window the same key gets the byte-identical answer, whatever happened meanwhile,
 * and the same key with another body is never accepted.
 */
final class DuplicatesGetTheSameAnswer implements Invariant {
  private record First(Observation.Answered answer, int index, long body) {}

  private final Findings findings;
  private final long windowNanos;
  private final Map<String, First> first = new HashMap<>();
  private final Map<String, Observation.Requested> requests = new HashMap<>();

  /**
   * @param clockMillisMax how far a node's clock may be off
   */
  DuplicatesGetTheSameAnswer(Findings findings, Options options, long clockMillisMax) {
    this.findings = findings;
    // A minute for the time between the identifier and the answer.
    windowNanos =
        (options.whole(Option.WINDOW_SECONDS) * 1_000 * 9 / 10 - clockMillisMax - 60_000)
            * 1_000_000;
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.Requested requested ->
          requests.put(requested.webhook() + "/" + requested.attempt(), requested);
      case Observation.Answered answered -> answered(index, answered);
      default -> {}
    }
  }

  private void answered(int index, Observation.Answered answered) {
    Observation.Requested request = requests.get(answered.webhook() + "/" + answered.attempt());
    if (request == null) return;
    if (!request.valid() && answered.status() == 200)
      findings.broken(
          "S9",
          Severity.SAFETY,
          answered.endpoint(),
          answered.webhook(),
          answered.webhook() + " was accepted although it is not valid.",
          index);
    if (request.key().isEmpty() || answered.status() != 200) return;
    String key = answered.endpoint() + "/" + request.key();
    First before = first.get(key);
    if (before == null || answered.atNanos() - before.answer.atNanos() > windowNanos) {
      first.put(key, new First(answered, index, request.body()));
      return;
    }
    if (before.body != request.body())
      broken(index, before, answered, "was accepted under a key that had another body");
    else if (!before.answer.bytes().equals(answered.bytes()))
      broken(index, before, answered, "was answered differently from the first time");
  }

  private void broken(int index, First before, Observation.Answered answered, String what) {
    findings.broken(
        "S9",
        Severity.SAFETY,
        answered.endpoint(),
        answered.webhook(),
        answered.webhook()
            + " "
            + what
            + ": "
            + answered.event()
            + ", before "
            + before.answer.event()
            + ".",
        before.index,
        index);
  }
}
