package io.kapsel.storage;

import io.kapsel.core.limit.Quota;
import io.kapsel.core.webhook.TenantId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;

/** The {@code tenant} table. Deleted tenants keep their row and free their name. */
public final class Tenants {
  /**
   * @param version rises with every change
   */
  public record Tenant(
      TenantId id,
      String name,
      TenantLimits limits,
      long version,
      long createdAtMillis,
      long updatedAtMillis) {}

  private static final String SELECT =
      "select id, name, ingest_rate_per_second, ingest_burst, ingest_quota,"
          + " ingest_quota_window_seconds, delivery_concurrency, max_endpoints,"
          + " allow_private_destination, version, created_at, updated_at"
          + " from tenant where deleted_at is null and ";

  private final Database database;

  public Tenants(Database database) {
    this.database = database;
  }

  /** Fails with {@link NameTaken}. */
  public CompletionStage<Tenant> create(
      TenantId id, String name, TenantLimits limits, long nowMillis) {
    return database.run(
        connection -> {
          try (PreparedStatement insert =
              connection.prepareStatement(
                  "insert into tenant (name, ingest_rate_per_second, ingest_burst,"
                      + " ingest_quota, ingest_quota_window_seconds,"
                      + " delivery_concurrency, max_endpoints, allow_private_destination,"
                      + " updated_at, id, version, created_at)"
                      + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)")) {
            setChangeable(insert, name, limits, nowMillis);
            insert.setObject(10, Columns.uuid(id));
            Columns.setMillis(insert, 11, nowMillis);
            insert.executeUpdate();
            return new Tenant(id, name, limits, 1, nowMillis, nowMillis);
          } catch (SQLException e) {
            throw nameTakenOr(e, name);
          }
        });
  }

  /**
   * Empty when the tenant is not there at the version; {@code tenant} carries the version it was
   * read with. Fails with {@link NameTaken}.
   */
  public CompletionStage<Optional<Tenant>> update(Tenant tenant, long nowMillis) {
    return database.run(
        connection -> {
          try (PreparedStatement update =
              connection.prepareStatement(
                  "update tenant set name = ?, ingest_rate_per_second = ?, ingest_burst = ?,"
                      + " ingest_quota = ?, ingest_quota_window_seconds = ?,"
                      + " delivery_concurrency = ?, max_endpoints = ?,"
                      + " allow_private_destination = ?, updated_at = ?, version = version + 1"
                      + " where id = ? and version = ? and deleted_at is null")) {
            setChangeable(update, tenant.name(), tenant.limits(), nowMillis);
            update.setObject(10, Columns.uuid(tenant.id()));
            update.setLong(11, tenant.version());
            if (update.executeUpdate() == 0) return Optional.empty();
            return Optional.of(
                new Tenant(
                    tenant.id(),
                    tenant.name(),
                    tenant.limits(),
                    tenant.version() + 1,
                    tenant.createdAtMillis(),
                    nowMillis));
          } catch (SQLException e) {
            throw nameTakenOr(e, tenant.name());
          }
        });
  }

  public CompletionStage<Optional<Tenant>> find(TenantId id) {
    return database.run(
        connection -> {
          try (PreparedStatement select = connection.prepareStatement(SELECT + "id = ?")) {
            select.setObject(1, Columns.uuid(id));
            return all(select).stream().findFirst();
          }
        });
  }

  public CompletionStage<Optional<Tenant>> findByName(String name) {
    return database.run(
        connection -> {
          try (PreparedStatement select = connection.prepareStatement(SELECT + "name = ?")) {
            select.setString(1, name);
            return all(select).stream().findFirst();
          }
        });
  }

  /** What these tenants are granted; those that do not exist are left out. */
  public CompletionStage<Map<TenantId, TenantLimits>> limits(List<TenantId> tenants) {
    return database.run(
        connection -> {
          try (PreparedStatement select = connection.prepareStatement(SELECT + "id = any (?)")) {
            Object[] ids = tenants.stream().map(Columns::uuid).toArray();
            select.setArray(1, connection.createArrayOf("uuid", ids));
            Map<TenantId, TenantLimits> limits = new TreeMap<>();
            for (Tenant tenant : all(select)) limits.put(tenant.id(), tenant.limits());
            return limits;
          }
        });
  }

  /** Newest first, older than {@code before} when given. */
  public CompletionStage<List<Tenant>> list(Optional<TenantId> before, int limit) {
    return database.run(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(SELECT + "id < ? order by id desc limit ?")) {
            select.setObject(1, Columns.uuid(before.orElse(new TenantId(-1, -1))));
            select.setInt(2, limit);
            return all(select);
          }
        });
  }

  /** Also revokes the tenant's keys; false when there is no such tenant. */
  public CompletionStage<Boolean> delete(TenantId id, long nowMillis) {
    return database.run(
        connection -> {
          try (PreparedStatement delete =
              connection.prepareStatement(
                  """
                  with gone as (
                    update tenant set deleted_at = ?, updated_at = ?, version = version + 1
                    where id = ? and deleted_at is null returning id),
                  revoked as (
                    update api_key set revoked_at = ? where tenant_id in (select id from gone)
                      and revoked_at is null)
                  select id from gone
                  """)) {
            Columns.setMillis(delete, 1, nowMillis);
            Columns.setMillis(delete, 2, nowMillis);
            delete.setObject(3, Columns.uuid(id));
            Columns.setMillis(delete, 4, nowMillis);
            try (ResultSet rows = delete.executeQuery()) {
              return rows.next();
            }
          }
        });
  }

  private static void setChangeable(
      PreparedStatement statement, String name, TenantLimits limits, long nowMillis)
      throws SQLException {
    statement.setString(1, name);
    statement.setDouble(2, limits.ingestRatePerSecond());
    statement.setInt(3, limits.ingestBurst());
    statement.setLong(4, limits.ingestQuota().webhooks());
    statement.setInt(5, limits.ingestQuota().windowSeconds());
    statement.setInt(6, limits.deliveryConcurrency());
    statement.setInt(7, limits.maxEndpoints());
    statement.setBoolean(8, limits.allowPrivateDestination());
    Columns.setMillis(statement, 9, nowMillis);
  }

  private static SQLException nameTakenOr(SQLException e, String name) {
    if (Columns.UNIQUE_VIOLATION.equals(e.getSQLState())) throw new NameTaken(name);
    return e;
  }

  private static List<Tenant> all(PreparedStatement select) throws SQLException {
    var tenants = new ArrayList<Tenant>();
    try (ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        var limits =
            new TenantLimits(
                rows.getDouble(3),
                rows.getInt(4),
                new Quota(rows.getLong(5), rows.getInt(6)),
                rows.getInt(7),
                rows.getInt(8),
                rows.getBoolean(9));
        tenants.add(
            new Tenant(
                Columns.tenantId(rows, 1),
                rows.getString(2),
                limits,
                rows.getLong(10),
                Columns.millis(rows, 11),
                Columns.millis(rows, 12)));
      }
    }
    return tenants;
  }
}
