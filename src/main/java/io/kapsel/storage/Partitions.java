package io.kapsel.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates the days of the event tables ahead of time and drops the old ones. All times are UTC. A
 * day that is missing costs nothing but tidiness: its rows go to the default partition and move
 * when the day is created. A day with webhooks that are still owed to someone is kept.
 */
public final class Partitions implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Partitions.class);
  private static final DateTimeFormatter SUFFIX = DateTimeFormatter.BASIC_ISO_DATE;
  private static final long LOCK_KEY = 0x6b617073656c01L;
  private static final int INTERVAL_HOURS = 1;
  private static final int STATEMENT_TIMEOUT_MILLIS = 600_000;

  private record Table(String name, String key) {}

  private static final List<Table> TABLES =
      List.of(
          new Table("webhook", "id"),
          new Table("webhook_outcome", "webhook_id"),
          new Table("delivery_attempt", "webhook_id"));

  private final Database database;
  private final PartitionSettings settings;
  private final InstantSource clock;
  private @Nullable ScheduledFuture<?> schedule;

  public Partitions(Database database, PartitionSettings settings, InstantSource clock) {
    this.database = database;
    this.settings = settings;
    this.clock = clock;
  }

  /** Creates what is missing now, then tends to the days every hour. */
  public void start() {
    create();
    schedule =
        database
            .watch()
            .scheduleWithFixedDelay(this::tend, INTERVAL_HOURS, INTERVAL_HOURS, TimeUnit.HOURS);
  }

  private void tend() {
    var unused =
        database.run(
            connection -> {
              try {
                create(connection);
                drop(connection);
              } catch (SQLException e) {
                log.warn("Partitions could not be tended to, next try in an hour", e);
              }
              return null;
            });
  }

  /** Creates the days from yesterday to {@code daysAhead} that are missing. */
  void create() {
    database.perform(
        connection -> {
          create(connection);
          return null;
        });
  }

  private void create(Connection connection) throws SQLException {
    LocalDate today = today();
    var days = new ArrayList<LocalDate>();
    for (int i = -1; i <= settings.daysAhead(); i++) days.add(today.plusDays(i));
    if (existing(connection).containsAll(names(days))) return;
    inTransaction(
        connection,
        statement -> {
          Set<String> existing = existing(connection);
          for (Table table : TABLES) {
            for (LocalDate day : days) {
              if (!existing.contains(name(table, day))) create(statement, table, day);
            }
          }
        });
  }

  /**
   * Attached rather than created in place: that would lock the whole table against its readers and
   * writers. What is only ever inserted needs no vacuum for that: a day is dropped as a whole.
   */
  private static void create(Statement statement, Table table, LocalDate day) throws SQLException {
    String name = name(table, day);
    UUID from = firstId(day);
    UUID until = firstId(day.plusDays(1));
    statement.execute(
        "create table %s (like %s including all) with (autovacuum_vacuum_insert_threshold = -1)"
            .formatted(name, table.name));
    statement.execute("lock table %s_default in access exclusive mode".formatted(table.name));
    statement.execute(
        """
        with strayed as (
          delete from %1$s_default where %2$s >= '%4$s' and %2$s < '%5$s' returning *)
        insert into %3$s select * from strayed
        """
            .formatted(table.name, table.key, name, from, until));
    statement.execute(
        "alter table %s attach partition %s for values from ('%s') to ('%s')"
            .formatted(table.name, name, from, until));
  }

  /** Drops the days past retention in which everything has ended. */
  void drop() {
    database.perform(
        connection -> {
          drop(connection);
          return null;
        });
  }

  private void drop(Connection connection) throws SQLException {
    if (settings.retentionDays() == 0) return;
    LocalDate oldestKept = today().minusDays(settings.retentionDays());
    var days = new TreeSet<LocalDate>();
    for (String name : existing(connection)) {
      if (!name.matches("webhook_\\d{8}")) continue;
      LocalDate day = LocalDate.parse(name.substring(name.length() - 8), SUFFIX);
      if (day.isBefore(oldestKept)) days.add(day);
    }
    for (LocalDate day : days) inTransaction(connection, statement -> drop(statement, day));
  }

  private static void drop(Statement statement, LocalDate day) throws SQLException {
    if (isOwed(statement, day)) {
      log.warn("{} is past retention and kept: some of its webhooks have not ended", day);
      return;
    }
    for (Table table : TABLES) statement.execute("drop table if exists " + name(table, day));
    log.info("Dropped the events of {}, past retention", day);
  }

  private static boolean isOwed(Statement statement, LocalDate day) throws SQLException {
    try (ResultSet rows =
        statement.executeQuery(
            """
                select exists (
                  select from webhook w
                  where w.id >= '%1$s' and w.id < '%2$s' and w.erased_at is null
                    and not exists (
                      select from webhook_outcome o
                      where o.webhook_id = w.id and o.webhook_id >= '%1$s'
                        and o.webhook_id < '%2$s' and o.status <> 'pending')
                    and exists (
                      select from endpoint e where e.id = w.endpoint_id and e.status <> 'deleted'))
                """
                .formatted(firstId(day), firstId(day.plusDays(1))))) {
      rows.next();
      return rows.getBoolean(1);
    }
  }

  private interface Change {
    void apply(Statement statement) throws SQLException;
  }

  /** One node at a time; gives up soon when the tables are in use for long. */
  private static void inTransaction(Connection connection, Change change) throws SQLException {
    int networkTimeoutMillis = connection.getNetworkTimeout();
    connection.setNetworkTimeout(Runnable::run, 2 * STATEMENT_TIMEOUT_MILLIS);
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("set local lock_timeout = '3s'");
      statement.execute("set local statement_timeout = " + STATEMENT_TIMEOUT_MILLIS);
      statement.execute("select pg_advisory_xact_lock(" + LOCK_KEY + ")");
      change.apply(statement);
      connection.commit();
    } catch (SQLException e) {
      connection.rollback();
      throw e;
    } finally {
      connection.setAutoCommit(true);
      connection.setNetworkTimeout(Runnable::run, networkTimeoutMillis);
    }
  }

  private static Set<String> existing(Connection connection) throws SQLException {
    var names = new HashSet<String>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid"
                    + " where i.inhparent in ('webhook'::regclass, 'webhook_outcome'::regclass,"
                    + " 'delivery_attempt'::regclass)")) {
      while (rows.next()) names.add(rows.getString(1));
    }
    return names;
  }

  private static Set<String> names(List<LocalDate> days) {
    var names = new HashSet<String>();
    for (Table table : TABLES) for (LocalDate day : days) names.add(name(table, day));
    return names;
  }

  private static String name(Table table, LocalDate day) {
    return table.name + "_" + SUFFIX.format(day);
  }

  private static UUID firstId(LocalDate day) {
    return Columns.firstId(day.atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli());
  }

  private LocalDate today() {
    Instant now = clock.instant();
    return LocalDate.ofInstant(now, ZoneOffset.UTC);
  }

  @Override
  public void close() {
    ScheduledFuture<?> current = schedule;
    if (current != null) current.cancel(false);
  }
}
