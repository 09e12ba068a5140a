package io.kapsel.core.endpoint;

import static io.kapsel.core.endpoint.Scenario.*;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kapsel.core.endpoint.Circuit.Phase;
import io.kapsel.core.endpoint.Endpoint.CircuitReset;
import io.kapsel.core.endpoint.Endpoint.Finished;
import io.kapsel.core.endpoint.Endpoint.ResetCircuit;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When an endpoint stops attempting, and how it comes back. */
class CircuitTest {

  @Nested
  class WhenItIsClosed {
    @Test
    void opens_on_five_failures_in_a_row() {
      given(inFlightMax(1), accepted(1, 2, 3, 4, 5, 6))
          .when(fail(1), fail(2), fail(3), fail(4))
          .andCircuit(closed("FFFF"))
          .andStarts(attempt(5, 1))
          .when(at(7), fail(5))
          .then(
              ended(
                  at(7), 4, open(at(7) + seconds(30)), again(5, 1, ERROR_500, at(7) + seconds(1))))
          .andStartsNothing()
          .andWakesAt(at(7) + seconds(30));
    }

    @Test
    void opens_on_five_failures_within_one_batch() {
      given(accepted(1, 2, 3, 4, 5, 6))
          .when(finish(failed(1), failed(2), failed(3), failed(4), failed(5)))
          .andCircuit(open(at(seconds(30))));
    }

    @Test
    void starts_the_row_anew_after_a_success() {
      given(inFlightMax(1), accepted(1, 2, 3, 4, 5, 6, 7, 8, 9))
          .when(fail(1), fail(2), fail(3), fail(4), succeed(5), fail(6), fail(7), fail(8))
          .andCircuit(closed("FFFFSFFF"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"SFSFSFSFS", "SSFFFSSFF", "SSSSSFFFF", "FSSSSFFFF"})
    void opens_when_half_of_the_last_ten_failed(String outcomes) {
      Circuit before = closed(outcomes);
      Circuit after = before.after(Outcome.Kind.FAILED, false, T0, CircuitPolicy.DEFAULT, 100);
      assertEquals(open(at(30_000)), after);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SSFFSSSSF", "SSSSSSSSS", "SSSSSSFFF", "FSSSSSSFF"})
    void stays_closed_while_less_than_half_of_the_last_ten_failed(String outcomes) {
      Circuit before = closed(outcomes);
      Circuit after = before.after(Outcome.Kind.FAILED, false, T0, CircuitPolicy.DEFAULT, 100);
      assertEquals(Phase.CLOSED, after.phase());
    }

    @Test
    void forgets_outcomes_beyond_the_last_ten() {
      Circuit circuit = closed("FFFF").after(Outcome.Kind.DELIVERED, false, T0, POLICY, 100);
      for (int i = 0; i < 9; i++)
        circuit = circuit.after(Outcome.Kind.DELIVERED, false, T0, POLICY, 100);
      for (int i = 0; i < 4; i++)
        circuit = circuit.after(Outcome.Kind.FAILED, false, T0, POLICY, 100);
      assertEquals(Phase.CLOSED, circuit.phase());
      assertEquals(10, circuit.recentCount());
    }

    @Test
    void judges_no_share_before_ten_outcomes() {
      Circuit circuit = Circuit.CLOSED;
      for (int i = 0; i < 4; i++)
        circuit =
            circuit
                .after(Outcome.Kind.FAILED, false, T0, POLICY, 100)
                .after(Outcome.Kind.DELIVERED, false, T0, POLICY, 100);
      circuit = circuit.after(Outcome.Kind.FAILED, false, T0, POLICY, 100);
      assertEquals(closed("FSFSFSFSF"), circuit);
    }

    @Test
    void counts_a_client_error_neither_way() {
      Circuit four = closed("FFFF");
      assertEquals(four, four.after(Outcome.Kind.REFUSED, false, T0, POLICY, 100));
      assertEquals(four, four.after(Outcome.Kind.GONE, false, T0, POLICY, 100));
      assertEquals(Phase.OPEN, four.after(Outcome.Kind.FAILED, false, T0, POLICY, 100).phase());
    }

    @Test
    void counts_rate_limits_and_the_unknown_as_failures() {
      Circuit four = closed("FFFF");
      assertEquals(Phase.OPEN, four.after(Outcome.Kind.RATE_LIMITED, false, T0, POLICY, 9).phase());
      assertEquals(Phase.OPEN, four.after(Outcome.Kind.UNKNOWN, false, T0, POLICY, 9).phase());
    }

    @Test
    void works_with_the_largest_window() {
      CircuitPolicy policy = new CircuitPolicy(1_000, 0.5, CircuitPolicy.WINDOW_MAX, 1_000, 1);
      Circuit circuit = Circuit.CLOSED;
      for (int i = 0; i < 32; i++)
        circuit = circuit.after(Outcome.Kind.DELIVERED, false, T0, policy, 9);
      for (int i = 0; i < 31; i++)
        circuit = circuit.after(Outcome.Kind.FAILED, false, T0, policy, 9);
      assertEquals(Phase.CLOSED, circuit.phase());
      assertEquals(Phase.OPEN, circuit.after(Outcome.Kind.FAILED, false, T0, policy, 9).phase());
    }
  }

  @Nested
  class WhenItIsOpen {
    @Test
    void takes_new_webhooks_and_attempts_nothing() {
      given(accepted(1), ended(T0, 0, open(at(seconds(30))), again(1, 1, ERROR_500, at(1_000))))
          .when(at(seconds(10)), offer(2))
          .then(acceptedAt(at(seconds(10)), webhook(2)))
          .andAnswers(yes())
          .andStartsNothing()
          .andWakesAt(at(seconds(30)));
    }

    @Test
    void attempts_nothing_until_its_time_has_passed() {
      given(accepted(1), ended(T0, 0, open(at(seconds(30))), again(1, 1, ERROR_500, at(1_000))))
          .whenTimePasses(at(seconds(30)) - 1)
          .andStartsNothing()
          .andWakesAt(at(seconds(30)))
          .whenTimePasses(at(seconds(30)))
          .andStarts(attempt(1, 2));
    }

    @Test
    void wakes_for_the_next_due_webhook_when_that_is_later() {
      given(
              accepted(1),
              ended(T0, 0, open(at(seconds(30))), again(1, 1, ERROR_500, at(minutes(5)))))
          .andWakesAt(at(minutes(5)));
    }

    @Test
    void ignores_outcomes_of_what_was_sent_before() {
      given(accepted(1, 2, 3, 4, 5, 6, 7, 8))
          .when(finish(failed(1), failed(2), failed(3), failed(4), failed(5)))
          .andCircuit(open(at(seconds(30))))
          .when(at(seconds(1)), succeed(6))
          .andCircuit(open(at(seconds(30))))
          .when(at(seconds(2)), fail(7))
          .andCircuit(open(at(seconds(30))))
          .whenTimePasses(at(seconds(31)))
          .andStarts(1)
          .when(fail(8))
          .andCircuit(open(at(seconds(30))));
    }

    @Test
    void survives_a_crash() {
      given(accepted(1), ended(T0, 0, open(at(seconds(30))), again(1, 1, ERROR_500, at(1_000))))
          .whenItCrashes(at(seconds(10)))
          .andStartsNothing()
          .andWakesAt(at(seconds(30)));
    }

    @Test
    void costs_no_attempt_of_any_budget() {
      Scenario scenario =
          given(accepted(1, 2), ended(T0, 0, open(at(seconds(30))), again(1, 1, ERROR_500, at(1))));
      scenario.whenTimePasses(at(seconds(29)));
      assertEquals(0, scenario.state().backlog().find(id(2)).orElseThrow().attempts());
    }
  }

  @Nested
  class WhenItIsHalfOpen {
    private final Endpoint.Event[] openedBefore = {
      accepted(1, 2, 3, 4, 5, 6),
      ended(T0, 0, open(at(seconds(30))), again(1, 1, ERROR_500, at(seconds(1))))
    };

    @Test
    void sends_one_probe_at_a_time() {
      given(openedBefore)
          .whenTimePasses(at(seconds(30)))
          .andStarts(attempt(2, 1))
          .andWakesAt(at(seconds(120)))
          .when(at(seconds(31)), offer(7))
          .andStartsNothing()
          .when(at(seconds(32)), succeed(2))
          .andCircuit(halfOpen(at(seconds(30)), 1))
          .andStarts(attempt(3, 1))
          .when(succeed(3))
          .andCircuit(halfOpen(at(seconds(30)), 2))
          .andStarts(attempt(4, 1));
    }

    @Test
    void closes_after_three_probes_and_lets_three_go() {
      given(openedBefore)
          .whenTimePasses(at(seconds(30)))
          .when(succeed(2), succeed(3), succeed(4))
          .andCircuit(ramping(3))
          .andStarts(attempt(5, 1), attempt(6, 1), attempt(1, 2));
    }

    @Test
    void opens_again_for_the_whole_time_when_a_probe_fails() {
      given(openedBefore)
          .whenTimePasses(at(seconds(30)))
          .when(succeed(2))
          .when(at(seconds(40)), fail(3))
          .andCircuit(open(at(seconds(70))))
          .andStartsNothing()
          .andWakesAt(at(seconds(70)))
          .whenTimePasses(at(seconds(70)))
          .andStarts(attempt(4, 1))
          .when(succeed(4))
          .andCircuit(halfOpen(at(seconds(70)), 1));
    }

    @Test
    void sends_the_next_probe_when_one_was_refused_for_good() {
      given(openedBefore)
          .whenTimePasses(at(seconds(30)))
          .when(finish(2, 1, BAD_400))
          .andCircuit(open(at(seconds(30))))
          .andStarts(attempt(3, 1));
    }

    @Test
    void sends_the_next_probe_when_one_was_released() {
      given(openedBefore)
          .whenTimePasses(at(seconds(30)))
          .andStarts(attempt(2, 1))
          .when(release(attempt(2, 1)))
          .andWakesAt(at(seconds(31)))
          .whenTimePasses(at(seconds(31)))
          .andStarts(attempt(2, 1));
    }

    @Test
    void opens_again_when_a_probe_is_lost() {
      given(openedBefore)
          .whenTimePasses(at(seconds(30)))
          .whenTimePasses(at(seconds(120)))
          .andCircuit(open(at(seconds(150))))
          .andWakesAt(at(seconds(150)));
    }

    @Test
    void sends_the_probe_again_after_a_crash() {
      given(openedBefore)
          .whenTimePasses(at(seconds(30)))
          .whenItCrashes(at(seconds(33)))
          .andStarts(attempt(2, 1))
          .when(succeed(2))
          .andCircuit(halfOpen(at(seconds(30)), 1));
    }

    @Test
    void remembers_successful_probes_through_a_crash() {
      given(openedBefore)
          .whenTimePasses(at(seconds(30)))
          .when(succeed(2), succeed(3))
          .whenItCrashes(at(seconds(33)))
          .andStarts(attempt(4, 1))
          .when(succeed(4))
          .andCircuit(ramping(3));
    }

    @Test
    void does_not_count_what_was_sent_before_it_opened() {
      given(accepted(1, 2, 3, 4, 5, 6, 7, 8))
          .when(finish(failed(1), failed(2), failed(3), failed(4), failed(5)))
          .whenTimePasses(at(seconds(30)))
          .andStarts(attempt(1, 2))
          .when(succeed(6))
          .andCircuit(open(at(seconds(30))))
          .andStartsNothing()
          .when(fail(7))
          .andCircuit(open(at(seconds(30))))
          .when(finish(1, 2, OK))
          .andCircuit(halfOpen(at(seconds(30)), 1))
          .when(fail(8))
          .andCircuit(halfOpen(at(seconds(30)), 1));
    }

    @Test
    void keeps_to_the_limit_in_flight() {
      given(accepted(1, 2, 3, 4, 5, 6, 7, 8))
          .when(finish(failed(1), failed(2), failed(3), failed(4), failed(5)))
          .when(new Endpoint.Configure(inFlightMax(3), 0))
          .whenTimePasses(at(seconds(30)))
          .andStartsNothing()
          .andInFlight(3)
          .when(succeed(6))
          .andStarts(attempt(1, 2));
    }

    @Test
    void does_nothing_while_paused_and_probes_when_resumed() {
      given(openedBefore)
          .when(new Endpoint.SetStatus(Status.PAUSED))
          .whenTimePasses(at(seconds(60)))
          .andStartsNothing()
          .andSleeps()
          .when(new Endpoint.SetStatus(Status.ACTIVE))
          .andStarts(attempt(2, 1));
    }
  }

  @Nested
  class WhenItHasJustClosed {
    @Test
    void lets_one_more_go_with_each_success() {
      int[] many = IntStream.rangeClosed(1, 40).toArray();
      given(inFlightMax(6), accepted(many), ended(T0, 0, ramping(3), delivered(1, 1)))
          .andStarts(attempt(2, 1), attempt(3, 1), attempt(4, 1))
          .when(succeed(2))
          .andStarts(attempt(5, 1), attempt(6, 1))
          .andInFlight(4)
          .when(succeed(3))
          .andInFlight(5)
          .when(succeed(4))
          .andCircuit(new Circuit(Phase.CLOSED, 0, 0, 3, 0, 0, 0))
          .andInFlight(6)
          .when(succeed(5))
          .andInFlight(6);
    }

    @Test
    void keeps_the_ramp_where_it_is_on_a_failure() {
      given(accepted(1, 2, 3, 4, 5, 6, 7), ended(T0, 0, ramping(3), delivered(1, 1)))
          .andStarts(3)
          .when(fail(2))
          .andStarts(1)
          .andInFlight(3);
    }

    @Test
    void does_not_release_the_backlog_at_once() {
      int[] many = IntStream.rangeClosed(1, 1_000).toArray();
      given(accepted(many), ended(T0, 0, open(at(seconds(30))), again(1, 1, ERROR_500, at(1))))
          .whenTimePasses(at(seconds(30)))
          .andStarts(attempt(2, 1))
          .when(succeed(2), succeed(3), succeed(4))
          .andInFlight(3)
          .when(finish(finished(5, 1, OK), finished(6, 1, OK), finished(7, 1, OK)))
          .andInFlight(6);
    }

    @Test
    void has_no_ramp_where_the_limit_is_lower() {
      given(
              with(DeliverySettings.Ordering.FIFO),
              accepted(1, 2, 3, 4),
              ended(T0, 0, halfOpen(T0, 2), delivered(1, 1)))
          .when(succeed(2))
          .andCircuit(Circuit.CLOSED)
          .andStarts(attempt(3, 1));
    }

    @Test
    void keeps_the_ramp_through_a_crash() {
      given(accepted(1, 2, 3, 4, 5, 6, 7), ended(T0, 0, ramping(3), delivered(1, 1)))
          .whenItCrashes(at(1))
          .andStarts(3);
    }
  }

  @Nested
  class WhenSomebodyResetsIt {
    @Test
    void closes_at_once() {
      given(accepted(1), ended(T0, 0, open(at(seconds(30))), again(1, 1, ERROR_500, at(1_000))))
          .when(at(seconds(5)), new ResetCircuit())
          .then(new CircuitReset(at(seconds(5))))
          .andCircuit(Circuit.CLOSED)
          .andStarts(attempt(1, 2));
    }

    @Test
    void forgets_the_failures_so_far() {
      given(accepted(1), ended(T0, 0, closed("FFFF"), again(1, 1, ERROR_500, at(1_000))))
          .when(new ResetCircuit())
          .andCircuit(Circuit.CLOSED);
    }

    @Test
    void takes_a_probe_in_flight_as_any_other_attempt() {
      given(
              accepted(1, 2, 3, 4, 5, 6, 7),
              ended(T0, 0, open(at(seconds(30))), again(1, 1, ERROR_500, at(1_000))))
          .whenTimePasses(at(seconds(30)))
          .andStarts(attempt(2, 1))
          .when(new ResetCircuit())
          .when(finish(failed(3), failed(4), failed(5), failed(6), failed(7)))
          .andCircuit(open(at(seconds(60))))
          .when(at(seconds(31)), succeed(2))
          .andCircuit(open(at(seconds(60))));
    }
  }

  @Nested
  class TheVectors {
    static Stream<JsonNode> traces() throws IOException {
      try (InputStream file =
          Objects.requireNonNull(
              CircuitTest.class.getResourceAsStream("/vectors/circuit_breaker.json"))) {
        JsonNode cases = new ObjectMapper().readTree(file).get("cases");
        return StreamSupport.stream(cases.spliterator(), false);
      }
    }

    @ParameterizedTest
    @MethodSource("traces")
    void agree(JsonNode vector) {
      CircuitPolicy policy = policy(vector.get("config"));
      Circuit circuit = Circuit.CLOSED;
      for (JsonNode event : vector.get("events")) {
        long now = T0 + Math.round(event.get("t_s").asDouble() * 1_000);
        String result = event.get("result").asText();
        boolean probe = circuit.phase() != Phase.CLOSED;
        if (result.equals("ok"))
          circuit = circuit.after(Outcome.Kind.DELIVERED, probe, now, policy, 100);
        if (result.equals("fail"))
          circuit = circuit.after(Outcome.Kind.FAILED, probe, now, policy, 100);
        Phase expected =
            switch (event.get("state_after").asText()) {
              case "closed" -> Phase.CLOSED;
              case "half_open" -> Phase.HALF_OPEN;
              case "open", "rejected" -> Phase.OPEN;
              default -> throw new AssertionError("unknown state in " + event);
            };
        assertEquals(expected, circuit.phaseAt(now), event::toString);
      }
    }

    private static CircuitPolicy policy(JsonNode config) {
      boolean counts = config.get("failure_rate").isNumber();
      return new CircuitPolicy(
          config.get("consecutive_failures").asInt(),
          counts ? config.get("failure_rate").asDouble() : 2,
          counts ? config.get("window").asInt() : CircuitPolicy.WINDOW_MAX,
          config.get("open_seconds").asLong() * 1_000,
          config.get("half_open_successes").asInt());
    }
  }

  private static final CircuitPolicy POLICY = CircuitPolicy.DEFAULT;

  private static Endpoint.Finish fail(int webhook) {
    return finish(webhook, 1, ERROR_500);
  }

  private static Endpoint.Finish succeed(int webhook) {
    return finish(webhook, 1, OK);
  }

  private static Finished failed(int webhook) {
    return finished(webhook, 1, ERROR_500);
  }
}
