package io.kapsel.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.testing.PostgresForTests;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class JournalKeeperTest {
  private DatabaseSettings settings;
  private Database database;

  @BeforeEach
  void open() {
    settings = PostgresForTests.freshDatabase();
    database = Database.open(settings);
    for (int i = 1; i <= 10; i++) event("a", i);
    for (int i = 1; i <= 3; i++) event("b", i);
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void keeps_the_newest_snapshots_and_the_events_from_the_older_of_them_on() {
    for (int at : new int[] {2, 5, 9}) snapshot("a", at);
    tidy();
    assertEquals("5 9", numbers("snapshot", "a"));
    assertEquals("5 6 7 8 9 10", numbers("event_journal", "a"));
  }

  @Test
  void keeps_all_events_until_there_are_snapshots_enough() {
    snapshot("a", 9);
    tidy();
    assertEquals("9", numbers("snapshot", "a"));
    assertEquals("1 2 3 4 5 6 7 8 9 10", numbers("event_journal", "a"));
  }

  @Test
  void leaves_other_actors_alone() {
    snapshot("a", 2);
    snapshot("a", 9);
    tidy();
    assertEquals("1 2 3", numbers("event_journal", "b"));
  }

  private void tidy() {
    database.perform(
        connection -> {
          new JournalKeeper(database, 2, 60).tidy(connection);
          return true;
        });
  }

  private void event(String actor, int number) {
    PostgresForTests.execute(
        settings,
        "insert into event_journal (persistence_id, sequence_number, writer, event_ser_id,"
            + " event_ser_manifest, event_payload) values ('%s', %d, 'w', 1, 'm', '')"
                .formatted(actor, number));
  }

  private void snapshot(String actor, int number) {
    PostgresForTests.execute(
        settings,
        "insert into snapshot (persistence_id, sequence_number, created, snapshot_ser_id,"
            + " snapshot_ser_manifest, snapshot_payload) values ('%s', %d, 0, 1, 'm', '')"
                .formatted(actor, number));
  }

  private String numbers(String table, String actor) {
    return PostgresForTests.query(
        settings,
        "select string_agg(sequence_number::text, ' ' order by sequence_number) from %s where"
                .formatted(table)
            + " persistence_id = '%s'".formatted(actor));
  }
}
