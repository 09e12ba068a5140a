package io.kapsel.storage;

import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/** The {@code replay} table, and the events that a replay goes through. */
public final class Replays {
  public enum Status {
    RUNNING,
    COMPLETED,
    /** The endpoint was deleted meanwhile. */
    FAILED;

    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * @param sinceMillis inclusive
   * @param untilMillis exclusive
   * @param statuses of the events that are retried
   * @param position the event up to which everything is done; no event before the first
   * @param seen events of the period so far
   * @param replayed those of them that were retried
   * @param finishedAtMillis 0 while it runs
   */
  public record Replay(
      UUID id,
      TenantId tenant,
      EndpointId endpoint,
      long sinceMillis,
      long untilMillis,
      List<EventStatus> statuses,
      Status status,
      WebhookId position,
      long seen,
      long replayed,
      long createdAtMillis,
      long finishedAtMillis) {

    /** The position of a replay that has seen nothing. */
    public static WebhookId start(long sinceMillis) {
      return new WebhookId((sinceMillis << 16) - 1, -1);
    }

    public Replay advanced(WebhookId to, long moreSeen, long moreReplayed) {
      return new Replay(
          id,
          tenant,
          endpoint,
          sinceMillis,
          untilMillis,
          statuses,
          status,
          to,
          seen + moreSeen,
          replayed + moreReplayed,
          createdAtMillis,
          finishedAtMillis);
    }

    public Replay finished(Status as, long nowMillis) {
      return new Replay(
          id,
          tenant,
          endpoint,
          sinceMillis,
          untilMillis,
          statuses,
          as,
          position,
          seen,
          replayed,
          createdAtMillis,
          nowMillis);
    }
  }

  /** An event of the endpoint; whether it is retried is up to the replay. */
  public record Candidate(
      WebhookId id, long laneKey, EventStatus status, int attempts, boolean erased) {}

  private static final String COLUMNS =
      "id, tenant_id, endpoint_id, since, until, statuses, status, position, seen, replayed,"
          + " created_at, finished_at";

  private final Database database;

  public Replays(Database database) {
    this.database = database;
  }

  /** False when another replay of the endpoint is running. */
  public CompletionStage<Boolean> create(Replay replay) {
    return database.run(
        connection -> {
          try (PreparedStatement insert =
              connection.prepareStatement(
                  "insert into replay (id, tenant_id, endpoint_id, since, until, statuses, status,"
                      + " position, seen, replayed, leased_until, created_at)"
                      + " values (?, ?, ?, ?, ?, ?, 'running', ?, 0, 0, ?, ?)"
                      + " on conflict do nothing")) {
            insert.setObject(1, replay.id());
            insert.setObject(2, Columns.uuid(replay.tenant()));
            insert.setObject(3, Columns.uuid(replay.endpoint()));
            Columns.setMillis(insert, 4, replay.sinceMillis());
            Columns.setMillis(insert, 5, replay.untilMillis());
            insert.setArray(
                6,
                connection.createArrayOf(
                    "text", replay.statuses().stream().map(EventStatus::text).toArray()));
            insert.setObject(7, Columns.uuid(replay.position()));
            Columns.setMillis(insert, 8, replay.createdAtMillis());
            Columns.setMillis(insert, 9, replay.createdAtMillis());
            return insert.executeUpdate() > 0;
          }
        });
  }

  public CompletionStage<Optional<Replay>> find(TenantId tenant, UUID id) {
    return database.run(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  "select " + COLUMNS + " from replay where id = ? and tenant_id = ?")) {
            select.setObject(1, id);
            select.setObject(2, Columns.uuid(tenant));
            return first(select);
          }
        });
  }

  /** Takes the running replay that has waited longest, if nobody else holds one. */
  public CompletionStage<Optional<Replay>> lease(long nowMillis, long untilMillis) {
    return database.run(
        connection -> {
          try (PreparedStatement update =
              connection.prepareStatement(
                  "update replay set leased_until = ? where id = (select id from replay"
                      + " where status = 'running' and leased_until <= ? order by leased_until"
                      + " limit 1 for update skip locked) returning "
                      + COLUMNS)) {
            Columns.setMillis(update, 1, untilMillis);
            Columns.setMillis(update, 2, nowMillis);
            return first(update);
          }
        });
  }

  /**
   * Keeps how far the replay has come, and leaves it alone until the given time. Never turns it
   * back: a node that was slow does not undo what another has done since.
   */
  public CompletionStage<Boolean> put(Replay replay, long leasedUntilMillis) {
    return database.run(
        connection -> {
          try (PreparedStatement update =
              connection.prepareStatement(
                  "update replay set status = ?, position = ?, seen = ?, replayed = ?,"
                      + " finished_at = ?, leased_until = ?"
                      + " where id = ? and status = 'running' and position <= ?")) {
            update.setString(1, replay.status().text());
            update.setObject(2, Columns.uuid(replay.position()));
            update.setLong(3, replay.seen());
            update.setLong(4, replay.replayed());
            Columns.setMillis(update, 5, replay.finishedAtMillis());
            Columns.setMillis(update, 6, leasedUntilMillis);
            update.setObject(7, replay.id());
            update.setObject(8, Columns.uuid(replay.position()));
            return update.executeUpdate() > 0;
          }
        });
  }

  /** The next events of the replay's endpoint and period, oldest first; fewer at the end. */
  public CompletionStage<List<Candidate>> next(Replay replay, int limit) {
    return database.run(connection -> next(connection, replay, limit));
  }

  private static List<Candidate> next(Connection connection, Replay replay, int limit)
      throws SQLException {
    UUID end = Columns.firstId(replay.untilMillis());
    UUID position = Columns.uuid(replay.position());
    // The range is given for both tables so that both are pruned to its days.
    try (PreparedStatement select =
        connection.prepareStatement(
            "select w.id, w.lane_key, coalesce(o.status, 'received'), coalesce(o.attempts, 0),"
                + " w.erased_at is not null from (select id, lane_key, erased_at from webhook"
                + " where endpoint_id = ? and id > ? and id < ? order by id limit ?) w"
                + " left join webhook_outcome o on o.webhook_id = w.id and o.webhook_id > ?"
                + " and o.webhook_id < ? order by w.id")) {
      select.setObject(1, Columns.uuid(replay.endpoint()));
      select.setObject(2, position);
      select.setObject(3, end);
      select.setInt(4, limit);
      select.setObject(5, position);
      select.setObject(6, end);
      var found = new ArrayList<Candidate>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          found.add(
              new Candidate(
                  Columns.webhookId(rows, 1),
                  rows.getLong(2),
                  EventStatus.of(rows.getString(3)),
                  rows.getInt(4),
                  rows.getBoolean(5)));
        }
      }
      return found;
    }
  }

  private static Optional<Replay> first(PreparedStatement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery()) {
      if (!row.next()) return Optional.empty();
      var statuses = new ArrayList<EventStatus>();
      for (Object status : (Object[]) row.getArray(6).getArray()) {
        statuses.add(EventStatus.of(status.toString()));
      }
      return Optional.of(
          new Replay(
              row.getObject(1, UUID.class),
              Columns.tenantId(row, 2),
              Columns.endpointId(row, 3),
              Columns.millis(row, 4),
              Columns.millis(row, 5),
              statuses,
              Status.valueOf(row.getString(7).toUpperCase(Locale.ROOT)),
              Columns.webhookId(row, 8),
              row.getLong(9),
              row.getLong(10),
              Columns.millis(row, 11),
              Columns.millis(row, 12)));
    }
  }
}
