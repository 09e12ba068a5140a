package io.kapsel.core.endpoint;

import static io.kapsel.core.endpoint.Scenario.*;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.endpoint.Endpoint.AttemptsEnded;
import io.kapsel.core.endpoint.Endpoint.Confirm;
import io.kapsel.core.endpoint.Endpoint.HistoryConfirmed;
import io.kapsel.core.endpoint.Endpoint.Inquire;
import io.kapsel.core.endpoint.Endpoint.Settle;
import io.kapsel.core.endpoint.Endpoint.Unowned;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The outbox: outcomes that history has not confirmed. */
class HistoryTest {

  @Nested
  class WhenAttemptsHaveEnded {
    @Test
    void keeps_their_outcomes_until_history_has_them() {
      Scenario scenario = given(accepted(1, 2)).when(finish(1, 1, OK), finish(2, 1, BAD_400));
      assertEquals(
          List.of(
              ended(T0, 0, closed("S"), delivered(1, 1)),
              ended(T0, 1, closed("S"), refused(2, 1, BAD_400))),
          outbox(scenario));
    }

    @Test
    void keeps_them_through_a_crash() {
      Scenario scenario = given(accepted(1)).when(finish(1, 1, OK)).whenItCrashes(at(10));
      assertEquals(List.of(ended(T0, 0, closed("S"), delivered(1, 1))), outbox(scenario));
    }
  }

  @Nested
  class WhenHistoryConfirms {
    @Test
    void writes_nothing_by_itself() {
      given(accepted(1)).when(finish(1, 1, OK), new Confirm(0)).thenNothing();
    }

    @Test
    void forgets_with_the_next_outcomes() {
      AttemptsEnded second = new AttemptsEnded(T0, 1, 0, List.of(delivered(2, 1)), closed("SS"));
      Scenario scenario =
          given(accepted(1, 2)).when(finish(1, 1, OK), new Confirm(0), finish(2, 1, OK));
      scenario.then(second);
      assertEquals(List.of(second), outbox(scenario));
    }

    @Test
    void forgets_when_it_falls_asleep() {
      Scenario scenario =
          given(accepted(1))
              .when(finish(1, 1, OK), new Confirm(0), new Settle())
              .then(new HistoryConfirmed(0));
      assertEquals(List.of(), outbox(scenario));
      scenario.when(new Settle()).thenNothing();
    }

    @Test
    void forgets_nothing_more_than_was_confirmed() {
      Scenario scenario =
          given(accepted(1, 2, 3))
              .when(finish(1, 1, OK), finish(2, 1, OK), finish(3, 1, OK))
              .when(new Confirm(1), new Settle())
              .then(new HistoryConfirmed(1));
      assertEquals(1, scenario.state().outbox().size());
      assertEquals(2, scenario.state().outbox().firstKey());
    }

    @Test
    void is_not_set_back_by_an_older_confirmation() {
      given(accepted(1, 2))
          .when(finish(1, 1, OK), finish(2, 1, OK))
          .when(new Confirm(1), new Confirm(0), new Settle())
          .then(new HistoryConfirmed(1));
    }

    @Test
    void settles_nothing_when_nothing_is_confirmed() {
      given(accepted(1)).when(finish(1, 1, OK), new Settle()).thenNothing();
    }

    @Test
    void asks_history_again_after_a_crash() {
      Scenario scenario =
          given(accepted(1)).when(finish(1, 1, OK), new Confirm(0)).whenItCrashes(at(1));
      scenario.when(new Settle()).thenNothing();
      assertEquals(1, scenario.state().outbox().size());
    }

    @Test
    void confirms_and_settles_even_when_deleted() {
      Scenario scenario =
          given(accepted(1))
              .when(finish(1, 1, OK), new Endpoint.SetStatus(Status.DELETED))
              .when(new Confirm(0), new Settle())
              .then(new HistoryConfirmed(0));
      assertEquals(List.of(), outbox(scenario));
    }
  }

  @Nested
  class WhenHistoryLagsBehind {
    @Test
    void starts_nothing_at_the_maximum() {
      given(inFlightMax(1), outboxBatchesMax(2), accepted(1, 2, 3))
          .when(finish(1, 1, OK))
          .andStarts(attempt(2, 1))
          .when(finish(2, 1, OK))
          .andStartsNothing()
          .andSleeps()
          .andPending(3);
    }

    @Test
    void still_takes_outcomes_of_what_is_in_flight() {
      Scenario scenario =
          given(CONFIG, outboxBatchesMax(2), accepted(1, 2, 3))
              .when(finish(1, 1, OK), finish(2, 1, OK), finish(3, 1, OK))
              .andPending();
      assertEquals(3, scenario.state().outbox().size());
    }

    @Test
    void still_takes_new_webhooks() {
      given(CONFIG, outboxBatchesMax(1), accepted(1))
          .when(finish(1, 1, OK), offer(2))
          .andAnswers(yes())
          .andStartsNothing();
    }

    @Test
    void goes_on_as_soon_as_history_has_caught_up() {
      given(inFlightMax(1), outboxBatchesMax(2), accepted(1, 2, 3))
          .when(finish(1, 1, OK), finish(2, 1, OK))
          .andStartsNothing()
          .when(new Confirm(0))
          .andStarts(attempt(3, 1));
    }

    @Test
    void goes_on_after_a_crash_as_soon_as_history_has_caught_up() {
      given(inFlightMax(1), outboxBatchesMax(2), accepted(1, 2, 3))
          .when(finish(1, 1, OK), finish(2, 1, OK))
          .whenItCrashes(at(1))
          .andStartsNothing()
          .andSleeps()
          .when(new Confirm(1))
          .andStarts(attempt(3, 1));
    }
  }

  @Nested
  class WhenTheReconcilerAsks {
    @Test
    void knows_what_is_pending_and_what_is_on_its_way_into_history() {
      given(accepted(1, 2))
          .when(finish(1, 1, OK), new Inquire(List.of(id(1), id(2), id(3))))
          .thenNothing()
          .andReply(new Unowned(List.of(id(3))));
    }

    @Test
    void has_forgotten_what_history_holds() {
      given(accepted(1, 2))
          .when(finish(1, 1, OK), new Confirm(0), finish(2, 1, OK))
          .when(new Inquire(List.of(id(1), id(2))))
          .andReply(new Unowned(List.of(id(1))));
    }

    @Test
    void knows_what_is_on_its_way_into_history_even_when_deleted() {
      given(accepted(1))
          .when(finish(1, 1, OK), new Endpoint.SetStatus(Status.DELETED))
          .when(new Inquire(List.of(id(1), id(2))))
          .andReply(new Unowned(List.of(id(2))));
    }

    @Test
    void knows_nothing_before_it_exists() {
      givenNothing().when(new Inquire(List.of(id(1)))).andReply(new Unowned(List.of(id(1))));
    }
  }

  private static List<AttemptsEnded> outbox(Scenario scenario) {
    return List.copyOf(scenario.state().outbox().values());
  }
}
