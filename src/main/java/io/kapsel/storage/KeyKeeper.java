package io.kapsel.storage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows under which keys the database holds secrets, and brings all of them under the current one:
 * events, snapshots and directory rows are rewritten where they stand. Their meaning does not
 * change, so actors, versions and sequence numbers are not concerned.
 *
 * <p>Every node notes each minute which key it seals with. A key whose note has become old, and
 * under which a whole pass finds nothing any more, is forgotten: only then may its owner throw it
 * away.
 */
public final class KeyKeeper implements AutoCloseable {
  /** In place of a key's id where secrets are stored as they are. */
  public static final String PLAIN = "plain";

  /**
   * Something stored that may hold secrets.
   *
   * @param entity persistence id of the actor, {@code endpoint|ep_…}
   * @param manifest the serialiser's, or {@link #DIRECTORY}
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Stored(String entity, String manifest, byte[] payload) {
    public static final String DIRECTORY = "directory";
  }

  /**
   * @param everySeconds between two looks
   * @param forgetAfterMillis how old the last note of a key must be before it is forgotten
   */
  public record Pace(long everySeconds, long forgetAfterMillis) {
    public static final Pace USUAL = new Pace(60, 600_000);
  }

  private static final Logger log = LoggerFactory.getLogger(KeyKeeper.class);
  private static final long LOCK_KEY = 0x6b617073656c03L;
  private static final String NOTE = "secrets-key:";

  /** Snapshots may be megabytes. */
  private static final int SNAPSHOTS_AT_ONCE = 20;

  private static final int ROWS_AT_ONCE = 500;

  private final Database database;
  private final String current;
  private final Function<Stored, Optional<Stored>> renew;
  private final InstantSource clock;
  private final Pace pace;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("kapsel-keys-", 0).factory());

  /**
   * @param current id of the key to seal with, or {@link #PLAIN}
   * @param renew the same under the current key; empty when there is nothing to do
   */
  public KeyKeeper(
      Database database,
      String current,
      Function<Stored, Optional<Stored>> renew,
      InstantSource clock,
      Pace pace) {
    this.database = database;
    this.current = current;
    this.renew = renew;
    this.clock = clock;
    this.pace = pace;
  }

  /**
   * Ids of the keys under which the database may hold secrets, with the time of their last note.
   * {@link #PLAIN} is one of them when it holds endpoints from before there were keys.
   */
  public static SortedMap<String, Long> noted(Database database) {
    return database.performAtStart(KeyKeeper::notes);
  }

  private static SortedMap<String, Long> notes(Connection connection) throws SQLException {
    SortedMap<String, Long> notes = new TreeMap<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            "select name, value from service_value where name like '" + NOTE + "%'")) {
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next())
          notes.put(
              rows.getString(1).substring(NOTE.length()),
              ByteBuffer.wrap(rows.getBytes(2)).getLong());
      }
    }
    if (notes.isEmpty() && hasEndpoints(connection)) notes.put(PLAIN, 0L);
    return notes;
  }

  private static boolean hasEndpoints(Connection connection) throws SQLException {
    try (var select = connection.createStatement();
        ResultSet rows = select.executeQuery("select exists (select from endpoint)")) {
      rows.next();
      return rows.getBoolean(1);
    }
  }

  /** Notes the current key before anything is written under it, and goes on from time to time. */
  public void start() {
    var unused =
        database.performAtStart(
            connection -> {
              // What an earlier version left behind must not be forgotten by the first note.
              for (var other : notes(connection).entrySet())
                if (other.getKey().equals(PLAIN)) note(connection, PLAIN, other.getValue(), "");
              note(connection, current, clock.millis(), "do update set value = excluded.value");
              return true;
            });
    var unusedToo =
        thread.scheduleWithFixedDelay(
            this::tend, pace.everySeconds(), pace.everySeconds(), TimeUnit.SECONDS);
  }

  /** Does now what is done from time to time; how many rows were rewritten. */
  public int renew() throws SQLException {
    try (Connection connection = database.connect()) {
      return tend(connection);
    }
  }

  private void tend() {
    try {
      renew();
    } catch (SQLException | RuntimeException later) {
      log.warn("Secrets are brought under the current key later: {}", later.toString());
    }
  }

  /** How many rows were rewritten. */
  int tend(Connection connection) throws SQLException {
    note(connection, current, clock.millis(), "do update set value = excluded.value");
    SortedMap<String, Long> others = notes(connection);
    others.remove(current);
    if (others.isEmpty() || current.equals(PLAIN) || !lock(connection)) return 0;
    try {
      int renewed = renewEvents(connection) + renewSnapshots(connection) + renewRows(connection);
      if (renewed > 0) log.info("Brought {} stored secrets under the key {}.", renewed, current);
      else forget(connection, others);
      return renewed;
    } finally {
      unlock(connection);
    }
  }

  private void forget(Connection connection, SortedMap<String, Long> others) throws SQLException {
    for (var other : others.entrySet()) {
      if (clock.millis() - other.getValue() < pace.forgetAfterMillis()) continue;
      try (PreparedStatement delete =
          connection.prepareStatement("delete from service_value where name = ? and value = ?")) {
        delete.setString(1, NOTE + other.getKey());
        delete.setBytes(2, bytes(other.getValue()));
        if (delete.executeUpdate() > 0)
          log.info("Nothing in the database needs the key {} any more.", other.getKey());
      }
    }
  }

  private static void note(Connection connection, String id, long millis, String onConflict)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into service_value (name, value) values (?, ?) on conflict "
                + (onConflict.isEmpty() ? "do nothing" : "(name) " + onConflict))) {
      insert.setString(1, NOTE + id);
      insert.setBytes(2, bytes(millis));
      insert.executeUpdate();
    }
  }

  private static byte[] bytes(long value) {
    return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
  }

  private static boolean lock(Connection connection) throws SQLException {
    return truth(connection, "select pg_try_advisory_lock(" + LOCK_KEY + ")");
  }

  private static void unlock(Connection connection) throws SQLException {
    truth(connection, "select pg_advisory_unlock(" + LOCK_KEY + ")");
  }

  private static boolean truth(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getBoolean(1);
    }
  }

  // -------------------------------------------------------------------------------- the tables

  private int renewEvents(Connection connection) throws SQLException {
    int renewed = 0;
    long after = -1;
    while (true) {
      int seen = 0;
      try (PreparedStatement select =
              connection.prepareStatement(
                  "select ordering, persistence_id, event_ser_manifest, event_payload"
                      + " from event_journal where ordering > ? and persistence_id like 'endpoint|%'"
                      + " and event_ser_manifest in ('e:created', 'e:configured',"
                      + " 'sealed:e:created', 'sealed:e:configured')"
                      + " order by ordering limit "
                      + ROWS_AT_ONCE);
          PreparedStatement update =
              connection.prepareStatement(
                  "update event_journal set event_ser_manifest = ?, event_payload = ?"
                      + " where ordering = ?")) {
        select.setLong(1, after);
        try (ResultSet rows = select.executeQuery()) {
          for (; rows.next(); seen++) {
            after = rows.getLong(1);
            Stored stored = new Stored(rows.getString(2), rows.getString(3), rows.getBytes(4));
            Optional<Stored> fresh = renew.apply(stored);
            if (fresh.isEmpty()) continue;
            update.setString(1, fresh.get().manifest());
            update.setBytes(2, fresh.get().payload());
            update.setLong(3, after);
            renewed += update.executeUpdate();
          }
        }
      }
      if (seen < ROWS_AT_ONCE) return renewed;
    }
  }

  private int renewSnapshots(Connection connection) throws SQLException {
    int renewed = 0;
    String after = "";
    long afterNumber = -1;
    while (true) {
      int seen = 0;
      try (PreparedStatement select =
              connection.prepareStatement(
                  "select persistence_id, sequence_number, snapshot_ser_manifest,"
                      + " snapshot_payload from snapshot"
                      + " where (persistence_id, sequence_number) > (?, ?)"
                      + " and persistence_id like 'endpoint|%'"
                      + " order by persistence_id, sequence_number limit "
                      + SNAPSHOTS_AT_ONCE);
          PreparedStatement update =
              connection.prepareStatement(
                  "update snapshot set snapshot_ser_manifest = ?, snapshot_payload = ?"
                      + " where persistence_id = ? and sequence_number = ?"
                      + " and snapshot_payload = ?")) {
        select.setString(1, after);
        select.setLong(2, afterNumber);
        try (ResultSet rows = select.executeQuery()) {
          for (; rows.next(); seen++) {
            after = rows.getString(1);
            afterNumber = rows.getLong(2);
            Stored stored = new Stored(after, rows.getString(3), rows.getBytes(4));
            Optional<Stored> fresh = renew.apply(stored);
            if (fresh.isEmpty()) continue;
            update.setString(1, fresh.get().manifest());
            update.setBytes(2, fresh.get().payload());
            update.setString(3, after);
            update.setLong(4, afterNumber);
            update.setBytes(5, stored.payload());
            renewed += update.executeUpdate();
          }
        }
      }
      if (seen < SNAPSHOTS_AT_ONCE) return renewed;
    }
  }

  private int renewRows(Connection connection) throws SQLException {
    int renewed = 0;
    UUID after = new UUID(0, 0);
    while (true) {
      int seen = 0;
      try (PreparedStatement select =
              connection.prepareStatement(
                  "select id, config, version from endpoint where id > ? order by id limit "
                      + ROWS_AT_ONCE);
          PreparedStatement update =
              connection.prepareStatement(
                  "update endpoint set config = ?::jsonb where id = ? and version = ?")) {
        select.setObject(1, after);
        try (ResultSet rows = select.executeQuery()) {
          for (; rows.next(); seen++) {
            after = rows.getObject(1, UUID.class);
            Stored stored =
                new Stored(
                    "endpoint|" + Columns.endpointId(rows, 1),
                    Stored.DIRECTORY,
                    rows.getString(2).getBytes(StandardCharsets.UTF_8));
            Optional<Stored> fresh = renew.apply(stored);
            if (fresh.isEmpty()) continue;
            update.setString(1, new String(fresh.get().payload(), StandardCharsets.UTF_8));
            update.setObject(2, after);
            update.setLong(3, rows.getLong(3));
            renewed += update.executeUpdate();
          }
        }
      }
      if (seen < ROWS_AT_ONCE) return renewed;
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
