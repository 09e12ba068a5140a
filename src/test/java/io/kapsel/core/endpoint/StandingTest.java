package io.kapsel.core.endpoint;

import static io.kapsel.core.endpoint.Scenario.ERROR_500;
import static io.kapsel.core.endpoint.Scenario.T0;
import static io.kapsel.core.endpoint.Scenario.TENANT;
import static io.kapsel.core.endpoint.Scenario.accepted;
import static io.kapsel.core.endpoint.Scenario.again;
import static io.kapsel.core.endpoint.Scenario.at;
import static io.kapsel.core.endpoint.Scenario.closed;
import static io.kapsel.core.endpoint.Scenario.delivered;
import static io.kapsel.core.endpoint.Scenario.ended;
import static io.kapsel.core.endpoint.Scenario.id;
import static io.kapsel.core.endpoint.Scenario.inFlightMax;
import static io.kapsel.core.endpoint.Scenario.inLane;
import static io.kapsel.core.endpoint.Scenario.paced;
import static io.kapsel.core.endpoint.Scenario.seconds;
import static io.kapsel.core.endpoint.Scenario.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.core.endpoint.Endpoint.Event;
import io.kapsel.core.endpoint.Standing.Place;
import org.junit.jupiter.api.Test;

final class StandingTest {
  private static State state(EndpointConfig config, Event... past) {
    State state = Endpoint.evolve(null, new Endpoint.Created(T0, TENANT, config), Limits.DEFAULT);
    for (Event event : past) state = Endpoint.evolve(state, event, Limits.DEFAULT);
    return state;
  }

  /** After the shell has looked at the state once. */
  private static Standing standing(State state, int webhook) {
    Flight flight = Endpoint.plan(state, Flight.NONE, T0, Limits.DEFAULT).flight();
    return Standing.of(state, flight, id(webhook), Limits.DEFAULT);
  }

  @Test
  void what_is_under_way_and_what_waits_for_a_place() {
    State state = state(inFlightMax(1), accepted(1, 2));
    assertEquals(Place.IN_FLIGHT, standing(state, 1).place());
    assertEquals(T0, standing(state, 1).startedAtMillis());
    Standing second = standing(state, 2);
    assertEquals(Place.WAITING, second.place());
    assertTrue(second.full());
    assertEquals(0, second.ahead());
  }

  @Test
  void in_fifo_order_all_earlier_ones_are_ahead() {
    State state = state(with(Ordering.FIFO), accepted(1, 2, 3));
    assertEquals(0, standing(state, 1).ahead());
    assertEquals(2, standing(state, 3).ahead());
    assertEquals(id(1), standing(state, 3).first());
  }

  @Test
  void in_keyed_order_those_of_the_same_key_are_ahead() {
    State state = state(with(Ordering.KEYED), accepted(inLane(7, 1), inLane(8, 2), inLane(7, 3)));
    assertEquals(0, standing(state, 2).ahead());
    assertEquals(1, standing(state, 3).ahead());
    assertEquals(id(1), standing(state, 3).first());
  }

  @Test
  void a_failed_one_waits_until_it_is_due() {
    State state =
        state(
            Scenario.CONFIG,
            accepted(1),
            ended(T0, 0, closed("x"), again(1, 1, ERROR_500, at(seconds(9)))));
    Standing standing = standing(state, 1);
    assertEquals(Place.WAITING, standing.place());
    assertEquals(at(seconds(9)), standing.dueAtMillis());
    assertEquals(1, standing.attempts());
    assertFalse(standing.full());
  }

  @Test
  void the_rate_limit_names_the_time_of_the_next_start() {
    State state = state(paced(0.1), accepted(1, 2, 3));
    assertTrue(standing(state, 3).pacedUntilMillis() > T0);
  }

  @Test
  void what_is_over_is_known_until_history_has_it() {
    State state = state(Scenario.CONFIG, accepted(1), ended(T0, 0, closed("."), delivered(1, 1)));
    assertEquals(Place.ENDED, standing(state, 1).place());
    assertEquals(Place.UNKNOWN, standing(state, 2).place());
  }
}
