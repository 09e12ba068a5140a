package io.kapsel.core.endpoint;

import io.kapsel.core.endpoint.Flight.InFlight;
import io.kapsel.core.webhook.WebhookId;
import java.util.Optional;

/**
 * Where one webhook of an endpoint stands at one moment, and what keeps it from being attempted
 * beside the endpoint's status and circuit.
 *
 * @param attempts finished attempts
 * @param budgetUsed finished attempts since it was accepted or last retried by hand
 * @param dueAtMillis not attempted again before this
 * @param startedAtMillis when the attempt in flight started, 0 for none
 * @param ahead how many webhooks of the same order come first
 * @param first the one that all of them wait for: itself when nothing is ahead
 * @param pacedUntilMillis the rate limit or the want of permits lets no attempt start before this
 * @param full whether the endpoint has as many attempts in flight as it may
 * @param historyBehind whether attempts wait for history to catch up
 */
public record Standing(
    Place place,
    int attempts,
    int budgetUsed,
    long dueAtMillis,
    long startedAtMillis,
    int ahead,
    WebhookId first,
    long pacedUntilMillis,
    boolean full,
    boolean historyBehind) {

  public enum Place {
    /** The endpoint does not know it: not yet accepted, or long over. */
    UNKNOWN,
    WAITING,
    IN_FLIGHT,
    /** Over; history is about to say how. */
    ENDED
  }

  public static Standing of(State state, Flight flight, WebhookId id, Limits limits) {
    Optional<Pending> found = state.backlog().find(id);
    if (found.isEmpty()) {
      Place place = state.owns(id) ? Place.ENDED : Place.UNKNOWN;
      return new Standing(place, 0, 0, 0, 0, 0, id, 0, false, false);
    }
    Pending pending = found.get();
    InFlight attempt = flight.attempts().get(pending.sequence());
    return new Standing(
        attempt == null ? Place.WAITING : Place.IN_FLIGHT,
        pending.attempts(),
        pending.budgetUsed(),
        pending.dueAtMillis(),
        attempt == null ? 0 : attempt.startedAtMillis(),
        state.backlog().ahead(pending),
        state.backlog().firstOfLane(pending).id(),
        (long) Math.ceil(flight.paceMillis()),
        flight.attempts().size() >= state.maxInFlight(),
        state.unconfirmed(flight.confirmedBatch()) >= limits.outboxBatchesMax());
  }
}
