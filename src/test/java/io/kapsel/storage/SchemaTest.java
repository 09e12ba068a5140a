package io.kapsel.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.webhook.Secret;
import io.kapsel.testing.PostgresForTests;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.junit.jupiter.api.Test;

@DisplayNameGeneration(DisplayNameGenerator.ReplaceUnderscores.class)
class SchemaTest {
  @Test
  void an_empty_database_gets_every_table_and_a_second_start_changes_nothing() {
    DatabaseSettings settings = PostgresForTests.emptyDatabase();
    try (Database database = Database.open(settings)) {
      Schema.migrate(database);
      Schema.migrate(database);
    }
    assertEquals(
        Integer.toString(Schema.VERSION),
        PostgresForTests.query(settings, "select count(*) from schema_history where success"));
    for (String table : new String[] {"event_journal", "snapshot", "tenant", "webhook"}) {
      assertEquals("0", PostgresForTests.query(settings, "select count(*) from " + table));
    }
  }

  @Test
  void nodes_that_start_at_once_on_an_empty_database_all_find_the_schema() throws Exception {
    DatabaseSettings settings = PostgresForTests.emptyDatabase();
    try (var threads = Executors.newFixedThreadPool(6)) {
      var together = new CyclicBarrier(6);
      var starts = new ArrayList<Future<?>>();
      for (int i = 0; i < 6; i++) starts.add(threads.submit(() -> start(settings, together)));
      for (Future<?> start : starts) start.get();
    }
    assertEquals(
        Integer.toString(Schema.VERSION),
        PostgresForTests.query(settings, "select count(*) from schema_history where success"));
  }

  private static Void start(DatabaseSettings settings, CyclicBarrier together) throws Exception {
    together.await();
    try (Database database = Database.open(settings)) {
      Schema.migrate(database);
      try (var days =
          new Partitions(database, new PartitionSettings(3, 30), InstantSource.system())) {
        days.start();
      }
    }
    return null;
  }

  @Test
  void migrations_are_numbered_up_to_the_version_known() throws IOException, URISyntaxException {
    Path migrations = Path.of(Schema.class.getResource("/db/migration").toURI());
    try (Stream<Path> files = Files.list(migrations)) {
      List<Integer> versions =
          files
              .map(file -> file.getFileName().toString())
              .map(name -> Integer.valueOf(name.substring(1, name.indexOf("__"))))
              .sorted()
              .toList();
      assertEquals(IntStream.rangeClosed(1, Schema.VERSION).boxed().toList(), versions);
    }
  }

  @Test
  void a_database_of_a_newer_version_is_refused_and_not_touched() {
    DatabaseSettings settings = PostgresForTests.freshDatabase();
    PostgresForTests.execute(
        settings,
        "insert into schema_history (installed_rank, version, description, type, script,"
            + " installed_by, execution_time, success)"
            + " values (1000, '999', 'future', 'SQL', 'V999__future.sql', 'x', 1, true)");
    try (Database database = Database.open(settings)) {
      SchemaMismatch refusal = assertThrows(SchemaMismatch.class, () -> Schema.migrate(database));
      assertTrue(refusal.toString().contains("999"), refusal.toString());
    }
  }

  @Test
  void a_start_waits_for_the_database_and_gives_up_in_the_end() {
    DatabaseSettings nowhere =
        impatient(
            DatabaseSettings.of("jdbc:postgresql://127.0.0.1:1/kapsel", "kapsel", new Secret("x")));
    try (Database database = Database.open(nowhere)) {
      assertThrows(StorageUnavailable.class, () -> Schema.migrate(database));
      assertThrows(StorageUnavailable.class, () -> Samples.await(database.ping()));
    }
  }

  @Test
  void a_start_does_not_wait_for_a_wrong_password_to_become_right() {
    DatabaseSettings right = PostgresForTests.freshDatabase();
    var wrong = DatabaseSettings.of(right.url(), right.user(), new Secret("wrong"));
    long start = System.nanoTime();
    try (Database database = Database.open(wrong)) {
      assertThrows(StorageUnavailable.class, () -> Schema.migrate(database));
    }
    assertTrue(System.nanoTime() - start < 10_000_000_000L);
  }

  private static DatabaseSettings impatient(DatabaseSettings settings) {
    return new DatabaseSettings(
        settings.url(),
        settings.user(),
        settings.password(),
        settings.poolConnections(),
        settings.queuedQueriesMax(),
        settings.acquireTimeoutMillis(),
        settings.connectTimeoutMillis(),
        300,
        settings.socketTimeoutMillis(),
        settings.statementTimeoutMillis());
  }
}
