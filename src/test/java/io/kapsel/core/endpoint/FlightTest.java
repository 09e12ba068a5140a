package io.kapsel.core.endpoint;

import static io.kapsel.core.endpoint.Scenario.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.core.endpoint.Endpoint.Configure;
import io.kapsel.core.endpoint.Endpoint.Plan;
import io.kapsel.core.endpoint.Endpoint.SetStatus;
import io.kapsel.core.webhook.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What is in flight: how much, how fast, and what if nobody answers. */
class FlightTest {

  @Nested
  class TheLimit {
    @Test
    void holds_back_what_exceeds_it() {
      given(inFlightMax(2), accepted(1, 2, 3, 4))
          .andStarts(attempt(1, 1), attempt(2, 1))
          .andWakesAt(at(seconds(90)))
          .when(finish(finished(1, 1, OK), finished(2, 1, OK)))
          .andStarts(attempt(3, 1), attempt(4, 1));
    }

    @Test
    void takes_effect_when_lowered_without_stopping_anything() {
      given(inFlightMax(3), accepted(1, 2, 3, 4))
          .when(new Configure(inFlightMax(1), 0))
          .andStartsNothing()
          .andInFlight(3)
          .when(finish(finished(1, 1, OK), finished(2, 1, OK)))
          .andStartsNothing()
          .when(finish(3, 1, OK))
          .andStarts(attempt(4, 1));
    }

    @Test
    void takes_effect_when_raised() {
      given(inFlightMax(1), accepted(1, 2, 3, 4))
          .when(new Configure(inFlightMax(3), 0))
          .andStarts(attempt(2, 1), attempt(3, 1));
    }

    @Test
    void wakes_when_the_next_webhook_is_due_and_there_is_room() {
      given(inFlightMax(2), accepted(1, 2))
          .when(at(100), finish(1, 1, ERROR_500))
          .andWakesAt(at(1_100));
    }
  }

  @Nested
  class TheRate {
    @Test
    void spaces_attempts_after_a_tenth_of_a_second_of_room() {
      given(paced(10), accepted(1, 2, 3, 4))
          .andStarts(attempt(1, 1), attempt(2, 1))
          .andWakesAt(at(100))
          .whenTimePasses(at(99))
          .andStartsNothing()
          .andWakesAt(at(100))
          .whenTimePasses(at(100))
          .andStarts(attempt(3, 1))
          .andWakesAt(at(200));
    }

    @Test
    void may_be_less_than_one_each_second() {
      given(paced(0.5), accepted(1, 2, 3))
          .andStarts(attempt(1, 1))
          .andWakesAt(at(1_900))
          .whenTimePasses(at(1_900))
          .andStarts(attempt(2, 1))
          .andWakesAt(at(3_900));
    }

    @Test
    void is_kept_over_a_long_time_and_used_up() {
      State state = given(with(Ordering.PARALLEL, 10_000, 70), accepted(range(1, 2_000))).state();
      Flight flight = Flight.NONE;
      for (long t = 0; t <= 20_000; t += 13)
        flight = Endpoint.plan(state, flight, at(t), Limits.DEFAULT).flight();
      int started = flight.attempts().size();
      assertTrue(started <= 20 * 70 + 7 + 1, () -> started + " started");
      assertTrue(started >= 20 * 70, () -> started + " started");
    }

    @Test
    void gives_no_credit_for_idle_time() {
      given(paced(10))
          .when(at(hours(1)), reconcile(webhook(1), webhook(2), webhook(3), webhook(4)))
          .andStarts(attempt(1, 1), attempt(2, 1));
    }

    @Test
    void wakes_for_the_due_time_when_that_is_later() {
      given(paced(10), accepted(1)).when(finish(1, 1, ERROR_500)).andWakesAt(at(seconds(1)));
    }

    @Test
    void takes_effect_within_a_second_when_raised() {
      given(paced(0.001), accepted(1, 2))
          .andStarts(attempt(1, 1))
          .when(at(seconds(2)), new Configure(paced(10), 0))
          .andWakesAt(at(seconds(3)))
          .whenTimePasses(at(seconds(3)))
          .andStarts(attempt(2, 1));
    }

    @Test
    void holds_nothing_back_for_long_when_the_clock_steps_back() {
      given(paced(10))
          .when(at(0), offer(1, 2))
          .andStarts(2)
          .when(at(-hours(1)), offer(3))
          .andStartsNothing()
          .andWakesAt(at(-hours(1) + seconds(1)));
    }

    @Test
    void starts_anew_after_a_crash() {
      given(paced(10), accepted(1, 2, 3))
          .whenItCrashes(at(10))
          .andStarts(attempt(1, 1), attempt(2, 1));
    }
  }

  private static int[] range(int first, int last) {
    return IntStream.rangeClosed(first, last).toArray();
  }

  @Nested
  class WhenNobodyAnswersForAnAttempt {
    private final Outcome lost =
        Outcome.failed(
            Outcome.Kind.UNKNOWN,
            0,
            ErrorCode.DELIVERY_TIMEOUT,
            "Nobody answered for the attempt.");

    @Test
    void counts_it_as_unknown_after_its_timeout_and_a_grace() {
      given(accepted(1))
          .andWakesAt(at(seconds(90)))
          .whenTimePasses(at(seconds(90)) - 1)
          .thenNothing()
          .whenTimePasses(at(seconds(90)))
          .then(
              ended(
                  at(seconds(90)),
                  0,
                  closed("F"),
                  new Ended(
                      1, new Attempt(id(1), 1, T0, 90_000, lost), Verdict.RETRY, at(seconds(91)))))
          .andWakesAt(at(seconds(91)))
          .whenTimePasses(at(seconds(91)))
          .andStarts(attempt(1, 2));
    }

    @Test
    void ignores_the_answer_that_comes_too_late() {
      given(accepted(1))
          .whenTimePasses(at(seconds(90)))
          .when(finish(1, 1, OK))
          .thenNothing()
          .andPending(1);
    }

    @Test
    void finds_the_loss_while_paused() {
      given(accepted(1))
          .when(new SetStatus(Status.PAUSED))
          .andWakesAt(at(seconds(90)))
          .whenTimePasses(at(seconds(90)))
          .andIsDueAt(1, at(seconds(91)))
          .andInFlight(0)
          .andSleeps();
    }

    @Test
    void loses_only_what_is_late() {
      given(accepted(1))
          .when(at(seconds(20)), offer(2))
          .whenTimePasses(at(seconds(90)))
          .andInFlight(1)
          .andWakesAt(at(seconds(91)));
    }
  }

  @Nested
  class WhenAnAttemptIsReleased {
    @Test
    void starts_it_again_under_the_same_number_after_a_second() {
      given(accepted(1, 2))
          .when(release(attempt(1, 1)))
          .thenNothing()
          .andStartsNothing()
          .andWakesAt(at(seconds(1)))
          .whenTimePasses(at(seconds(1)) - 1)
          .andStartsNothing()
          .whenTimePasses(at(seconds(1)))
          .andStarts(attempt(1, 1));
    }

    @Test
    void starts_no_other_attempt_for_a_second_either() {
      given(accepted(1, 2))
          .when(release(attempt(1, 1)), offer(3))
          .andStartsNothing()
          .whenTimePasses(at(seconds(1)))
          .andStarts(attempt(1, 1), attempt(3, 1));
    }

    @Test
    void does_not_release_another_attempt_of_the_webhook() {
      given(accepted(1))
          .when(finish(1, 1, ERROR_500))
          .whenTimePasses(at(seconds(1)))
          .when(release(attempt(1, 1), attempt(9, 1)))
          .thenNothing()
          .andStartsNothing()
          .andInFlight(1);
    }

    @Test
    void keeps_it_while_paused() {
      given(accepted(1))
          .when(new SetStatus(Status.PAUSED), release(attempt(1, 1)))
          .andStartsNothing()
          .andSleeps()
          .andPending(1);
    }
  }

  @Nested
  class WhenItCrashes {
    @Test
    void repeats_what_was_in_flight_under_the_same_number() {
      given(accepted(1, 2))
          .when(finish(2, 1, ERROR_500))
          .whenTimePasses(at(seconds(1)))
          .whenItCrashes(at(seconds(2)))
          .andStarts(attempt(1, 1), attempt(2, 2));
    }

    @Test
    void arms_the_timer_again() {
      given(accepted(1))
          .when(finish(1, 1, ERROR_500))
          .whenItCrashes(at(10))
          .andStartsNothing()
          .andWakesAt(at(seconds(1)));
    }

    @Test
    void owes_what_was_due_while_it_was_down() {
      given(accepted(1))
          .when(finish(1, 1, ERROR_500))
          .whenItCrashes(at(hours(3)))
          .andStarts(attempt(1, 2));
    }

    @Test
    void ends_the_attempt_once_when_both_answers_come() {
      given(accepted(1))
          .whenItCrashes(at(10))
          .andStarts(attempt(1, 1))
          .when(finish(1, 1, OK))
          .then(ended(at(10), 0, closed("S"), delivered(1, 1)))
          .when(finish(1, 1, ERROR_500))
          .thenNothing()
          .andPending();
    }

    @Test
    void gives_the_same_plan_whenever_it_is_asked() {
      Scenario scenario = given(inFlightMax(2), accepted(1, 2, 3));
      List<Plan> plans = new ArrayList<>();
      for (int i = 0; i < 3; i++)
        plans.add(Endpoint.plan(scenario.state(), Flight.NONE, at(7), Limits.DEFAULT));
      assertEquals(plans.get(0), plans.get(1));
      assertEquals(plans.get(0), plans.get(2));
    }
  }
}
