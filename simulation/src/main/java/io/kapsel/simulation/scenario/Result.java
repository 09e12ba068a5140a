package io.kapsel.simulation.scenario;

import java.util.List;
import java.util.SortedMap;

/**
 * What a run came to.
 *
 * @param plan the plan that was played, whoever made it
 * @param hash over every task, frame, request and note with its virtual time
 * @param sometimes how often each rare situation was met
 * @param faults ids of the plan's faults that really happened
 * @param observations what was seen, in order; the last ones are missing when there were too many
 * @param notes the latest lines of the trace
 */
public record Result(
    Scenario scenario,
    Options options,
    Plan plan,
    String hash,
    long steps,
    long events,
    long virtualNanos,
    long cpuNanos,
    List<Violation> violations,
    SortedMap<String, Long> sometimes,
    List<Integer> faults,
    List<Observation> observations,
    long observationsDropped,
    List<String> notes) {

  public boolean isClean() {
    return violations.isEmpty();
  }
}
