package io.kapsel.simulation.mutant;

import io.kapsel.core.endpoint.Backlog;
import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.endpoint.State;
import java.util.List;
import java.util.OptionalLong;

/** A call of {@link Endpoint#plan} as the endpoint's actor makes it. */
record Planning(State state, Flight flight, long nowMillis, Limits limits) {

  Endpoint.Plan faithfully() {
    return Endpoint.plan(state, flight, nowMillis, limits);
  }

  /** Nothing to do, and nothing to wake up for. */
  Endpoint.Plan nothing() {
    return new Endpoint.Plan(List.of(), flight, OptionalLong.empty());
  }

  String endpoint() {
    return state.config().name();
  }

  boolean isHalfOpen() {
    return state.circuit().phaseAt(nowMillis) == Circuit.Phase.HALF_OPEN;
  }

  Planning in(State other) {
    return new Planning(other, flight, nowMillis, limits);
  }

  Planning within(Limits other) {
    return new Planning(state, flight, nowMillis, other);
  }

  Planning with(Backlog backlog, Circuit circuit) {
    return in(
        new State(
            state.tenant(),
            state.config(),
            state.status(),
            state.statusReason(),
            state.version(),
            state.createdAtMillis(),
            state.updatedAtMillis(),
            state.nextSequence(),
            backlog,
            state.window(),
            circuit,
            state.outbox(),
            state.nextBatch()));
  }
}
