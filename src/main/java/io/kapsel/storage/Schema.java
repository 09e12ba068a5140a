package io.kapsel.storage;

import java.sql.Connection;
import java.sql.SQLException;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationVersion;

/** The version of the schema: brought up to date at start, never back. */
public final class Schema {
  /** The newest migration of this version of Kapsel. */
  static final int VERSION = 10;

  private static final String HISTORY = "schema_history";

  private Schema() {}

  /**
   * Applies what is missing. Cheap when nothing is.
   *
   * @throws SchemaMismatch when the schema is newer than this version, or was tampered with
   * @throws StorageUnavailable when the database does not answer
   */
  public static void migrate(Database database) {
    int version = database.performAtStart(Schema::version);
    if (version == VERSION) return;
    if (version > VERSION) {
      throw new SchemaMismatch(
          "the database schema has version %d, this Kapsel knows up to %d; start a newer Kapsel"
              .formatted(version, VERSION));
    }
    DatabaseSettings settings = database.settings();
    try {
      Flyway.configure()
          .dataSource(settings.url(), settings.user(), settings.password().value())
          .table(HISTORY)
          .locations("classpath:db/migration")
          .target(MigrationVersion.fromVersion(Integer.toString(VERSION)))
          .baselineOnMigrate(false)
          .cleanDisabled(true)
          .loggers("slf4j")
          .load()
          .migrate();
    } catch (FlywayException e) {
      throw new SchemaMismatch(
          "the database schema cannot be brought up to date: " + e.getMessage());
    }
  }

  /** The newest version applied, 0 for an empty database, -1 when a migration has failed. */
  private static int version(Connection connection) throws SQLException {
    try (var statement = connection.createStatement()) {
      try (var rows = statement.executeQuery("select to_regclass('" + HISTORY + "') is null")) {
        rows.next();
        if (rows.getBoolean(1)) return 0;
      }
      try (var rows =
          statement.executeQuery(
              "select coalesce(max(version::int), 0), coalesce(bool_and(success), true) from "
                  + HISTORY
                  + " where version is not null")) {
        rows.next();
        return rows.getBoolean(2) ? rows.getInt(1) : -1;
      }
    }
  }
}
