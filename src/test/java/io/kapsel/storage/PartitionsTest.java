package io.kapsel.storage;

import static io.kapsel.storage.Samples.NOON;
import static io.kapsel.storage.Samples.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.core.endpoint.Verdict;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.testing.PostgresForTests;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.junit.jupiter.api.Test;

@DisplayNameGeneration(DisplayNameGenerator.ReplaceUnderscores.class)
class PartitionsTest {
  private static final long DAY = 86_400_000L;

  private final Samples samples = new Samples();
  private long now = NOON;
  private DatabaseSettings settings;
  private Database database;
  private PostgresContentStore contents;
  private PostgresHistoryStore history;
  private Partitions partitions;

  @BeforeEach
  void open() {
    settings = PostgresForTests.freshDatabase();
    database = Database.open(settings);
    contents = new PostgresContentStore(database, Samples.PATIENT_CONTENTS);
    history = new PostgresHistoryStore(database, Samples.PATIENT_HISTORY);
    partitions =
        new Partitions(database, new PartitionSettings(2, 10), () -> Instant.ofEpochMilli(now));
  }

  @AfterEach
  void close() {
    partitions.close();
    history.close();
    contents.close();
    database.close();
  }

  @Test
  void creates_the_days_ahead_once_and_webhooks_go_to_their_day() {
    partitions.create();
    partitions.create();
    assertEquals(
        "webhook_20261123 webhook_20261124 webhook_20261125 webhook_20261126 webhook_default",
        days());

    await(contents.store(samples.webhook(NOON, 1)));
    await(contents.store(samples.webhook(NOON + DAY / 2 - 1, 1)));
    await(contents.store(samples.webhook(NOON + DAY / 2, 1)));
    assertEquals("2", count("webhook_20261124"));
    assertEquals("1", count("webhook_20261125"));

    now += DAY;
    partitions.create();
    assertEquals("1", count("pg_class where relname = 'delivery_attempt_20261127'"));
  }

  @Test
  void without_a_day_the_default_partition_takes_webhooks_until_the_day_is_created() {
    Webhook webhook = samples.webhook(NOON, 10);
    await(contents.store(webhook));
    await(
        history.record(
            webhook.endpoint(), List.of(PostgresHistoryStoreTest.delivered(webhook.id(), 1))));
    assertEquals("1", count("webhook_default"));

    partitions.create();

    for (String table : List.of("webhook", "webhook_outcome", "delivery_attempt")) {
      assertEquals("0", count(table + "_default"));
      assertEquals("1", count(table + "_20261124"));
    }
  }

  @Test
  void several_nodes_may_create_days_at_the_same_time_while_webhooks_are_stored() {
    var stores = new ArrayList<CompletionStage<Void>>();
    var creations = new ArrayList<CompletionStage<Void>>();
    for (int i = 0; i < 500; i++) {
      stores.add(contents.store(samples.webhook(NOON + i * (DAY / 500), 10)));
      if (i % 250 == 0) {
        for (int node = 0; node < 3; node++) {
          creations.add(
              java.util.concurrent.CompletableFuture.runAsync(
                  partitions::create, task -> new Thread(task).start()));
        }
      }
    }
    creations.forEach(Samples::await);
    stores.forEach(Samples::await);
    assertEquals("500", count("webhook"));
    assertEquals("0", count("webhook_default"));
  }

  @Test
  void drops_a_day_past_retention_when_everything_in_it_has_ended() {
    Webhook old = ended(NOON, Verdict.DELIVERED);
    Webhook recent = ended(NOON + DAY, Verdict.DEAD_LETTER);

    now = NOON + 11 * DAY;
    partitions.drop();

    var found = new ArrayList<Webhook>();
    for (Webhook webhook : List.of(old, recent)) {
      await(contents.fetch(List.of(webhook.id())));
      found.addAll(await(contents.fetch(List.of(webhook.id()))));
    }
    assertEquals(List.of(recent.id()), found.stream().map(Webhook::id).toList());
    assertEquals("0", count("pg_class where relname like '%\\_20261124'"));
    assertEquals("1", count("delivery_attempt"));
  }

  @Test
  void keeps_a_day_in_which_a_webhook_of_a_living_endpoint_is_still_owed() {
    Webhook owed = ended(NOON, Verdict.RETRY);
    PostgresForTests.execute(
        settings,
        "insert into endpoint values ('%s', '%s', 'x', 'paused', 1, '{}', now(), now())"
            .formatted(Columns.uuid(owed.endpoint()), Columns.uuid(owed.tenant())));
    now = NOON + 30 * DAY;

    partitions.drop();
    assertEquals("1", count("webhook_20261124"));

    PostgresForTests.execute(settings, "update endpoint set status = 'deleted'");
    partitions.drop();
    assertEquals("0", count("pg_class where relname = 'webhook_20261124'"));
  }

  @Test
  void zero_days_of_retention_keep_everything() {
    ended(NOON, Verdict.DELIVERED);
    try (var keeping =
        new Partitions(
            database,
            new PartitionSettings(1, 0),
            () -> Instant.ofEpochMilli(NOON + 1_000 * DAY))) {
      keeping.drop();
    }
    assertEquals("1", count("webhook_20261124"));
  }

  @Test
  void gives_up_soon_when_a_table_is_locked_and_leaves_no_half_created_day() throws SQLException {
    try (Connection blocker = PostgresForTests.connect(settings);
        var statement = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      statement.execute("lock table webhook_outcome_default in access share mode");
      org.junit.jupiter.api.Assertions.assertThrows(StorageUnavailable.class, partitions::create);
      blocker.rollback();
    }
    assertEquals("webhook_default", days());
    partitions.create();
  }

  private Webhook ended(long millis, Verdict verdict) {
    now = millis;
    partitions.create();
    Webhook webhook = samples.webhook(millis, 10);
    await(contents.store(webhook));
    await(
        history.record(
            webhook.endpoint(),
            List.of(PostgresHistoryStoreTest.ended(webhook.id(), 1, verdict, millis + 1))));
    return webhook;
  }

  private String days() {
    return PostgresForTests.query(
        settings,
        "select string_agg(relname, ' ' order by relname) from pg_class join pg_inherits"
            + " on oid = inhrelid where inhparent = 'webhook'::regclass");
  }

  private String count(String table) {
    return PostgresForTests.query(settings, "select count(*) from " + table);
  }
}
