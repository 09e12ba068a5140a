package io.kapsel.storage;

import static io.kapsel.storage.Samples.NOON;
import static io.kapsel.storage.Samples.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.testing.PostgresForTests;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.junit.jupiter.api.Test;

@DisplayNameGeneration(DisplayNameGenerator.ReplaceUnderscores.class)
class DatabaseOutageTest {
  private static final Path BINARIES = PreparedCluster.BINARIES;

  private final Samples samples = new Samples();
  private Path directory;
  private EmbeddedPostgres postgres;
  private Database database;
  private PostgresContentStore contents;
  private PostgresHistoryStore history;

  @BeforeEach
  void open() throws IOException {
    directory = PreparedCluster.copy();
    postgres =
        EmbeddedPostgres.start(EmbeddedPostgresSettings.in(directory).withBinaries(BINARIES));
    database = Database.open(DatabaseSettings.of(postgres));
    Schema.migrate(database);
    contents = new PostgresContentStore(database, ContentStoreSettings.DEFAULT);
    history = new PostgresHistoryStore(database, HistoryStoreSettings.DEFAULT);
  }

  @AfterEach
  void close() throws IOException {
    history.close();
    contents.close();
    database.close();
    postgres.close();
    PostgresBinaries.deleteRecursively(directory);
  }

  @Test
  void everything_fails_fast_while_the_database_is_away_and_works_again_when_it_is_back()
      throws IOException {
    Webhook before = samples.webhook(100);
    await(contents.store(before));
    postgres.close();

    long start = System.nanoTime();
    assertUnavailable(() -> await(contents.store(samples.webhook(100))));
    assertUnavailable(() -> await(contents.fetch(List.of(samples.id(NOON)))));
    assertUnavailable(
        () ->
            await(
                history.record(
                    samples.endpoint,
                    List.of(PostgresHistoryStoreTest.delivered(before.id(), 1)))));
    assertUnavailable(() -> await(database.ping()));
    for (int i = 0; i < 1_000; i++) {
      assertUnavailable(() -> await(contents.store(samples.webhook(10))));
    }
    assertTrue(System.nanoTime() - start < 20_000_000_000L);

    postgres =
        EmbeddedPostgres.start(
            EmbeddedPostgresSettings.in(directory)
                .withBinaries(BINARIES)
                .withPort(postgres.port()));
    Samples.until("stored again", () -> succeeds(() -> await(contents.store(samples.webhook(1)))));
    Samples.until(
        "fetched again", () -> succeeds(() -> await(contents.fetch(List.of(samples.id(NOON))))));
    Samples.until(
        "recorded again",
        () ->
            succeeds(
                () ->
                    await(
                        history.record(
                            samples.endpoint,
                            List.of(PostgresHistoryStoreTest.delivered(before.id(), 1))))));
    Samples.until("queried again", () -> succeeds(() -> await(database.ping())));
    assertEquals("1", PostgresForTests.query(settings(), "select count(*) from webhook_outcome"));
  }

  @Test
  void an_idle_connection_that_was_cut_costs_nobody_anything() {
    await(contents.store(samples.webhook(100)));
    PostgresForTests.execute(
        settings(),
        "select pg_terminate_backend(pid) from pg_stat_activity"
            + " where pid <> pg_backend_pid() and application_name = 'kapsel'");

    await(contents.store(samples.webhook(100)));
    assertEquals("2", PostgresForTests.query(settings(), "select count(*) from webhook"));
  }

  @Test
  void whatever_was_acknowledged_survives_kills_of_the_database_under_load() throws Exception {
    var acknowledged = new ConcurrentLinkedQueue<WebhookId>();
    var refused = new AtomicInteger();
    var stop = new AtomicBoolean();
    var clients = new ArrayList<Thread>();
    for (int i = 0; i < 4; i++) {
      var webhooks = new Samples(i);
      var client =
          new Thread(
              () -> {
                while (!stop.get()) {
                  Webhook webhook = webhooks.webhook(NOON, 500);
                  if (succeeds(() -> await(contents.store(webhook)))) {
                    acknowledged.add(webhook.id());
                  } else {
                    refused.incrementAndGet();
                  }
                }
              });
      client.start();
      clients.add(client);
    }
    for (int kill = 1; kill <= 3; kill++) {
      int before = acknowledged.size();
      Samples.until("some are acknowledged", () -> acknowledged.size() > before + 200);
      long pid = postgres.pid();
      ProcessHandle.of(pid).orElseThrow().destroyForcibly();
      Samples.until("it is started again", () -> postgres.pid() != pid);
    }
    int before = acknowledged.size();
    Samples.until("some are acknowledged at last", () -> acknowledged.size() > before + 200);
    stop.set(true);
    for (Thread client : clients) client.join();

    assertTrue(refused.get() > 0);
    assertEquals(Set.of(), missing(new ArrayList<>(acknowledged)));
  }

  private Set<WebhookId> missing(List<WebhookId> ids) {
    var missing = new HashSet<>(ids);
    for (int i = 0; i < ids.size(); i += 500) {
      List<WebhookId> some = ids.subList(i, Math.min(ids.size(), i + 500));
      await(contents.fetch(some));
      await(contents.fetch(some)).forEach(webhook -> missing.remove(webhook.id()));
    }
    return missing;
  }

  private DatabaseSettings settings() {
    return DatabaseSettings.of(postgres);
  }

  private static void assertUnavailable(Runnable action) {
    assertThrows(StorageUnavailable.class, action::run);
  }

  private static boolean succeeds(Runnable action) {
    try {
      action.run();
      return true;
    } catch (StorageUnavailable e) {
      return false;
    }
  }
}
