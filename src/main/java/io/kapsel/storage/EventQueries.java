package io.kapsel.storage;

import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.storage.Events.AttemptMade;
import io.kapsel.storage.Events.Event;
import io.kapsel.storage.Events.Payload;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The queries for single events. */
final class EventQueries {
  /** Of {@code webhook w} and {@code webhook_outcome o}, for {@link #event}. */
  static final String COLUMNS =
      "w.id, w.endpoint_id, coalesce(o.status, 'received'), coalesce(o.attempts, 0),"
          + " o.delivered_at, o.next_attempt_at, w.idempotency_key, w.content_type, w.body_bytes,"
          + " w.body_sha256, w.erased_at is not null";

  private EventQueries() {}

  static Event event(ResultSet row) throws SQLException {
    return new Event(
        Columns.webhookId(row, 1),
        Columns.endpointId(row, 2),
        EventStatus.of(row.getString(3)),
        row.getInt(4),
        Columns.millis(row, 5),
        Columns.millis(row, 6),
        row.getString(7),
        row.getString(8),
        row.getInt(9),
        HexFormat.of().formatHex(row.getBytes(10)),
        row.getBoolean(11));
  }

  static Optional<Event> find(Connection connection, TenantId tenant, WebhookId id)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select "
                + COLUMNS
                + " from webhook w left join webhook_outcome o on o.webhook_id = w.id"
                + " and o.webhook_id = ? where w.id = ? and w.tenant_id = ?")) {
      select.setObject(1, Columns.uuid(id));
      select.setObject(2, Columns.uuid(id));
      select.setObject(3, Columns.uuid(tenant));
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? Optional.of(event(rows)) : Optional.empty();
      }
    }
  }

  static Map<WebhookId, List<AttemptMade>> attempts(
      Connection connection, List<WebhookId> ids, int limit) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select a.webhook_id, a.attempt_number, a.attempted_at, a.duration_ms,
              a.response_status, a.outcome, a.error_code, a.error_message, a.response_excerpt,
              a.next_attempt_at
            from unnest(?::uuid[]) wanted (id) cross join lateral (
              select * from delivery_attempt where webhook_id = wanted.id
              order by attempt_number desc limit ?) a
            order by a.webhook_id, a.attempt_number
            """)) {
      select.setObject(1, BinaryArray.webhookIds(ids));
      select.setInt(2, limit);
      var attempts = new HashMap<WebhookId, List<AttemptMade>>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          attempts
              .computeIfAbsent(Columns.webhookId(rows, 1), id -> new ArrayList<>())
              .add(attempt(rows));
        }
      }
      return attempts;
    }
  }

  private static AttemptMade attempt(ResultSet row) throws SQLException {
    return new AttemptMade(
        row.getInt(2),
        Columns.millis(row, 3),
        row.getInt(4),
        row.getInt(5),
        Outcome.Kind.valueOf(row.getString(6).toUpperCase(Locale.ROOT)),
        row.getString(7),
        row.getString(8),
        row.getString(9),
        Columns.millis(row, 10));
  }

  static Optional<Payload> payload(Connection connection, TenantId tenant, WebhookId id)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select content_type, headers, body, erased_at is not null from webhook"
                + " where id = ? and tenant_id = ?")) {
      select.setObject(1, Columns.uuid(id));
      select.setObject(2, Columns.uuid(tenant));
      try (ResultSet rows = select.executeQuery()) {
        if (!rows.next()) return Optional.empty();
        return Optional.of(
            new Payload(
                rows.getString(1),
                HeaderLines.read(rows.getBytes(2)),
                Body.wrap(rows.getBytes(3)),
                rows.getBoolean(4)));
      }
    }
  }

  static long laneKey(Connection connection, WebhookId id) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("select lane_key from webhook where id = ?")) {
      select.setObject(1, Columns.uuid(id));
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? rows.getLong(1) : 0;
      }
    }
  }

  static boolean erase(Connection connection, TenantId tenant, WebhookId id, long nowMillis)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "update webhook set headers = ''::bytea, body = ''::bytea,"
                + " erased_at = coalesce(erased_at, ?) where id = ? and tenant_id = ?")) {
      Columns.setMillis(update, 1, nowMillis);
      update.setObject(2, Columns.uuid(id));
      update.setObject(3, Columns.uuid(tenant));
      return update.executeUpdate() > 0;
    }
  }
}
