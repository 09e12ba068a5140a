package io.kapsel.core.endpoint;

import static io.kapsel.core.endpoint.Scenario.*;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.endpoint.Endpoint.Create;
import io.kapsel.core.endpoint.Endpoint.Created;
import io.kapsel.core.endpoint.Endpoint.OfferAnswered;
import io.kapsel.core.endpoint.Endpoint.Offered;
import io.kapsel.core.endpoint.Endpoint.SetStatus;
import io.kapsel.core.endpoint.Endpoint.SettingsOutdated;
import io.kapsel.core.endpoint.Endpoint.StatusChanged;
import io.kapsel.core.endpoint.Endpoint.WebhooksAccepted;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Which webhooks an endpoint takes, and what it answers. */
class AcceptingTest {

  @Nested
  class WhenWebhooksAreOffered {
    @Test
    void owns_them_in_order_and_attempts_them_at_once() {
      given()
          .when(at(20), offer(1, 2, 3))
          .then(acceptedAt(at(20), webhook(1), webhook(2), webhook(3)))
          .andAnswers(yes(), yes(), yes())
          .andPending(1, 2, 3)
          .andStarts(attempt(1, 1), attempt(2, 1), attempt(3, 1));
    }

    @Test
    void writes_one_event_for_the_whole_offer() {
      Scenario scenario =
          given().when(offer(IntStream.rangeClosed(1, 500).toArray())).andStarts(100);
      assertEquals(1, scenario.events().size());
      assertEquals(500, scenario.state().backlog().size());
    }

    @Test
    void answers_an_empty_offer_with_no_event() {
      given().when(new Endpoint.Offer(1, false, List.of())).thenNothing().andAnswers();
    }
  }

  @Nested
  class WhenTheEndpointDoesNotExist {
    @Test
    void says_that_there_is_no_such_endpoint() {
      givenNothing()
          .when(offer(1, 2))
          .thenNothing()
          .andAnswers(no(ErrorCode.INVALID_ENDPOINT), no(ErrorCode.INVALID_ENDPOINT));
    }

    @Test
    void is_created_active_at_version_one() {
      Scenario scenario =
          givenNothing()
              .when(new Create(TENANT, CONFIG))
              .then(new Created(T0, TENANT, CONFIG))
              .andReply(new Endpoint.Done())
              .andSleeps();
      assertEquals(Status.ACTIVE, scenario.state().status());
      assertEquals(1, scenario.state().version());
    }

    @Test
    void every_other_command_finds_nothing() {
      givenNothing()
          .when(new Endpoint.Configure(CONFIG, 0))
          .andRefusal(ErrorCode.NOT_FOUND)
          .when(new SetStatus(Status.PAUSED))
          .andRefusal(ErrorCode.NOT_FOUND)
          .when(new Endpoint.Retry(id(1), 0, 0))
          .andRefusal(ErrorCode.NOT_FOUND)
          .when(new Endpoint.ResetCircuit())
          .andRefusal(ErrorCode.NOT_FOUND)
          .when(new Endpoint.Wake(), new Endpoint.Settle(), finish(1, 1, OK))
          .thenNothing();
    }

    @Test
    void is_not_created_twice() {
      given().when(new Create(TENANT, CONFIG)).thenNothing().andRefusal(ErrorCode.CONFLICT);
    }
  }

  @Nested
  class WhenAKeyComesAgain {
    @Test
    void names_the_first_webhook_within_one_offer() {
      given()
          .when(
              offer(webhook(1, "k", "body"), webhook(2, "k", "body"), webhook(3, "other", "body")))
          .then(accepted(webhook(1, "k", "body"), webhook(3, "other", "body")))
          .andAnswers(yes(), duplicateOf(1), yes());
    }

    @Test
    void names_the_first_webhook_in_a_later_offer() {
      given(accepted(webhook(1, "k", "body")))
          .when(at(5), offer(webhook(2, "k", "body")))
          .thenNothing()
          .andAnswers(duplicateOf(1))
          .andPending(1);
    }

    @Test
    void names_the_first_webhook_after_its_delivery() {
      given(accepted(webhook(1, "k", "body")), ended(T0, 0, closed("S"), delivered(1, 1)))
          .when(offer(webhook(2, "k", "body")))
          .thenNothing()
          .andAnswers(duplicateOf(1))
          .andPending();
    }

    @Test
    void names_the_first_webhook_after_a_crash() {
      given(accepted(webhook(1, "k", "body")))
          .whenItCrashes(at(10))
          .when(offer(webhook(2, "k", "body")))
          .andAnswers(duplicateOf(1));
    }

    @Test
    void refuses_another_body_within_one_offer() {
      given()
          .when(offer(webhook(1, "k", "body"), webhook(2, "k", "BODY")))
          .then(accepted(webhook(1, "k", "body")))
          .andAnswers(yes(), no(ErrorCode.IDEMPOTENCY_KEY_REUSED));
    }

    @Test
    void refuses_another_body_in_a_later_offer() {
      given(accepted(webhook(1, "k", "body")))
          .when(offer(webhook(2, "k", "BODY")))
          .thenNothing()
          .andAnswers(no(ErrorCode.IDEMPOTENCY_KEY_REUSED));
      Rejection rejection = Rejection.of(ErrorCode.IDEMPOTENCY_KEY_REUSED);
      assertEquals("E1010", rejection.code().code());
      assertEquals(422, rejection.code().status());
    }

    @Test
    void does_not_let_a_refused_body_take_the_key() {
      given(accepted(webhook(1, "k", "body")))
          .when(offer(webhook(2, "k", "BODY"), webhook(3, "k", "body")))
          .andAnswers(no(ErrorCode.IDEMPOTENCY_KEY_REUSED), duplicateOf(1));
    }

    @Test
    void does_not_let_a_declined_webhook_take_the_key() {
      given(CONFIG, queueMax(1))
          .when(offer(webhook(1, "a", ""), webhook(2, "b", "")))
          .andAnswers(yes(), full())
          .when(finish(1, 1, OK), offer(webhook(3, "b", "")))
          .andAnswers(yes());
    }

    @Test
    void takes_webhooks_without_a_key_as_different_ones() {
      given().when(offer(1, 2)).andAnswers(yes(), yes()).when(offer(3)).andAnswers(yes());
    }
  }

  @Nested
  class WhenTheSameWebhookComesAgain {
    @Test
    void owns_it_once_within_one_offer() {
      given().when(offer(1, 1)).then(accepted(1)).andAnswers(yes(), yes()).andPending(1);
    }

    @Test
    void owns_it_once_while_it_is_pending() {
      given(accepted(1)).when(offer(1)).thenNothing().andAnswers(yes()).andPending(1);
    }

    @Test
    void owns_it_once_under_its_key_even_when_delivered() {
      given(accepted(webhook(1, "k", "body")), ended(T0, 0, closed("S"), delivered(1, 1)))
          .when(offer(webhook(1, "k", "body")))
          .thenNothing()
          .andAnswers(yes())
          .andPending();
    }

    @Test
    void keeps_its_promise_while_disabled_or_full() {
      given(CONFIG, queueMax(1), accepted(1))
          .when(offer(1))
          .andAnswers(yes())
          .when(new SetStatus(Status.DISABLED))
          .when(new Endpoint.Offer(2, false, List.of(webhook(1))))
          .andAnswers(yes());
    }

    @Test
    void keeps_its_promise_however_late_it_is_asked() {
      given(CONFIG, Limits.DEFAULT, accepted(1))
          .when(at(minutes(10)), offer(1))
          .thenNothing()
          .andAnswers(yes());
    }
  }

  @Nested
  class WhenADayHasPassed {
    private final Endpoint.Event delivered = ended(T0, 0, closed("S"), delivered(1, 1));

    @Test
    void still_knows_the_key_at_24_hours() {
      given(accepted(webhook(1, "k", "body")), delivered)
          .when(at(hours(24)), offer(webhookMadeAt(at(hours(24)), 2, "k", "body")))
          .thenNothing()
          .andAnswers(duplicateOf(1));
    }

    @Test
    void has_forgotten_the_key_just_after_24_hours() {
      given(accepted(webhook(1, "k", "body")), delivered)
          .when(at(hours(24) + 1), offer(webhookMadeAt(at(hours(24)), 2, "k", "BODY")))
          .andAnswers(yes());
    }

    @Test
    void counts_the_day_from_the_newest_use_of_the_key() {
      long later = at(hours(24) + 1);
      Offered second = webhookMadeAt(later, 2, "k", "BODY");
      given(accepted(webhook(1, "k", "body")), delivered)
          .when(later, offer(second))
          .andAnswers(yes())
          .when(later + hours(24), offer(webhookMadeAt(later + hours(24), 3, "k", "BODY")))
          .andAnswers(new Endpoint.Duplicate(second.id()));
    }

    @Test
    void forgets_frozen_keys_too() {
      Offered[] many =
          IntStream.rangeClosed(1, 3_000)
              .mapToObj(n -> webhook(n, "k" + n, "body"))
              .toArray(Offered[]::new);
      Scenario scenario = given(accepted(many));
      scenario
          .when(at(hours(24)), offer(webhookMadeAt(at(hours(24)), 3_001, "k7", "body")))
          .andAnswers(duplicateOf(7))
          .when(at(hours(24) + 1), offer(webhookMadeAt(at(hours(24)), 3_002, "k7", "body")))
          .andAnswers(yes());
      assertEquals(0, scenario.state().window().segments().size());
    }
  }

  @Nested
  class WhenTheWindowIsFull {
    private static final int MAX = 2_048;

    @Test
    void forgets_the_oldest_keys_first() {
      Scenario scenario = given(CONFIG, windowKeysMax(MAX));
      for (int round = 0; round < 4; round++) {
        int first = round * 1_024 + 1;
        scenario.when(at(round), offer(keyed(first, 1_024)));
      }
      scenario
          .when(at(10), offer(webhook(9_001, "k1", "body"), webhook(9_002, "k4096", "body")))
          .andAnswers(yes(), duplicateOf(4_096));
    }

    @Test
    void forgets_as_little_as_its_segments_are_small() {
      long later = at(hours(1));
      given(CONFIG, withSegmentKeys(2, windowKeysMax(2)))
          .when(offer(keyed(1, 2)))
          .when(later, offer(webhookMadeAt(later, 3, "k3", "body")))
          .when(later, offer(webhookMadeAt(later, 4, "k1", "body")))
          .andAnswers(duplicateOf(1))
          .when(later, offer(webhookMadeAt(later, 5, "k4", "body")))
          .when(
              later,
              offer(webhookMadeAt(later, 6, "k1", "body"), webhookMadeAt(later, 7, "k3", "body")))
          .andAnswers(yes(), new Endpoint.Duplicate(id(3, later)));
    }

    @Test
    void remembers_as_many_as_the_maximum() {
      Scenario scenario = given(CONFIG, windowKeysMax(MAX));
      for (int first = 1; first <= MAX; first += 256) scenario.when(offer(keyed(first, 256)));
      scenario
          .when(offer(webhook(9_001, "k1", "body"), webhook(9_002, "k2048", "body")))
          .andAnswers(duplicateOf(1), duplicateOf(2_048));
    }

    @Test
    void writes_into_the_event_what_was_forgotten() {
      Scenario scenario = given(CONFIG, windowKeysMax(MAX));
      for (int round = 0; round < 3; round++)
        scenario.when(at(round), offer(keyed(round * 1_024 + 1, 1_024)));
      scenario.when(at(10), offer(webhook(9_001, "new", "body")));
      WebhooksAccepted accepted = (WebhooksAccepted) scenario.events().get(0);
      assertEquals(at(2) + 1, accepted.windowFloorMillis());
    }

    @Test
    void counts_what_was_forgotten_before_its_time() {
      Scenario scenario = given(CONFIG, windowKeysMax(MAX));
      for (int round = 0; round < 3; round++)
        scenario.when(at(round), offer(keyed(round * 1_024 + 1, 1_024)));
      State before = scenario.state();
      scenario.when(at(10), offer(webhook(9_001, "new", "body")));
      Endpoint.Event event = scenario.events().get(0);
      assertEquals(
          3_072 - scenario.state().window().size() + 1,
          Endpoint.keysForgottenEarly(before, event, windowKeysMax(MAX)));
      assertEquals(0, Endpoint.keysForgottenEarly(scenario.state(), event, windowKeysMax(MAX)));
    }

    @Test
    void holds_even_a_maximum_smaller_than_one_segment() {
      Scenario scenario = given(CONFIG, windowKeysMax(100));
      scenario.when(offer(keyed(1, 500)));
      for (int round = 0; round < 20; round++)
        scenario.when(at(round), offer(keyed(501 + round * 1_024, 1_024)));
      // Invariants bound the window after every step.
      scenario.andAnswers(
          IntStream.range(0, 1_024).mapToObj(n -> yes()).toArray(Endpoint.Answer[]::new));
    }

    private static Offered[] keyed(int first, int count) {
      return IntStream.range(first, first + count)
          .mapToObj(n -> webhook(n, "k" + n, "body"))
          .toArray(Offered[]::new);
    }
  }

  @Nested
  class WhenTheSettingsHaveChanged {
    @Test
    void asks_to_verify_again() {
      given(new Endpoint.Configured(T0, inFlightMax(3)))
          .when(offer(1))
          .thenNothing()
          .andReply(new SettingsOutdated());
    }

    @Test
    void asks_to_verify_again_after_a_change_of_status() {
      given(new StatusChanged(T0, Status.PAUSED, ""))
          .when(offer(1))
          .andReply(new SettingsOutdated());
    }

    @Test
    void takes_what_was_verified_under_the_new_version() {
      given(new Endpoint.Configured(T0, inFlightMax(3)))
          .when(new Endpoint.Offer(2, false, List.of(webhook(1))))
          .andAnswers(yes());
    }

    @Test
    void does_not_ask_the_reconciler() {
      given(new Endpoint.Configured(T0, inFlightMax(3)))
          .when(reconcile(webhook(1)))
          .andAnswers(yes());
    }
  }

  @Nested
  class WhenTheOfferIsStale {
    @Test
    void takes_one_that_is_a_minute_old() {
      given().when(at(minutes(1)), offer(1)).andAnswers(yes());
    }

    @Test
    void declines_one_that_is_older() {
      given()
          .when(at(minutes(1) + 1), offer(1))
          .thenNothing()
          .andAnswers(
              new Endpoint.Declined(
                  Rejection.of(ErrorCode.DATABASE_UNAVAILABLE, "Storing the webhook took too long.")
                      .withRetryAfterSeconds(5)));
    }

    @Test
    void takes_an_old_one_from_the_reconciler() {
      given().when(at(hours(3)), reconcile(webhook(1))).andAnswers(yes()).andStarts(attempt(1, 1));
    }

    @Test
    void decides_for_each_webhook_alone() {
      Scenario scenario =
          given().when(at(minutes(2)), offer(webhook(1), webhookMadeAt(at(minutes(2)), 2)));
      assertEquals(1, ((WebhooksAccepted) scenario.events().get(0)).webhooks().size());
      OfferAnswered reply =
          new OfferAnswered(
              List.of(
                  new Endpoint.Declined(
                      Rejection.of(
                              ErrorCode.DATABASE_UNAVAILABLE, "Storing the webhook took too long.")
                          .withRetryAfterSeconds(5)),
                  yes()));
      scenario.andReply(reply);
    }
  }

  @Nested
  class WhenTheQueueIsFull {
    @Test
    void declines_with_retry_after_one_second() {
      given(CONFIG, queueMax(2), accepted(1, 2))
          .when(offer(3))
          .thenNothing()
          .andAnswers(full())
          .andPending(1, 2);
    }

    @Test
    void takes_the_part_of_an_offer_that_fits() {
      given(CONFIG, queueMax(3), accepted(1))
          .when(offer(2, 3, 4))
          .then(accepted(2, 3))
          .andAnswers(yes(), yes(), full());
    }

    @Test
    void still_answers_duplicates() {
      given(CONFIG, queueMax(1), accepted(webhook(1, "k", "body")))
          .when(offer(webhook(2, "k", "body"), webhook(3, "k", "BODY")))
          .andAnswers(duplicateOf(1), no(ErrorCode.IDEMPOTENCY_KEY_REUSED));
    }

    @Test
    void declines_the_reconciler_too() {
      given(CONFIG, queueMax(1), accepted(1)).when(reconcile(webhook(2))).andAnswers(full());
    }

    @Test
    void takes_the_next_one_after_a_delivery() {
      given(CONFIG, queueMax(1), accepted(1))
          .when(finish(1, 1, OK), offer(2))
          .andAnswers(yes())
          .andStarts(attempt(2, 1));
    }
  }

  @Nested
  class WhenTheEndpointIsNotActive {
    @Test
    void takes_and_keeps_webhooks_while_paused() {
      given(new StatusChanged(T0, Status.PAUSED, ""))
          .when(new Endpoint.Offer(2, false, List.of(webhook(1))))
          .then(accepted(1))
          .andAnswers(yes())
          .andStartsNothing()
          .andSleeps();
    }

    @Test
    void declines_webhooks_while_disabled() {
      given(new StatusChanged(T0, Status.DISABLED, ""))
          .when(new Endpoint.Offer(2, false, List.of(webhook(1))))
          .thenNothing()
          .andAnswers(no(ErrorCode.ENDPOINT_DISABLED));
      assertEquals(410, ErrorCode.ENDPOINT_DISABLED.status());
    }

    @Test
    void declines_the_reconciler_while_disabled() {
      given(new StatusChanged(T0, Status.DISABLED, ""))
          .when(reconcile(webhook(1)))
          .andAnswers(no(ErrorCode.ENDPOINT_DISABLED));
    }

    @Test
    void knows_no_endpoint_once_deleted() {
      given(new StatusChanged(T0, Status.DELETED, ""))
          .when(offer(1), reconcile(webhook(1)))
          .thenNothing()
          .andAnswers(no(ErrorCode.INVALID_ENDPOINT));
    }
  }

  @Nested
  class WhenTheReconcilerOffers {
    @Test
    void owns_once_what_is_pending() {
      given(accepted(1)).when(reconcile(webhook(1))).thenNothing().andAnswers(yes());
    }

    @Test
    void owns_once_what_has_ended_but_is_not_in_history_yet() {
      given(accepted(1), ended(T0, 0, closed("S"), delivered(1, 1)))
          .when(reconcile(webhook(1)))
          .thenNothing()
          .andAnswers(yes())
          .andPending();
    }

    @Test
    void takes_what_nobody_owned() {
      given(accepted(1), ended(T0, 0, closed("S"), delivered(1, 1)))
          .when(reconcile(webhook(2)))
          .andAnswers(yes())
          .andStarts(attempt(2, 1));
    }

    @Test
    void finds_the_duplicate_whose_edge_died() {
      given(accepted(webhook(1, "k", "body")))
          .when(reconcile(webhook(2, "k", "body"), webhook(3, "k", "BODY")))
          .thenNothing()
          .andAnswers(duplicateOf(1), no(ErrorCode.IDEMPOTENCY_KEY_REUSED));
    }
  }

  private static Endpoint.Answer full() {
    return new Endpoint.Declined(Rejection.of(ErrorCode.QUEUE_FULL).withRetryAfterSeconds(1));
  }
}
