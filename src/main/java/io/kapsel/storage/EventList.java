package io.kapsel.storage;

import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.storage.Events.Event;
import io.kapsel.storage.Events.Filter;
import io.kapsel.storage.Events.Page;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * One page of events, newest first. What an index answers exactly is taken from it; the rest looks
 * through a bounded stretch of ids and says where it stopped.
 */
final class EventList {
  /** Rows looked through at most for one page where no index has the answer. */
  static final int STRETCH_ROWS = 2_000;

  /** Up to here a tenant's list is merged from those of its endpoints. */
  static final int MERGED_ENDPOINTS_MAX = 200;

  private static final long MILLIS_MAX = (1L << 48) - 1;
  private static final UUID LAST_ID = new UUID(-1, -1);

  private final Connection connection;
  private final TenantId tenant;
  private final Filter filter;
  private final int limit;
  private final UUID from;
  private final UUID until;

  EventList(
      Connection connection,
      TenantId tenant,
      Filter filter,
      Optional<WebhookId> before,
      int limit) {
    this.connection = connection;
    this.tenant = tenant;
    this.filter = filter;
    this.limit = limit;
    this.from = Columns.firstId(Math.max(0, Math.min(filter.receivedFromMillis(), MILLIS_MAX)));
    UUID end =
        filter.receivedUntilMillis() > MILLIS_MAX
            ? LAST_ID
            : Columns.firstId(Math.max(0, filter.receivedUntilMillis()));
    this.until = before.map(Columns::uuid).filter(id -> isBefore(id, end)).orElse(end);
  }

  private static boolean isBefore(UUID one, UUID other) {
    int high = Long.compareUnsigned(one.getMostSignificantBits(), other.getMostSignificantBits());
    return high != 0
        ? high < 0
        : Long.compareUnsigned(one.getLeastSignificantBits(), other.getLeastSignificantBits()) < 0;
  }

  Page page() throws SQLException {
    List<EndpointId> endpoints = endpoints();
    if (endpoints.isEmpty()) return new Page(List.of(), Optional.empty());
    boolean merged = endpoints.size() <= MERGED_ENDPOINTS_MAX;
    return switch (filter.status().orElse(null)) {
      case null -> merged ? exact(endpoints, RECEIVED_ORDER) : stretch(endpoints, false);
      case PENDING, FAILED, DEAD_LETTER ->
          merged ? exact(endpoints, UNDELIVERED_ORDER) : stretch(endpoints, false);
      case RECEIVED, DELIVERED -> stretch(endpoints, endpoints.size() == 1);
    };
  }

  /** One more than can be merged when there are many; only those of the tenant. */
  private List<EndpointId> endpoints() throws SQLException {
    String sql =
        filter.endpoint().isPresent()
            ? "select id from endpoint where tenant_id = ? and id = ? limit ?"
            : "select id from endpoint where tenant_id = ? and id <> ? limit ?";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setObject(1, Columns.uuid(tenant));
      select.setObject(2, filter.endpoint().map(Columns::uuid).orElse(LAST_ID));
      select.setInt(3, MERGED_ENDPOINTS_MAX + 1);
      var endpoints = new ArrayList<EndpointId>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) endpoints.add(Columns.endpointId(rows, 1));
      }
      return endpoints;
    }
  }

  /** The newest of each endpoint by index, then the newest of these. */
  private static final String RECEIVED_ORDER =
      """
      select newest.id from unnest(?::uuid[]) e (id) cross join lateral (
        select w.id from webhook w where w.endpoint_id = e.id and w.id >= ? and w.id < ?
        order by w.id desc limit ?) newest
      order by newest.id desc limit ?
      """;

  private static final String UNDELIVERED_ORDER =
      """
      select newest.webhook_id from unnest(?::uuid[]) e (id) cross join lateral (
        select o.webhook_id from webhook_outcome o
        where o.endpoint_id = e.id and o.webhook_id >= ? and o.webhook_id < ?
          and o.status <> 'delivered' and o.status = ?
        order by o.webhook_id desc limit ?) newest
      order by newest.webhook_id desc limit ?
      """;

  private Page exact(List<EndpointId> endpoints, String sql) throws SQLException {
    var ids = new ArrayList<WebhookId>();
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      int parameter = 0;
      select.setObject(
          ++parameter, BinaryArray.uuids(endpoints, EndpointId::high, EndpointId::low));
      select.setObject(++parameter, from);
      select.setObject(++parameter, until);
      if (filter.status().isPresent()) {
        select.setString(++parameter, filter.status().get().text());
      }
      select.setInt(++parameter, limit);
      select.setInt(++parameter, limit);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) ids.add(Columns.webhookId(rows, 1));
      }
    }
    Optional<WebhookId> next =
        ids.size() < limit ? Optional.empty() : Optional.of(ids.get(ids.size() - 1));
    return new Page(ids.isEmpty() ? List.of() : events(ids), next);
  }

  private List<Event> events(List<WebhookId> ids) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select "
                + EventQueries.COLUMNS
                + " from webhook w left join webhook_outcome o on o.webhook_id = w.id"
                + " and o.webhook_id = any(?) where w.id = any(?) order by w.id desc")) {
      select.setObject(1, BinaryArray.webhookIds(ids));
      select.setObject(2, BinaryArray.webhookIds(ids));
      return events(select);
    }
  }

  private Page stretch(List<EndpointId> endpoints, boolean ofOneEndpoint) throws SQLException {
    UUID owner = ofOneEndpoint ? Columns.uuid(endpoints.get(0)) : Columns.uuid(tenant);
    Optional<WebhookId> end = endOfStretch(ofOneEndpoint, owner);
    try (PreparedStatement select =
        connection.prepareStatement(
            "select "
                + EventQueries.COLUMNS
                + " from webhook w left join webhook_outcome o on o.webhook_id = w.id"
                + " and o.webhook_id >= ? and o.webhook_id < ? where w.id >= ? and w.id < ? and "
                + (ofOneEndpoint ? "w.endpoint_id" : "w.tenant_id")
                + " = ? and (?::text is null or coalesce(o.status, 'received') = ?)"
                + " order by w.id desc limit ?")) {
      UUID start = end.map(Columns::uuid).orElse(from);
      String status = filter.status().map(EventStatus::text).orElse(null);
      select.setObject(1, start);
      select.setObject(2, until);
      select.setObject(3, start);
      select.setObject(4, until);
      select.setObject(5, owner);
      select.setString(6, status);
      select.setString(7, status);
      select.setInt(8, limit);
      List<Event> events = events(select);
      return new Page(
          events, events.size() < limit ? end : Optional.of(events.get(events.size() - 1).id()));
    }
  }

  /**
   * The oldest id within {@link #STRETCH_ROWS} rows, empty when there are no more rows than that.
   */
  private Optional<WebhookId> endOfStretch(boolean ofOneEndpoint, UUID endpoint)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select w.id from webhook w where w.id >= ? and w.id < ?"
                + (ofOneEndpoint ? " and w.endpoint_id = ?" : " and ?::uuid is not null")
                + " order by w.id desc offset ? limit 1")) {
      select.setObject(1, from);
      select.setObject(2, until);
      select.setObject(3, endpoint);
      select.setInt(4, STRETCH_ROWS - 1);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? Optional.of(Columns.webhookId(rows, 1)) : Optional.empty();
      }
    }
  }

  private static List<Event> events(PreparedStatement select) throws SQLException {
    var events = new ArrayList<Event>();
    try (ResultSet rows = select.executeQuery()) {
      while (rows.next()) events.add(EventQueries.event(rows));
    }
    return events;
  }
}
