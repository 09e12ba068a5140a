package io.kapsel.core.endpoint;

import static io.kapsel.core.endpoint.Scenario.*;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.endpoint.DeliverySettings.SigningSecret;
import io.kapsel.core.endpoint.Endpoint.Configure;
import io.kapsel.core.endpoint.Endpoint.Configured;
import io.kapsel.core.endpoint.Endpoint.Done;
import io.kapsel.core.endpoint.Endpoint.RotateSecret;
import io.kapsel.core.endpoint.Endpoint.SetStatus;
import io.kapsel.core.endpoint.Endpoint.StatusChanged;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Secret;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What a tenant may do with an endpoint. */
class OperatingTest {

  @Nested
  class Pausing {
    @Test
    void attempts_nothing_and_discards_nothing() {
      given(inFlightMax(1), accepted(1, 2))
          .when(at(5), new SetStatus(Status.PAUSED))
          .then(new StatusChanged(at(5), Status.PAUSED, ""))
          .andReply(new Done())
          .when(finish(1, 1, OK))
          .andStartsNothing()
          .andPending(2)
          .whenTimePasses(at(hours(100)))
          .andStartsNothing()
          .andPending(2)
          .andSleeps();
    }

    @Test
    void goes_on_when_resumed() {
      given(accepted(1), new StatusChanged(T0, Status.PAUSED, ""))
          .andStartsNothing()
          .when(at(hours(1)), new SetStatus(Status.ACTIVE))
          .then(new StatusChanged(at(hours(1)), Status.ACTIVE, ""))
          .andStarts(attempt(1, 1));
    }

    @Test
    void survives_a_crash() {
      given(accepted(1))
          .when(new SetStatus(Status.PAUSED))
          .whenItCrashes(at(5))
          .andStartsNothing()
          .andSleeps();
    }

    @Test
    void happens_once() {
      given().when(new SetStatus(Status.PAUSED), new SetStatus(Status.PAUSED)).thenNothing();
      given().when(new SetStatus(Status.ACTIVE)).thenNothing().andReply(new Done());
    }

    @Test
    void is_refused_while_disabled() {
      given(new StatusChanged(T0, Status.DISABLED, "destination_gone"))
          .when(new SetStatus(Status.PAUSED))
          .thenNothing()
          .andRefusal(ErrorCode.CONFLICT);
    }
  }

  @Nested
  class Disabling {
    @Test
    void keeps_what_is_pending_and_attempts_nothing() {
      given(inFlightMax(1), accepted(1, 2))
          .when(new SetStatus(Status.DISABLED))
          .then(new StatusChanged(T0, Status.DISABLED, ""))
          .when(finish(1, 1, ERROR_500))
          .whenTimePasses(at(hours(2)))
          .andStartsNothing()
          .andPending(1, 2)
          .when(new SetStatus(Status.ACTIVE))
          .andStarts(attempt(2, 1));
    }

    @Test
    void forgets_its_reason_when_enabled() {
      Scenario scenario =
          given(new StatusChanged(T0, Status.DISABLED, "destination_gone"))
              .when(new SetStatus(Status.ACTIVE));
      assertEquals("", scenario.state().statusReason());
    }

    @Test
    void is_possible_while_paused() {
      given(new StatusChanged(T0, Status.PAUSED, ""))
          .when(new SetStatus(Status.DISABLED))
          .then(new StatusChanged(T0, Status.DISABLED, ""));
    }
  }

  @Nested
  class Deleting {
    @Test
    void is_refused_while_webhooks_are_pending() {
      given(accepted(1))
          .when(new SetStatus(Status.DELETED))
          .thenNothing()
          .andRefusal(ErrorCode.CONFLICT);
    }

    @Test
    void is_final() {
      given()
          .when(at(9), new SetStatus(Status.DELETED))
          .then(new StatusChanged(at(9), Status.DELETED, ""))
          .andSleeps()
          .when(new SetStatus(Status.ACTIVE))
          .thenNothing()
          .andRefusal(ErrorCode.NOT_FOUND)
          .when(new Configure(inFlightMax(2), 0))
          .andRefusal(ErrorCode.NOT_FOUND)
          .when(new Endpoint.Create(TENANT, CONFIG))
          .andRefusal(ErrorCode.NOT_FOUND)
          .when(new Endpoint.Retry(id(1), 0, 1))
          .andRefusal(ErrorCode.NOT_FOUND)
          .when(new RotateSecret(new SigningSecret(new Secret("s"), 0)))
          .andRefusal(ErrorCode.NOT_FOUND)
          .when(new Endpoint.ResetCircuit())
          .andRefusal(ErrorCode.NOT_FOUND);
    }
  }

  @Nested
  class Configuring {
    @Test
    void raises_the_version() {
      Scenario scenario =
          given()
              .when(at(3), new Configure(inFlightMax(2), 1))
              .then(new Configured(at(3), inFlightMax(2)))
              .andReply(new Done());
      assertEquals(2, scenario.state().version());
      assertEquals(at(3), scenario.state().updatedAtMillis());
      assertEquals(T0, scenario.state().createdAtMillis());
      scenario.when(new SetStatus(Status.PAUSED));
      assertEquals(3, scenario.state().version());
    }

    @Test
    void is_refused_under_another_version() {
      given(new Configured(T0, inFlightMax(2)))
          .when(new Configure(inFlightMax(3), 1))
          .thenNothing()
          .andRefusal(ErrorCode.PRECONDITION_FAILED)
          .when(new Configure(inFlightMax(3), 2))
          .then(new Configured(T0, inFlightMax(3)));
    }

    @Test
    void does_nothing_when_nothing_changes() {
      Scenario scenario = given().when(new Configure(CONFIG, 1)).thenNothing();
      assertEquals(1, scenario.state().version());
    }

    @Test
    void leaves_the_queue_the_window_and_the_circuit_alone() {
      Scenario scenario =
          given(
              accepted(webhook(1, "k", "body")),
              ended(T0, 0, open(at(9)), again(1, 1, ERROR_500, at(5))));
      State before = scenario.state();
      scenario.when(new Configure(inFlightMax(2), 0));
      assertEquals(before.backlog(), scenario.state().backlog());
      assertEquals(before.window(), scenario.state().window());
      assertEquals(before.circuit(), scenario.state().circuit());
      assertEquals(before.outbox(), scenario.state().outbox());
    }

    @Test
    void judges_the_next_outcome_by_the_new_policy() {
      given(accepted(1))
          .when(
              new Configure(
                  with(
                      new RetryPolicy(
                          RetryPolicy.Strategy.FIXED, 9_000, 1, 9_000, 0, 5, List.of())),
                  0))
          .when(finish(1, 1, ERROR_500))
          .andIsDueAt(1, at(9_000));
    }
  }

  @Nested
  class RotatingTheSecret {
    private final SigningSecret first = new SigningSecret(new Secret("first"), 0);
    private final SigningSecret second = new SigningSecret(new Secret("second"), 0);
    private final SigningSecret third = new SigningSecret(new Secret("third"), 0);

    @Test
    void puts_the_new_one_first_and_lets_the_old_one_sign_for_a_day() {
      Scenario scenario =
          given(CONFIG.withSigningSecrets(List.of(first)))
              .when(at(5), new RotateSecret(second))
              .andReply(new Done());
      assertEquals(List.of(second, until(first, at(5) + hours(24))), secrets(scenario));
      assertEquals(2, scenario.state().version());
    }

    @Test
    void does_not_prolong_the_life_of_older_ones() {
      Scenario scenario =
          given(CONFIG.withSigningSecrets(List.of(first)))
              .when(new RotateSecret(second))
              .when(at(hours(1)), new RotateSecret(third));
      assertEquals(
          List.of(third, until(second, at(hours(25))), until(first, at(hours(24)))),
          secrets(scenario));
    }

    @Test
    void drops_what_has_expired() {
      Scenario scenario =
          given(CONFIG.withSigningSecrets(List.of(first)))
              .when(new RotateSecret(second))
              .when(at(hours(24)), new RotateSecret(third));
      assertEquals(List.of(third, until(second, at(hours(48)))), secrets(scenario));
    }

    @Test
    void keeps_at_most_ten_and_drops_the_oldest() {
      Scenario scenario = given(CONFIG.withSigningSecrets(List.of(first)));
      for (int i = 0; i < 12; i++)
        scenario.when(at(i), new RotateSecret(new SigningSecret(new Secret("s" + i), 0)));
      assertEquals(DeliverySettings.SIGNING_SECRETS_MAX, secrets(scenario).size());
      assertEquals("s11", secrets(scenario).get(0).secret().value());
      assertEquals("s2", secrets(scenario).get(9).secret().value());
    }

    private static List<SigningSecret> secrets(Scenario scenario) {
      return scenario.state().config().delivery().signingSecrets();
    }

    private static SigningSecret until(SigningSecret secret, long millis) {
      return new SigningSecret(secret.secret(), millis);
    }
  }
}
