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

  /** Or a node that was frozen could write them once more, and believe that it was the first. */
  @Test
  void keeps_events_that_are_younger_than_any_freeze() {
    for (int at : new int[] {5, 9}) snapshot("a", at);
    PostgresForTests.execute(
        settings,
        "update event_journal set write_timestamp = extract(epoch from now()) * 1000 - 540000"
            + " where persistence_id = 'a' and sequence_number >= 3");
    tidy();
    assertEquals("3 4 5 6 7 8 9 10", numbers("event_journal", "a"));
  }

  @Test
  void leaves_other_actors_alone() {
    snapshot("a", 2);
    snapshot("a", 9);
    tidy();
    assertEquals("1 2 3", numbers("event_journal", "b"));
  }

  /** A statement has seconds: what piled up while nobody tidied must not be more than it can do. */
  @Test
  void removes_what_has_piled_up_in_statements_of_bounded_size() {
    PostgresForTests.execute(
        settings,
        """
        insert into event_journal (persistence_id, sequence_number, writer, event_ser_id,
          event_ser_manifest, event_payload)
        select 'c', n, 'w', 1, 'm', '' from generate_series(1, 25000) n;
        create table deletion (events bigint);
        create function note() returns trigger language plpgsql as
          $$ begin insert into deletion select count(*) from gone; return null; end $$;
        create trigger note after delete on event_journal referencing old table as gone
          for each statement execute function note()""");
    snapshot("c", 24_000);
    snapshot("c", 25_000);
    tidy();
    assertEquals(
        "24000",
        query("select min(sequence_number) from event_journal where persistence_id = 'c'"));
    assertEquals("23999", query("select sum(events) from deletion"));
    assertEquals("10000", query("select max(events) from deletion"));
  }

  private String query(String sql) {
    return PostgresForTests.query(settings, sql);
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
