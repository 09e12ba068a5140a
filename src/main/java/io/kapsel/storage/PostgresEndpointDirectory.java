package io.kapsel.storage;

import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** The {@code endpoint} table. Configurations come back without their secrets: these stay out. */
public final class PostgresEndpointDirectory implements EndpointDirectory {
  /** Longer than a creation can take. */
  private static final long RESERVED_MILLIS_MAX = 60_000;

  private static final String COLUMNS =
      "id, tenant_id, status, version, config, created_at, updated_at";
  private static final String SELECT = "select " + COLUMNS + " from endpoint where ";

  private final Database database;
  private final BiFunction<EndpointConfig, EndpointId, byte[]> toJson;
  private final BiFunction<byte[], EndpointId, EndpointConfig> fromJson;

  /**
   * @param toJson writes an endpoint's configuration as UTF-8 JSON
   * @param fromJson reads what {@code toJson} of this or an earlier version has written
   */
  public PostgresEndpointDirectory(
      Database database,
      BiFunction<EndpointConfig, EndpointId, byte[]> toJson,
      BiFunction<byte[], EndpointId, EndpointConfig> fromJson) {
    this.database = database;
    this.toJson = toJson;
    this.fromJson = fromJson;
  }

  @Override
  public CompletionStage<Optional<Entry>> find(EndpointId id) {
    return database.run(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(SELECT + "id = ? and version > 0")) {
            select.setObject(1, Columns.uuid(id));
            return first(select);
          }
        });
  }

  /** Whether any living endpoint's senders sign the URL they send to. Asked once, at a start. */
  public CompletionStage<Boolean> anySignsItsUrl() {
    return database.run(
        connection -> {
          try (PreparedStatement select =
                  connection.prepareStatement(
                      "select exists (select from endpoint where status <> 'deleted' and"
                          + " (config #>> '{signature,scheme}' = 'twilio'"
                          + " or (config #>> '{signature,scheme}' = 'hmac'"
                          + " and config #>> '{signature,template}' like '%{url}%')))");
              ResultSet rows = select.executeQuery()) {
            return rows.next() && rows.getBoolean(1);
          }
        });
  }

  /** Fails with {@link NameTaken} when the tenant has another living endpoint of this name. */
  @Override
  public CompletionStage<Void> put(Entry entry) {
    return database.run(connection -> put(connection, entry));
  }

  /**
   * Takes the name and a place among the tenant's endpoints for one that is about to be created.
   * Nobody sees it before its actor has put it here; when that never happens, the reservation
   * lapses after a minute. False when the tenant has as many as it may. Fails with {@link
   * NameTaken}.
   */
  public CompletionStage<Boolean> reserve(
      EndpointId id, TenantId tenant, EndpointConfig config, long nowMillis) {
    return database.run(
        connection -> {
          connection.setAutoCommit(false);
          try {
            boolean room = hasRoom(connection, tenant, nowMillis);
            if (room) {
              put(
                  connection,
                  new Entry(id, tenant, Status.ACTIVE, 0, config, nowMillis, nowMillis));
            }
            connection.commit();
            return room;
          } catch (SQLException | RuntimeException failed) {
            connection.rollback();
            throw failed;
          } finally {
            connection.setAutoCommit(true);
          }
        });
  }

  /**
   * Locks the tenant's row against its deletion, and where there is a maximum against others, so
   * that two creations cannot both take the last place.
   */
  private static boolean hasRoom(Connection connection, TenantId tenant, long nowMillis)
      throws SQLException {
    Optional<Integer> found = endpointsMax(connection, tenant, "");
    if (found.isEmpty()) return false;
    found = endpointsMax(connection, tenant, found.get() == 0 ? " for share" : " for update");
    if (found.isEmpty()) return false;
    int max = found.get();
    try (PreparedStatement lapsed =
        connection.prepareStatement(
            "delete from endpoint where tenant_id = ? and version = 0 and created_at < ?")) {
      lapsed.setObject(1, Columns.uuid(tenant));
      Columns.setMillis(lapsed, 2, nowMillis - RESERVED_MILLIS_MAX);
      lapsed.executeUpdate();
    }
    return max == 0 || count(connection, tenant, max) < max;
  }

  /** Empty when there is no such tenant. */
  private static Optional<Integer> endpointsMax(
      Connection connection, TenantId tenant, String locking) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select max_endpoints from tenant where id = ? and deleted_at is null" + locking)) {
      select.setObject(1, Columns.uuid(tenant));
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? Optional.of(rows.getInt(1)) : Optional.empty();
      }
    }
  }

  /**
   * Takes another name for an endpoint before its actor is told to have it; the actor's next entry
   * says which one it has. Fails with {@link NameTaken}.
   */
  public CompletionStage<@Nullable Void> rename(EndpointId id, String name) {
    return database.run(
        connection -> {
          try (PreparedStatement update =
              connection.prepareStatement("update endpoint set name = ? where id = ?")) {
            update.setString(1, name);
            update.setObject(2, Columns.uuid(id));
            update.executeUpdate();
            return null;
          } catch (SQLException e) {
            if (Columns.UNIQUE_VIOLATION.equals(e.getSQLState())) throw new NameTaken(name);
            throw e;
          }
        });
  }

  private Void put(Connection connection, Entry entry) throws SQLException {
    try (PreparedStatement upsert =
        connection.prepareStatement(
            """
            insert into endpoint (id, tenant_id, name, status, version, config, created_at,
              updated_at)
            values (?, ?, ?, ?, ?, ?::jsonb, ?, ?)
            on conflict (id) do update set name = excluded.name, status = excluded.status,
              version = excluded.version, config = excluded.config,
              updated_at = excluded.updated_at
            where endpoint.version <= excluded.version
            """)) {
      byte[] config = toJson.apply(entry.config().withoutSecrets(), entry.id());
      upsert.setObject(1, Columns.uuid(entry.id()));
      upsert.setObject(2, Columns.uuid(entry.tenant()));
      upsert.setString(3, entry.config().name());
      upsert.setString(4, text(entry.status()));
      upsert.setLong(5, entry.version());
      upsert.setString(6, new String(config, StandardCharsets.UTF_8));
      Columns.setMillis(upsert, 7, entry.createdAtMillis());
      Columns.setMillis(upsert, 8, entry.updatedAtMillis());
      upsert.executeUpdate();
      return null;
    } catch (SQLException e) {
      if (Columns.UNIQUE_VIOLATION.equals(e.getSQLState())) {
        throw new NameTaken(entry.config().name());
      }
      throw e;
    }
  }

  /**
   * Which living endpoints are meant.
   *
   * @param name exactly
   */
  public record Filter(Optional<Status> status, Optional<String> name) {
    public static final Filter NONE = new Filter(Optional.empty(), Optional.empty());
  }

  /** Living endpoints of the tenant, newest first, older than {@code before} when given. */
  public CompletionStage<List<Entry>> list(
      TenantId tenant, Filter filter, Optional<EndpointId> before, int limit) {
    return database.run(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  SELECT
                      + "tenant_id = ? and id < ? and version > 0 and status <> 'deleted'"
                      + " and (?::text is null or status = ?) and (?::text is null or name = ?)"
                      + " order by id desc limit ?")) {
            String status = filter.status().map(PostgresEndpointDirectory::text).orElse(null);
            select.setObject(1, Columns.uuid(tenant));
            select.setObject(2, Columns.uuid(before.orElse(new EndpointId(-1, -1))));
            select.setString(3, status);
            select.setString(4, status);
            select.setString(5, filter.name().orElse(null));
            select.setString(6, filter.name().orElse(null));
            select.setInt(7, limit);
            var entries = new ArrayList<Entry>();
            try (ResultSet rows = select.executeQuery()) {
              while (rows.next()) entries.add(entry(rows));
            }
            return entries;
          }
        });
  }

  /** The tenant's living endpoint of this name. */
  public CompletionStage<Optional<Entry>> findByName(TenantId tenant, String name) {
    return database.run(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  SELECT + "tenant_id = ? and name = ? and version > 0 and status <> 'deleted'")) {
            select.setObject(1, Columns.uuid(tenant));
            select.setString(2, name);
            return first(select);
          }
        });
  }

  /** How many living endpoints the tenant has, counted up to {@code max}. */
  public CompletionStage<Integer> count(TenantId tenant, int max) {
    return database.run(connection -> count(connection, tenant, max));
  }

  private static int count(Connection connection, TenantId tenant, int max) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select count(*) from (select from endpoint where tenant_id = ?"
                + " and status <> 'deleted' limit ?) living")) {
      select.setObject(1, Columns.uuid(tenant));
      select.setInt(2, max);
      try (ResultSet rows = select.executeQuery()) {
        rows.next();
        return rows.getInt(1);
      }
    }
  }

  private Optional<Entry> first(PreparedStatement select) throws SQLException {
    try (ResultSet rows = select.executeQuery()) {
      return rows.next() ? Optional.of(entry(rows)) : Optional.empty();
    }
  }

  private Entry entry(ResultSet row) throws SQLException {
    EndpointId id = Columns.endpointId(row, 1);
    return new Entry(
        id,
        Columns.tenantId(row, 2),
        Status.valueOf(row.getString(3).toUpperCase(Locale.ROOT)),
        row.getLong(4),
        fromJson.apply(row.getString(5).getBytes(StandardCharsets.UTF_8), id),
        Columns.millis(row, 6),
        Columns.millis(row, 7));
  }

  private static String text(Status status) {
    return status.name().toLowerCase(Locale.ROOT);
  }
}
