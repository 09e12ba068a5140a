package io.kapsel.core.endpoint;

import static io.kapsel.core.endpoint.Scenario.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kapsel.core.endpoint.Endpoint.Retried;
import io.kapsel.core.endpoint.Endpoint.Retry;
import io.kapsel.core.endpoint.Endpoint.StatusChanged;
import io.kapsel.core.endpoint.RetryPolicy.Strategy;
import io.kapsel.core.webhook.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What follows from the outcome of an attempt, and when the next one goes. */
class RetryTest {

  @Nested
  class WhenAnAttemptEnds {
    @Test
    void is_over_when_delivered() {
      given(accepted(1))
          .andStarts(attempt(1, 1))
          .andWakesAt(at(seconds(90)))
          .when(at(50), finish(1, 1, OK))
          .then(ended(at(50), 0, closed("S"), delivered(1, 1)))
          .andPending()
          .andSleeps();
    }

    @Test
    void is_due_again_after_a_failure() {
      given(accepted(1))
          .when(at(50), finish(1, 1, ERROR_500))
          .then(ended(at(50), 0, closed("F"), again(1, 1, ERROR_500, at(1_050))))
          .andPending(1)
          .andIsDueAt(1, at(1_050))
          .andWakesAt(at(1_050))
          .whenTimePasses(at(1_050))
          .thenNothing()
          .andStarts(attempt(1, 2));
    }

    @Test
    void is_over_when_refused_for_good() {
      given(accepted(1))
          .when(finish(1, 1, BAD_400))
          .then(ended(T0, 0, Circuit.CLOSED, refused(1, 1, BAD_400)))
          .andPending();
    }

    @Test
    void is_due_again_when_we_cannot_know() {
      given(accepted(1))
          .when(finish(1, 1, TIMED_OUT))
          .then(ended(T0, 0, closed("F"), again(1, 1, TIMED_OUT, at(seconds(1)))));
    }

    @Test
    void writes_one_event_for_several_attempts() {
      given(accepted(1, 2, 3))
          .when(finish(finished(3, 1, OK), finished(1, 1, ERROR_500), finished(2, 1, BAD_400)))
          .then(
              ended(
                  T0,
                  0,
                  closed("SF"),
                  delivered(3, 1),
                  again(1, 1, ERROR_500, at(seconds(1))),
                  refused(2, 1, BAD_400)))
          .andPending(1);
    }

    @Test
    void takes_the_first_of_two_answers_for_one_attempt() {
      given(accepted(1))
          .when(finish(finished(1, 1, ERROR_500), finished(1, 1, OK)))
          .then(ended(T0, 0, closed("F"), again(1, 1, ERROR_500, at(seconds(1)))))
          .when(finish(1, 1, OK))
          .thenNothing();
    }

    @Test
    void does_not_take_a_late_answer_for_the_next_attempt() {
      given(accepted(1))
          .when(finish(1, 1, ERROR_500))
          .whenTimePasses(at(seconds(1)))
          .andStarts(attempt(1, 2))
          .when(finish(1, 1, OK))
          .thenNothing()
          .andInFlight(1)
          .when(finish(1, 2, OK))
          .then(ended(at(seconds(1)), 1, closed("FS"), delivered(1, 2)));
    }

    @Test
    void ignores_an_answer_for_what_was_never_started() {
      given(accepted(1)).when(finish(1, 2, OK), finish(9, 1, OK)).thenNothing().andInFlight(1);
    }

    @Test
    void counts_what_ends_while_paused() {
      given(accepted(1))
          .when(new Endpoint.SetStatus(Status.PAUSED), finish(1, 1, ERROR_500))
          .then(ended(T0, 0, closed("F"), again(1, 1, ERROR_500, at(seconds(1)))))
          .andSleeps();
    }
  }

  @Nested
  class WhenTheBudgetIsUsedUp {
    @Test
    void is_a_dead_letter_after_the_last_attempt() {
      given(CONFIG, failedBefore(1, 9))
          .andStarts(attempt(1, 10))
          .when(finish(1, 10, ERROR_500))
          .then(ended(T0, 9, closed("F"), deadLetter(1, 10, ERROR_500)))
          .andPending()
          .andSleeps();
    }

    @Test
    void has_one_more_attempt_before() {
      given(CONFIG, failedBefore(1, 8))
          .when(finish(1, 9, ERROR_500))
          .then(ended(T0, 8, closed("F"), again(1, 9, ERROR_500, at(seconds(256)))));
    }

    @Test
    void is_delivered_by_the_last_attempt() {
      given(CONFIG, failedBefore(1, 9))
          .when(finish(1, 10, OK))
          .then(ended(T0, 9, closed("S"), delivered(1, 10)));
    }

    @Test
    void does_not_wait_for_a_retry_after_that_nobody_will_use() {
      given(attemptsMax(1), accepted(1))
          .when(finish(1, 1, retryAfter(SLOW_DOWN_429, hours(1))))
          .then(ended(T0, 0, closed("F"), deadLetter(1, 1, retryAfter(SLOW_DOWN_429, hours(1)))))
          .andSleeps();
    }

    @Test
    void counts_by_the_policy_of_the_day() {
      given(CONFIG, failedBefore(1, 5))
          .when(new Endpoint.Configure(attemptsMax(3), 0), finish(1, 6, ERROR_500))
          .then(ended(T0, 5, closed("F"), deadLetter(1, 6, ERROR_500)));
    }
  }

  @Nested
  class WhenSomebodyRetriesByHand {
    @Test
    void starts_a_fresh_budget_after_the_dead_letter() {
      given(attemptsMax(2), failedBefore(1, 1))
          .when(finish(1, 2, ERROR_500))
          .andPending()
          .when(at(seconds(5)), new Retry(id(1), 0, 2))
          .then(new Retried(at(seconds(5)), id(1), 0, 2))
          .andStarts(new Endpoint.Started(2, id(1), 3))
          .when(finish(new Endpoint.Finished(2, new Attempt(id(1), 3, T0, 1, ERROR_500))))
          .andIsDueAt(1, at(seconds(6)))
          .whenTimePasses(at(seconds(6)))
          .andStarts(new Endpoint.Started(2, id(1), 4))
          .when(finish(new Endpoint.Finished(2, new Attempt(id(1), 4, T0, 1, ERROR_500))))
          .andPending();
    }

    @Test
    void counts_attempts_on_when_history_lags_behind() {
      given(accepted(1), ended(T0, 0, Circuit.CLOSED, refused(1, 1, BAD_400)))
          .when(new Retry(id(1), 0, 0))
          .then(new Retried(T0, id(1), 0, 1))
          .andStarts(new Endpoint.Started(2, id(1), 2));
    }

    @Test
    void is_due_at_once_with_a_fresh_budget_while_pending() {
      given(CONFIG, failedBefore(1, 8))
          .when(finish(1, 9, ERROR_500))
          .andWakesAt(at(seconds(256)))
          .when(at(seconds(2)), new Retry(id(1), 0, 9))
          .then(new Retried(at(seconds(2)), id(1), 0, 9))
          .andPending(1)
          .andStarts(attempt(1, 10))
          .when(finish(1, 10, ERROR_500))
          .andIsDueAt(1, at(seconds(3)));
    }

    @Test
    void does_not_start_a_second_attempt_beside_the_first() {
      given(accepted(1))
          .when(at(5), new Retry(id(1), 0, 0))
          .then(new Retried(at(5), id(1), 0, 0))
          .andStartsNothing()
          .andInFlight(1)
          .when(finish(1, 1, OK))
          .andPending();
    }

    @Test
    void is_refused_for_what_is_delivered() {
      given(accepted(1), ended(T0, 0, closed("S"), delivered(1, 1)))
          .when(new Retry(id(1), 0, 1))
          .thenNothing()
          .andRefusal(ErrorCode.CONFLICT);
    }

    @Test
    void is_refused_while_disabled() {
      given(accepted(1), new StatusChanged(T0, Status.DISABLED, ""))
          .when(new Retry(id(1), 0, 0))
          .thenNothing()
          .andRefusal(ErrorCode.CONFLICT);
    }

    @Test
    void is_refused_when_the_queue_is_full_unless_it_stands_there() {
      given(CONFIG, queueMax(1), accepted(1))
          .when(new Retry(id(2), 0, 3))
          .thenNothing()
          .andRefusal(ErrorCode.QUEUE_FULL)
          .when(new Retry(id(1), 0, 0))
          .then(new Retried(T0, id(1), 0, 0));
    }

    @Test
    void waits_while_paused() {
      given(new StatusChanged(T0, Status.PAUSED, ""))
          .when(new Retry(id(1), 0, 4))
          .then(new Retried(T0, id(1), 0, 4))
          .andStartsNothing()
          .andSleeps();
    }
  }

  @Nested
  class WhenTheDestinationIsGone {
    @Test
    void is_disabled_and_keeps_the_rest() {
      given(accepted(1, 2), ended(T0, 0, closed("F"), again(2, 1, ERROR_500, at(seconds(1)))))
          .when(at(10), finish(1, 1, GONE_410))
          .then(
              ended(at(10), 1, closed("F"), refused(1, 1, GONE_410)),
              new StatusChanged(at(10), Status.DISABLED, "destination_gone"))
          .andPending(2)
          .andStartsNothing()
          .andSleeps()
          .when(at(seconds(60)), new Endpoint.SetStatus(Status.ACTIVE))
          .andStarts(attempt(2, 2));
    }

    @Test
    void is_disabled_once() {
      given(accepted(1, 2))
          .when(finish(finished(1, 1, GONE_410), finished(2, 1, GONE_410)))
          .then(
              ended(T0, 0, Circuit.CLOSED, refused(1, 1, GONE_410), refused(2, 1, GONE_410)),
              new StatusChanged(T0, Status.DISABLED, "destination_gone"));
      given(accepted(1, 2))
          .when(finish(1, 1, GONE_410), finish(2, 1, GONE_410))
          .then(ended(T0, 1, Circuit.CLOSED, refused(2, 1, GONE_410)));
    }

    @Test
    void is_disabled_even_when_paused() {
      Scenario scenario =
          given(accepted(1)).when(new Endpoint.SetStatus(Status.PAUSED), finish(1, 1, GONE_410));
      assertEquals(Status.DISABLED, scenario.state().status());
      assertEquals("destination_gone", scenario.state().statusReason());
    }
  }

  @Nested
  class TheDelay {
    private final RetryPolicy standard = RetryPolicy.DEFAULT;

    @Test
    void doubles_from_one_second_up_to_an_hour() {
      assertEquals(
          List.of(1L, 2L, 4L, 8L, 16L, 32L, 64L, 128L, 256L, 512L, 1_024L, 2_048L, 3_600L, 3_600L),
          nominal(standard, 14).map(delay -> delay / 1_000).boxed().toList());
      assertEquals(10, standard.maxAttempts());
    }

    @Test
    void stays_the_same_when_fixed() {
      RetryPolicy fixed = new RetryPolicy(Strategy.FIXED, 7_000, 3.0, 3_600_000, 0, 10, List.of());
      assertEquals(List.of(7_000L, 7_000L, 7_000L), nominal(fixed, 3).boxed().toList());
    }

    @Test
    void follows_the_schedule_and_repeats_its_end() {
      RetryPolicy schedule =
          new RetryPolicy(Strategy.SCHEDULE, 1, 9.0, 3_600_000, 0, 10, List.of(5L, 60_000L, 70L));
      assertEquals(List.of(5L, 60_000L, 70L, 70L, 70L), nominal(schedule, 5).boxed().toList());
    }

    @Test
    void is_never_negative_or_beyond_the_cap_however_far_the_exponent_goes() {
      RetryPolicy wild =
          new RetryPolicy(
              Strategy.EXPONENTIAL, Long.MAX_VALUE / 2, 1e9, 86_400_000, 1, 50, List.of());
      for (int failed = 1; failed <= 50; failed++) {
        assertEquals(86_400_000, wild.nominalDelayMillis(failed));
        assertTrue(wild.delayMillis(failed, -1, 0) >= 0);
        assertTrue(wild.delayMillis(failed, -1, Math.nextDown(1.0)) <= 86_400_000);
      }
    }

    @Test
    void varies_by_a_quarter_both_ways() {
      assertEquals(750, standard.delayMillis(1, -1, 0));
      assertEquals(1_000, standard.delayMillis(1, -1, 0.5));
      assertEquals(1_250, standard.delayMillis(1, -1, Math.nextDown(1.0)));
    }

    @Test
    void draws_its_jitter_below_the_cap() {
      assertEquals(2_700_000, standard.delayMillis(20, -1, 0));
      assertEquals(3_150_000, standard.delayMillis(20, -1, 0.5));
      assertEquals(3_600_000, standard.delayMillis(20, -1, Math.nextDown(1.0)));
    }

    @Test
    void waits_for_retry_after_and_spreads_upwards_only() {
      assertEquals(60_000, standard.delayMillis(1, 60_000, 0));
      assertEquals(60_125, standard.delayMillis(1, 60_000, 0.5));
      assertTrue(standard.delayMillis(1, 60_000, Math.nextDown(1.0)) <= 60_250);
    }

    @Test
    void is_longer_than_a_retry_after_when_the_policy_says_so() {
      assertEquals(512_000, standard.delayMillis(10, 2_000, 0.5));
      assertEquals(1_000, standard.delayMillis(1, 0, 0.5));
    }

    @Test
    void lets_retry_after_exceed_the_policys_cap_up_to_a_day() {
      assertEquals(hours(5), standard.delayMillis(1, hours(5), 0));
      assertEquals(hours(24), standard.delayMillis(1, hours(24), 0));
      assertEquals(hours(24), standard.delayMillis(1, hours(1_000_000), 0));
      assertEquals(hours(24), standard.delayMillis(10, Long.MAX_VALUE, 0));
    }

    @Test
    void honours_retry_after_on_every_failure_that_is_retried() {
      for (Outcome outcome : List.of(ERROR_500, SLOW_DOWN_429, TIMED_OUT))
        given(CONFIG, Limits.DEFAULT, () -> 0, accepted(1))
            .when(finish(1, 1, retryAfter(outcome, 90_000)))
            .andIsDueAt(1, at(90_000))
            .andWakesAt(at(90_000));
    }

    @Test
    void draws_once_for_each_retry() {
      double[] draws = {0, 0.5};
      int[] next = {0};
      given(CONFIG, Limits.DEFAULT, () -> draws[next[0]++], accepted(1, 2, 3))
          .when(finish(finished(1, 1, ERROR_500), finished(3, 1, OK), finished(2, 1, ERROR_500)))
          .andIsDueAt(1, at(750))
          .andIsDueAt(2, at(1_000));
      assertEquals(2, next[0]);
    }

    @ParameterizedTest
    @EnumSource(Strategy.class)
    void begins_anew_with_each_budget(Strategy strategy) {
      RetryPolicy policy =
          new RetryPolicy(strategy, 1_000, 2, 3_600_000, 0, 10, List.of(1_000L, 9_000L));
      given(with(policy), failedBefore(1, 5))
          .when(new Retry(id(1), 0, 5), finish(1, 6, ERROR_500))
          .andIsDueAt(1, at(1_000));
    }

    private static LongStream nominal(RetryPolicy policy, int attempts) {
      return LongStream.rangeClosed(1, attempts).map(n -> policy.nominalDelayMillis((int) n));
    }
  }

  @Nested
  class TheVectors {
    static Stream<JsonNode> backoff() throws IOException {
      return cases("backoff");
    }

    static Stream<JsonNode> schedule() throws IOException {
      return cases("schedule");
    }

    @ParameterizedTest
    @MethodSource("backoff")
    void agree_on_the_backoff(JsonNode vector) {
      RetryPolicy policy =
          new RetryPolicy(
              Strategy.EXPONENTIAL,
              millis(vector.get("base_seconds")),
              vector.get("factor").asDouble(),
              millis(vector.get("max_seconds")),
              vector.get("jitter").asDouble(),
              200,
              List.of());
      int failed = vector.get("failed_attempts").asInt();
      assertEquals(millis(vector.get("expect_nominal")), policy.nominalDelayMillis(failed));
      assertEquals(millis(vector.get("expect_min")), policy.delayMillis(failed, -1, 0));
      assertEquals(
          millis(vector.get("expect_max")), policy.delayMillis(failed, -1, Math.nextDown(1.0)));
    }

    @ParameterizedTest
    @MethodSource("schedule")
    void agree_on_the_schedule_of_standard_webhooks(JsonNode vector) {
      List<Long> expected = millisOf(vector.get("delays_seconds"));
      RetryPolicy preset = RetryPolicy.STANDARD_WEBHOOKS;
      assertEquals(expected.size(), preset.maxAttempts());
      assertEquals(expected.subList(1, expected.size()), preset.scheduleMillis());
      RetryPolicy exact =
          new RetryPolicy(
              preset.strategy(),
              preset.baseDelayMillis(),
              preset.multiplier(),
              preset.maxDelayMillis(),
              0,
              preset.maxAttempts(),
              preset.scheduleMillis());
      Scenario scenario = given(unbreakable(exact), accepted(1)).andStarts(attempt(1, 1));
      List<Long> starts = millisOf(vector.get("expect_cumulative_seconds"));
      for (int number = 1; number < starts.size(); number++)
        scenario
            .when(finish(1, number, ERROR_500))
            .andWakesAt(at(starts.get(number)))
            .whenTimePasses(at(starts.get(number)))
            .andStarts(attempt(1, number + 1));
      scenario.when(finish(1, starts.size(), ERROR_500)).andPending();
    }

    private static EndpointConfig unbreakable(RetryPolicy retry) {
      return with(retry, new CircuitPolicy(1_000, 2, 64, 30_000, 1), CONFIG.delivery());
    }

    private static Stream<JsonNode> cases(String op) throws IOException {
      try (InputStream file =
          Objects.requireNonNull(RetryTest.class.getResourceAsStream("/vectors/backoff.json"))) {
        JsonNode cases = new ObjectMapper().readTree(file).get("cases");
        return StreamSupport.stream(cases.spliterator(), false)
            .filter(vector -> vector.get("op").asText().equals(op));
      }
    }

    private static List<Long> millisOf(JsonNode seconds) {
      return StreamSupport.stream(seconds.spliterator(), false).map(TheVectors::millis).toList();
    }

    private static long millis(JsonNode seconds) {
      return seconds.asLong() * 1_000;
    }
  }
}
