package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * S3: delivered is recorded only after a 2xx of the destination, and history says the same; an
 * outcome that is recorded is the one that came.
 */
record DeliveredMeansDelivered(Facts facts, Findings findings) implements Invariant {
  /** Outcomes of attempts that nobody answered for, or that were not sent. */
  private static final Set<String> MADE_UP =
      Set.of("Nobody answered for the attempt.", "The payload was erased.");

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.Journaled journaled -> {
        for (Endpoint.Event event : journaled.events())
          if (event instanceof Endpoint.AttemptsEnded batch)
            for (Ended ended : batch.ended()) {
              check(index, ended);
              compare(index, ended);
            }
      }
      case Observation.HistoryRecorded recorded -> {
        Facts.Event event = facts.event(recorded.event());
        Ended known = event.outcomes.get(recorded.number());
        if (known == null || known.verdict() != recorded.verdict())
          broken(index, event, "has a line in history that its endpoint never journaled");
      }
      default -> {}
    }
  }

  private void check(int index, Ended ended) {
    boolean says =
        ended.verdict() == Verdict.DELIVERED
            || ended.attempt().outcome().kind() == Outcome.Kind.DELIVERED;
    if (!says) return;
    Facts.Event event = facts.event(ended.attempt().webhook().toString());
    int number = ended.attempt().number();
    List<Facts.Sent> sent = event.sent.stream().filter(each -> each.number == number).toList();
    // Two of the same number, after a stop, cannot be told apart by their ends.
    boolean answered =
        sent.stream().anyMatch(each -> each.processed)
            && sent.stream().anyMatch(each -> isSuccess(each.ended));
    if (!answered)
      broken(index, event, "is recorded as delivered by attempt " + number + " without a 2xx");
  }

  private static boolean isSuccess(Observation.@Nullable AttemptEnded ended) {
    return ended != null && ended.status() / 100 == 2 && ended.kind() == Outcome.Kind.DELIVERED;
  }

  private void compare(int index, Ended ended) {
    Outcome outcome = ended.attempt().outcome();
    if (MADE_UP.contains(outcome.message())) return;
    Facts.Event event = facts.event(ended.attempt().webhook().toString());
    int number = ended.attempt().number();
    boolean came =
        event.sent.stream()
            .anyMatch(
                sent ->
                    sent.number == number
                        && sent.ended != null
                        && sent.ended.status() == outcome.status()
                        && sent.ended.kind() == outcome.kind());
    if (!came)
      broken(
          index,
          event,
          "is recorded with an outcome of attempt "
              + number
              + ", "
              + outcome.kind()
              + ", that never came");
  }

  private void broken(int index, Facts.Event event, String what) {
    int sent = event.sent.isEmpty() ? -1 : event.sent.getLast().index;
    int ended = event.sent.isEmpty() ? -1 : event.sent.getLast().endedIndex;
    findings.broken(
        "S3",
        Severity.SAFETY,
        event.endpoint,
        event.webhook,
        event.webhook + " " + what + ".",
        event.acceptedIndex,
        sent,
        ended,
        index);
  }
}
