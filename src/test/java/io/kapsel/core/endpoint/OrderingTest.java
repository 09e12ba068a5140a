package io.kapsel.core.endpoint;

import static io.kapsel.core.endpoint.Scenario.*;

import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.core.endpoint.Endpoint.Configured;
import io.kapsel.core.endpoint.Endpoint.Retry;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Who may go before whom. */
class OrderingTest {

  @Nested
  class Parallel {
    @Test
    void starts_in_order_of_acceptance() {
      given(inFlightMax(2), accepted(1, 2, 3))
          .andStarts(attempt(1, 1), attempt(2, 1))
          .when(finish(2, 1, OK))
          .andStarts(attempt(3, 1));
    }

    @Test
    void does_not_wait_for_a_webhook_that_failed() {
      given(inFlightMax(1), accepted(1, 2))
          .when(finish(1, 1, ERROR_500))
          .andStarts(attempt(2, 1))
          .when(at(seconds(1)), finish(2, 1, OK))
          .andStarts(attempt(1, 2));
    }

    @Test
    void starts_what_is_due_first_when_much_is_due() {
      given(
              inFlightMax(1),
              accepted(1, 2),
              acceptedAt(at(10), webhook(3)),
              ended(
                  at(20),
                  0,
                  closed("FF"),
                  again(1, 1, ERROR_500, at(seconds(9))),
                  again(2, 1, ERROR_500, at(seconds(8)))))
          .andStarts(attempt(3, 1))
          .when(at(seconds(10)), finish(3, 1, OK))
          .andStarts(attempt(2, 2))
          .when(finish(2, 2, OK))
          .andStarts(attempt(1, 2));
    }
  }

  @Nested
  class Fifo {
    @Test
    void has_one_in_flight_whatever_the_limit() {
      given(with(Ordering.FIFO, 50, 0), accepted(1, 2, 3))
          .andStarts(attempt(1, 1))
          .when(finish(1, 1, OK))
          .andStarts(attempt(2, 1));
    }

    @Test
    void holds_all_behind_a_head_that_waits_for_its_retry() {
      given(with(Ordering.FIFO), accepted(1, 2))
          .when(finish(1, 1, ERROR_500))
          .andStartsNothing()
          .andWakesAt(at(seconds(1)))
          .whenTimePasses(at(seconds(1)) - 1)
          .andStartsNothing()
          .whenTimePasses(at(seconds(1)))
          .andStarts(attempt(1, 2));
    }

    @Test
    void goes_on_when_the_head_is_refused() {
      given(with(Ordering.FIFO), accepted(1, 2))
          .when(finish(1, 1, BAD_400))
          .andStarts(attempt(2, 1));
    }

    @Test
    void goes_on_when_the_head_is_a_dead_letter() {
      given(with(attemptsMax(1), Ordering.FIFO, 1, 0), accepted(1, 2))
          .when(finish(1, 1, ERROR_500))
          .then(ended(T0, 0, closed("F"), deadLetter(1, 1, ERROR_500)))
          .andStarts(attempt(2, 1));
    }

    @Test
    void appends_new_webhooks_behind_the_head() {
      given(with(Ordering.FIFO), accepted(1))
          .when(finish(1, 1, ERROR_500), offer(2))
          .andStartsNothing()
          .when(at(seconds(1)), new Endpoint.Wake())
          .andStarts(attempt(1, 2));
    }

    @Test
    void ignores_lanes() {
      given(with(Ordering.FIFO), accepted(inLane(5, 1), inLane(6, 2), inLane(0, 3)))
          .andStarts(attempt(1, 1))
          .when(finish(1, 1, OK))
          .andStarts(attempt(2, 1))
          .when(finish(2, 1, OK))
          .andStarts(attempt(3, 1));
    }

    @Test
    void lets_a_retry_by_hand_keep_its_place() {
      given(with(Ordering.FIFO), accepted(1, 2, 3))
          .when(finish(1, 1, ERROR_500), new Retry(id(2), 0, 0))
          .andStartsNothing()
          .when(new Retry(id(1), 0, 1))
          .andStarts(attempt(1, 2));
    }
  }

  @Nested
  class Keyed {
    private final EndpointConfig keyed = with(Ordering.KEYED);

    @Test
    void has_one_in_flight_for_each_lane() {
      given(keyed, accepted(inLane(5, 1), inLane(5, 2), inLane(-6, 3), inLane(-6, 4)))
          .andStarts(attempt(1, 1), attempt(3, 1))
          .when(finish(3, 1, OK))
          .andStarts(attempt(4, 1))
          .when(finish(1, 1, OK))
          .andStarts(attempt(2, 1));
    }

    @Test
    void holds_a_lane_behind_its_head_and_no_other_lane() {
      given(keyed, accepted(inLane(5, 1), inLane(5, 2), inLane(6, 3)))
          .when(finish(finished(1, 1, ERROR_500), finished(3, 1, OK)))
          .andStartsNothing()
          .andWakesAt(at(seconds(1)))
          .when(offer(inLane(5, 4), inLane(6, 5)))
          .andStarts(attempt(5, 1))
          .whenTimePasses(at(seconds(1)))
          .andStarts(attempt(1, 2));
    }

    @Test
    void lets_a_webhook_without_a_lane_wait_for_nobody() {
      given(keyed, accepted(inLane(0, 1), inLane(0, 2), inLane(5, 3), inLane(0, 4)))
          .andStarts(attempt(1, 1), attempt(2, 1), attempt(3, 1), attempt(4, 1));
    }

    @Test
    void keeps_the_lanes_through_a_crash() {
      given(keyed, accepted(inLane(5, 1), inLane(5, 2), inLane(6, 3)))
          .whenItCrashes(at(5))
          .andStarts(attempt(1, 1), attempt(3, 1));
    }

    @Test
    void puts_a_webhook_that_was_retried_after_its_end_behind_its_lane() {
      given(
              keyed,
              accepted(inLane(5, 1), inLane(5, 2)),
              ended(T0, 0, Circuit.CLOSED, refused(1, 1, BAD_400)))
          .when(new Retry(id(1), 5, 1))
          .then(new Endpoint.Retried(T0, id(1), 5, 1))
          .andStartsNothing()
          .andPending(2, 1)
          .when(finish(2, 1, OK))
          .andStarts(new Endpoint.Started(3, id(1), 2));
    }

    @Test
    void has_no_more_in_flight_than_the_limit() {
      given(with(Ordering.KEYED, 2, 0), accepted(inLane(1, 1), inLane(2, 2), inLane(3, 3)))
          .andStarts(attempt(1, 1), attempt(2, 1));
    }
  }

  @Nested
  class WhenTheOrderingChanges {
    @Test
    void from_parallel_to_fifo_waits_for_what_is_in_flight() {
      given(inFlightMax(2), accepted(1, 2, 3))
          .when(new Endpoint.Configure(with(Ordering.FIFO), 0))
          .then(new Configured(T0, with(Ordering.FIFO)))
          .andStartsNothing()
          .when(finish(2, 1, OK))
          .andStartsNothing()
          .when(finish(1, 1, ERROR_500))
          .andStartsNothing()
          .whenTimePasses(at(seconds(1)))
          .andStarts(attempt(1, 2));
    }

    @Test
    void from_fifo_to_parallel_frees_those_behind_the_head() {
      given(with(Ordering.FIFO), accepted(1, 2, 3))
          .when(finish(1, 1, ERROR_500))
          .andStartsNothing()
          .when(new Endpoint.Configure(inFlightMax(5), 0))
          .andStarts(attempt(2, 1), attempt(3, 1))
          .andIsDueAt(1, at(seconds(1)));
    }

    @Test
    void from_fifo_to_keyed_frees_the_heads_of_the_lanes() {
      given(with(Ordering.FIFO), accepted(inLane(5, 1), inLane(5, 2), inLane(6, 3), inLane(0, 4)))
          .andStarts(attempt(1, 1))
          .when(new Endpoint.Configure(with(Ordering.KEYED), 0))
          .andStarts(attempt(3, 1), attempt(4, 1))
          .when(finish(1, 1, OK))
          .andStarts(attempt(2, 1));
    }
  }
}
