package io.kapsel.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes what no recovery reads again: snapshots beyond the newest ones of each actor, and the
 * events before the oldest snapshot that is kept. The last event of an actor always stays, for the
 * journal takes the highest sequence number from it.
 *
 * <p>Young events stay, too: their primary keys refuse the writes of a node that was frozen while
 * its endpoints moved. Without the row such a write would succeed where nobody reads it.
 */
public final class JournalKeeper implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(JournalKeeper.class);
  private static final long LOCK_KEY = 0x6b617073656c02L;

  /** A statement has seconds, and each event costs a look-up of its tags. */
  private static final int EVENTS_AT_ONCE = 10_000;

  /** No process is frozen for longer, and still alive in the eyes of whoever runs it. */
  private static final long EVENTS_KEPT_MILLIS = 600_000;

  private static final String DELETE_SNAPSHOTS =
      """
      delete from snapshot s using (
        select persistence_id, sequence_number,
          row_number() over (partition by persistence_id order by sequence_number desc) as age
        from snapshot) ranked
      where ranked.age > ? and s.persistence_id = ranked.persistence_id
        and s.sequence_number = ranked.sequence_number
      """;
  private static final String DELETE_EVENTS =
      """
      delete from event_journal e using (
        select old.persistence_id, old.sequence_number
        from (
          select persistence_id, min(sequence_number) as kept from snapshot
          group by persistence_id having count(*) >= ?) oldest
        join event_journal old
          on old.persistence_id = oldest.persistence_id and old.sequence_number < oldest.kept
        where coalesce(old.write_timestamp, 0) < extract(epoch from now()) * 1000 - %d
        limit %d) unread
      where e.persistence_id = unread.persistence_id
        and e.sequence_number = unread.sequence_number
      """
          .formatted(EVENTS_KEPT_MILLIS, EVENTS_AT_ONCE);

  private final Database database;
  private final int snapshotsKept;
  private final long everySeconds;
  private @Nullable ScheduledFuture<?> schedule;

  /**
   * @param snapshotsKept for each actor; the older ones are for the case that the newest is damaged
   */
  public JournalKeeper(Database database, int snapshotsKept, long everySeconds) {
    this.database = database;
    this.snapshotsKept = snapshotsKept;
    this.everySeconds = everySeconds;
  }

  public void start() {
    schedule =
        database
            .watch()
            .scheduleWithFixedDelay(this::tend, everySeconds, everySeconds, TimeUnit.SECONDS);
  }

  private void tend() {
    var unused =
        database
            .run(
                connection -> {
                  tidy(connection);
                  return true;
                })
            .whenComplete(
                (done, failure) -> {
                  if (failure != null)
                    log.warn("The journal is tidied up later: {}", failure.toString());
                });
  }

  /** One node at a time; the others leave it to that one. */
  void tidy(Connection connection) throws SQLException {
    while (tidySome(connection) == EVENTS_AT_ONCE) {
      // There may be more.
    }
  }

  /** The number of events removed. */
  private int tidySome(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (var lock = connection.createStatement()) {
      int removed = 0;
      try (var rows = lock.executeQuery("select pg_try_advisory_xact_lock(" + LOCK_KEY + ")")) {
        rows.next();
        if (rows.getBoolean(1)) {
          delete(connection, DELETE_SNAPSHOTS);
          removed = delete(connection, DELETE_EVENTS);
        }
      }
      connection.commit();
      return removed;
    } catch (SQLException failed) {
      connection.rollback();
      throw failed;
    } finally {
      connection.setAutoCommit(true);
    }
  }

  private int delete(Connection connection, String sql) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(sql)) {
      delete.setInt(1, snapshotsKept);
      return delete.executeUpdate();
    }
  }

  @Override
  public void close() {
    ScheduledFuture<?> current = schedule;
    if (current != null) current.cancel(false);
  }
}
