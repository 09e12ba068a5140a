package io.kapsel.simulation.mutant;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.Jitter;
import io.kapsel.core.endpoint.KeyWindow;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.endpoint.State;
import org.jspecify.annotations.Nullable;

/** A call of {@link Endpoint#decide} as the endpoint's actor makes it. */
record Deciding(
    @Nullable State state,
    Flight flight,
    Endpoint.Command command,
    long nowMillis,
    Jitter jitter,
    Limits limits) {

  Endpoint.Decision faithfully() {
    return Endpoint.decide(state, flight, command, nowMillis, jitter, limits);
  }

  Deciding in(@Nullable State other) {
    return new Deciding(other, flight, command, nowMillis, jitter, limits);
  }

  /** As if no idempotency key were remembered. */
  Deciding withoutKeys(State known) {
    return in(
        new State(
            known.tenant(),
            known.config(),
            known.status(),
            known.statusReason(),
            known.version(),
            known.createdAtMillis(),
            known.updatedAtMillis(),
            known.nextSequence(),
            known.backlog(),
            KeyWindow.EMPTY,
            known.circuit(),
            known.outbox(),
            known.nextBatch()));
  }

  Deciding within(Limits other) {
    return new Deciding(state, flight, command, nowMillis, jitter, other);
  }

  Deciding on(Endpoint.Command other) {
    return new Deciding(state, flight, other, nowMillis, jitter, limits);
  }
}
