package io.kapsel.core.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.endpoint.Endpoint.Command;
import io.kapsel.core.endpoint.Endpoint.Decision;
import io.kapsel.core.endpoint.Endpoint.Event;
import io.kapsel.core.endpoint.Endpoint.Plan;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint as its shell lets it live: decide, persist, fold, plan. Its journal is a list and its
 * clock a number. Every invariant is checked after every fold and every plan.
 */
final class Life {
  private final List<Event> journal = new ArrayList<>();
  private final Jitter jitter;
  private final Limits limits;
  private @Nullable State state;
  private Flight flight = Flight.NONE;
  private Plan plan = new Plan(List.of(), Flight.NONE, OptionalLong.empty());
  private long nowMillis;

  Life(long nowMillis, Jitter jitter, Limits limits) {
    this.nowMillis = nowMillis;
    this.jitter = jitter;
    this.limits = limits;
  }

  /** Takes the event as one that was persisted before. */
  void recover(Event event) {
    journal.add(event);
    state = Endpoint.evolve(state, event, limits);
    check();
  }

  Decision step(Command command) {
    Decision decision = Endpoint.decide(state, flight, command, nowMillis, jitter, limits);
    for (Event event : decision.events()) {
      journal.add(event);
      state = Endpoint.evolve(state, event, limits);
    }
    flight = decision.flight();
    if (state == null) return decision;
    check();
    look();
    return decision;
  }

  /** Starts what is due. */
  Plan look() {
    plan = Endpoint.plan(state(), flight, nowMillis, limits);
    flight = plan.flight();
    check();
    return plan;
  }

  /** Forgets all but the journal. */
  Plan crash() {
    State recovered = replay(journal, limits);
    assertEquals(state, recovered, "the journal tells another state");
    state = recovered;
    flight = Flight.NONE;
    return look();
  }

  static State replay(List<Event> journal, Limits limits) {
    State state = null;
    for (Event event : journal) state = Endpoint.evolve(state, event, limits);
    return Objects.requireNonNull(state, "an empty journal");
  }

  void at(long millis) {
    nowMillis = millis;
  }

  long nowMillis() {
    return nowMillis;
  }

  boolean exists() {
    return state != null;
  }

  State state() {
    return Objects.requireNonNull(state, "the endpoint was never created");
  }

  Flight flight() {
    return flight;
  }

  /** The newest plan. */
  Plan plan() {
    return plan;
  }

  Limits limits() {
    return limits;
  }

  List<Event> journal() {
    return journal;
  }

  private void check() {
    Invariants.check(state(), flight, limits);
  }
}
