package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * S9: within the window the same key gets the byte-identical answer, whatever happened meanwhile,
 * and the same key with another body is never accepted; but for keys that the journal says were
 * forgotten for want of room, which {@link KeysHaveRoom} judges.
 */
final class DuplicatesGetTheSameAnswer implements Invariant {
  private record First(Observation.Answered answer, int index, long body) {}

  private final Findings findings;
  private final long windowNanos;
  private final long windowMillis;

  /** When each event was accepted, by its endpoint's clock, while its key is remembered. */
  private final TreeMap<String, Map<String, Long>> remembered = new TreeMap<>();

  private final Set<String> forgotten = new HashSet<>();
  private final Map<String, First> first = new HashMap<>();
  private final Map<String, Observation.Requested> requests = new HashMap<>();

  /**
   * @param clockMillisMax how far a node's clock may be off
   */
  DuplicatesGetTheSameAnswer(Findings findings, Options options, long clockMillisMax) {
    this.findings = findings;
    // A minute for the time between the identifier and the answer.
    windowMillis = options.whole(Option.WINDOW_SECONDS) * 1_000;
    windowNanos = (windowMillis * 9 / 10 - clockMillisMax - 60_000) * 1_000_000;
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.Requested requested ->
          requests.put(requested.webhook() + "/" + requested.attempt(), requested);
      case Observation.Answered answered -> answered(index, answered);
      case Observation.Journaled journaled -> {
        for (Endpoint.Event event : journaled.events())
          if (event instanceof Endpoint.WebhooksAccepted accepted)
            accepted(journaled.endpoint(), accepted);
      }
      default -> {}
    }
  }

  private void accepted(String endpoint, Endpoint.WebhooksAccepted accepted) {
    Map<String, Long> known = remembered.computeIfAbsent(endpoint, name -> new HashMap<>());
    long floor = accepted.windowFloorMillis();
    if (floor > accepted.atMillis() - windowMillis)
      known
          .entrySet()
          .removeIf(
              each -> {
                boolean early = each.getValue() < floor;
                if (early) forgotten.add(each.getKey());
                return early;
              });
    for (Endpoint.Offered offered : accepted.webhooks())
      known.put(offered.id().toString(), accepted.atMillis());
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
    if (before == null
        || answered.atNanos() - before.answer.atNanos() > windowNanos
        || forgotten.contains(before.answer.event())) {
      first.put(key, new First(answered, index, request.body()));
      return;
    }
    if (forgotten.contains(answered.event())) return;
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
