package io.kapsel.storage;

import static io.kapsel.storage.Samples.NOON;
import static io.kapsel.storage.Samples.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.Attempt;
import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.storage.Events.AttemptMade;
import io.kapsel.storage.Events.Event;
import io.kapsel.testing.PostgresForTests;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.junit.jupiter.api.Test;

@DisplayNameGeneration(DisplayNameGenerator.ReplaceUnderscores.class)
class PostgresHistoryStoreTest {
  private final Samples samples = new Samples();
  private DatabaseSettings settings;
  private Database database;
  private PostgresContentStore contents;
  private PostgresHistoryStore history;
  private Events events;

  @BeforeEach
  void open() {
    settings = PostgresForTests.freshDatabase();
    database = Database.open(settings);
    contents = new PostgresContentStore(database, Samples.PATIENT_CONTENTS);
    history = new PostgresHistoryStore(database, Samples.PATIENT_HISTORY);
    events = new Events(database);
  }

  @AfterEach
  void close() {
    history.close();
    contents.close();
    database.close();
  }

  @Test
  void records_each_attempt_and_where_the_webhook_stands() {
    Webhook webhook = stored();
    Ended first = failed(webhook.id(), 1, NOON + 5_000);
    Ended second = delivered(webhook.id(), 2);
    await(history.record(webhook.endpoint(), List.of(first)));

    Event pending = event(webhook);
    assertEquals(EventStatus.PENDING, pending.status());
    assertEquals(1, pending.attempts());
    assertEquals(NOON + 5_000, pending.nextAttemptAtMillis());
    assertEquals(0, pending.deliveredAtMillis());

    await(history.record(webhook.endpoint(), List.of(second)));
    Event done = event(webhook);
    assertEquals(EventStatus.DELIVERED, done.status());
    assertEquals(2, done.attempts());
    assertEquals(0, done.nextAttemptAtMillis());
    assertEquals(NOON + 2_000 + 30, done.deliveredAtMillis());
    assertEquals(List.of(made(first), made(second)), attempts(webhook.id()));
  }

  @Test
  void writing_the_same_records_twice_changes_nothing() {
    Webhook webhook = stored();
    List<Ended> records =
        List.of(failed(webhook.id(), 1, NOON + 5_000), delivered(webhook.id(), 2));
    await(history.record(webhook.endpoint(), records));
    Event before = event(webhook);

    await(history.record(webhook.endpoint(), records));
    await(history.record(webhook.endpoint(), List.of(records.get(0))));
    await(history.record(webhook.endpoint(), List.of(records.get(1), records.get(1))));

    assertEquals(before, event(webhook));
    assertEquals(2, attempts(webhook.id()).size());
  }

  @Test
  void an_outcome_never_goes_backwards_whatever_the_order_of_arrival() {
    Webhook webhook = stored();
    var records = new ArrayList<Ended>();
    for (int number = 1; number < 20; number++) {
      records.add(failed(webhook.id(), number, NOON + 1_000L * number));
    }
    records.add(ended(webhook.id(), 20, Verdict.DEAD_LETTER, 0));
    Collections.shuffle(records, new Random(5));
    var stages = new ArrayList<CompletionStage<Void>>();
    for (int i = 0; i < 20; i += 2) {
      stages.add(history.record(webhook.endpoint(), records.subList(i, i + 2)));
      if (i % 6 == 0) stages.forEach(Samples::await);
    }
    stages.forEach(Samples::await);

    assertEquals(EventStatus.DEAD_LETTER, event(webhook).status());
    assertEquals(20, event(webhook).attempts());
    assertEquals(20, attempts(webhook.id()).size());
  }

  @Test
  void a_fresh_budget_takes_a_dead_letter_up_again() {
    Webhook webhook = stored();
    await(
        history.record(
            webhook.endpoint(), List.of(ended(webhook.id(), 10, Verdict.DEAD_LETTER, 0))));
    await(history.record(webhook.endpoint(), List.of(failed(webhook.id(), 11, NOON + 1_000))));
    assertEquals(EventStatus.PENDING, event(webhook).status());

    await(history.record(webhook.endpoint(), List.of(ended(webhook.id(), 12, Verdict.FAILED, 0))));
    assertEquals(EventStatus.FAILED, event(webhook).status());
  }

  @Test
  void records_of_many_endpoints_are_committed_together() {
    long before = transactions();
    var stages = new ArrayList<CompletionStage<Void>>();
    for (int i = 0; i < 2_000; i++) {
      Webhook webhook = samples.webhook(samples.id(NOON + i), samples.newEndpoint(), 0);
      stages.add(history.record(webhook.endpoint(), List.of(delivered(webhook.id(), 1))));
    }
    stages.forEach(Samples::await);

    assertEquals("2000", PostgresForTests.query(settings, "select count(*) from delivery_attempt"));
    assertEquals(
        "2000",
        PostgresForTests.query(
            settings, "select count(*) from webhook_outcome where status = 'delivered'"));
    assertTrue(transactions() - before < 500, "transactions: " + (transactions() - before));
  }

  @Test
  void text_from_destinations_cannot_break_the_batch() {
    Webhook webhook = stored();
    var outcome =
        new Outcome(
            Outcome.Kind.FAILED,
            500,
            ErrorCode.SERVER_ERROR,
            "nul \0 and \"quotes\", {braces} \\ and \ud800 half a pair",
            "\0\0",
            -1);
    var attempt = new Attempt(webhook.id(), 1, NOON, 30, outcome);
    await(history.record(webhook.endpoint(), List.of(new Ended(1, attempt, Verdict.FAILED, 0))));

    AttemptMade made = attempts(webhook.id()).get(0);
    assertEquals("nul \ufffd and \"quotes\", {braces} \\ and ? half a pair", made.errorMessage());
    assertEquals("\ufffd\ufffd", made.responseExcerpt());
  }

  private Webhook stored() {
    Webhook webhook = samples.webhook(100);
    await(contents.store(webhook));
    return webhook;
  }

  private Event event(Webhook webhook) {
    return await(events.find(webhook.tenant(), webhook.id())).orElseThrow();
  }

  private List<AttemptMade> attempts(WebhookId id) {
    return await(events.attempts(List.of(id), 100)).getOrDefault(id, List.of());
  }

  private long transactions() {
    return Long.parseLong(
        PostgresForTests.query(settings, "select pg_current_xact_id()::text::bigint"));
  }

  private static Ended failed(WebhookId id, int number, long nextAttemptAtMillis) {
    return ended(id, number, Verdict.RETRY, nextAttemptAtMillis);
  }

  static Ended ended(WebhookId id, int number, Verdict verdict, long nextAttemptAtMillis) {
    Outcome outcome =
        Outcome.failed(Outcome.Kind.FAILED, 503, ErrorCode.SERVER_ERROR, "The destination failed.");
    return new Ended(
        number,
        new Attempt(id, number, NOON + 1_000L * number, 30, outcome),
        verdict,
        nextAttemptAtMillis);
  }

  static Ended delivered(WebhookId id, int number) {
    return new Ended(
        number,
        new Attempt(id, number, NOON + 1_000L * number, 30, Outcome.delivered(204, "thanks")),
        Verdict.DELIVERED,
        0);
  }

  private static AttemptMade made(Ended ended) {
    Attempt attempt = ended.attempt();
    ErrorCode error = attempt.outcome().error();
    return new AttemptMade(
        attempt.number(),
        attempt.startedAtMillis(),
        attempt.durationMillis(),
        attempt.outcome().status(),
        attempt.outcome().kind(),
        error == null ? "" : error.code(),
        attempt.outcome().message(),
        attempt.outcome().responseExcerpt(),
        ended.nextAttemptAtMillis());
  }
}
