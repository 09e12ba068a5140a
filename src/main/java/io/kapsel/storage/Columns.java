package io.kapsel.storage;

import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.UUID;

/** How identifiers and times are kept. A time of 0 is null in the database. */
final class Columns {
  static final String UNIQUE_VIOLATION = "23505";

  private Columns() {}

  static UUID uuid(WebhookId id) {
    return new UUID(id.high(), id.low());
  }

  static UUID uuid(EndpointId id) {
    return new UUID(id.high(), id.low());
  }

  static UUID uuid(TenantId id) {
    return new UUID(id.high(), id.low());
  }

  static WebhookId webhookId(ResultSet row, int column) throws SQLException {
    UUID id = row.getObject(column, UUID.class);
    return new WebhookId(id.getMostSignificantBits(), id.getLeastSignificantBits());
  }

  static EndpointId endpointId(ResultSet row, int column) throws SQLException {
    UUID id = row.getObject(column, UUID.class);
    return new EndpointId(id.getMostSignificantBits(), id.getLeastSignificantBits());
  }

  static TenantId tenantId(ResultSet row, int column) throws SQLException {
    UUID id = row.getObject(column, UUID.class);
    return new TenantId(id.getMostSignificantBits(), id.getLeastSignificantBits());
  }

  /** The smallest identifier made at or after the time. */
  static UUID firstId(long epochMillis) {
    return new UUID(epochMillis << 16, 0);
  }

  static long millis(ResultSet row, int column) throws SQLException {
    Timestamp time = row.getTimestamp(column);
    return time == null ? 0 : time.getTime();
  }

  static void setMillis(PreparedStatement statement, int parameter, long epochMillis)
      throws SQLException {
    statement.setObject(
        parameter,
        epochMillis == 0
            ? null
            : OffsetDateTime.ofInstant(Instant.ofEpochMilli(epochMillis), ZoneOffset.UTC),
        java.sql.Types.TIMESTAMP_WITH_TIMEZONE);
  }
}
