package io.kapsel.storage;

import io.kapsel.core.endpoint.Attempt;
import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Attempts and outcomes in {@code delivery_attempt} and {@code webhook_outcome}: the records of all
 * endpoints gather and are committed together, in one statement. An attempt is written once; an
 * outcome is replaced only by that of a later attempt, whatever the order of arrival.
 */
public final class PostgresHistoryStore implements HistoryStore, AutoCloseable {
  private static final String UPSERT =
      """
      with attempt as (
        insert into delivery_attempt (webhook_id, attempt_number, duration_ms, attempted_at,
          next_attempt_at, response_status, outcome, error_code, error_message, response_excerpt)
        select * from unnest(?::uuid[], ?::int[], ?::int[], ?::timestamptz[], ?::timestamptz[],
          ?::int[], ?::text[], ?::text[], ?::text[], ?::text[])
        on conflict do nothing)
      insert into webhook_outcome as known (webhook_id, endpoint_id, next_attempt_at, delivered_at,
        attempts, status)
      select * from unnest(?::uuid[], ?::uuid[], ?::timestamptz[], ?::timestamptz[], ?::int[],
        ?::text[])
      on conflict (webhook_id) do update set next_attempt_at = excluded.next_attempt_at,
        delivered_at = excluded.delivered_at, attempts = excluded.attempts,
        status = excluded.status
      where known.attempts < excluded.attempts
      """;

  /** All batches touch rows in the same order, so that two nodes never wait for each other. */
  private static final Comparator<Row> ORDER =
      Comparator.comparing((Row row) -> row.attempt().webhook())
          .thenComparingInt(row -> row.attempt().number());

  private final BatchLane<Records> writing;

  public PostgresHistoryStore(Database database, HistoryStoreSettings settings) {
    this.writing =
        new BatchLane<>(
            "history-writer", settings.writing(), database, PostgresHistoryStore::write);
  }

  @Override
  public CompletionStage<Void> record(EndpointId endpoint, List<Ended> ended) {
    if (ended.isEmpty()) return CompletableFuture.completedFuture(null);
    var item = new Records(endpoint, List.copyOf(ended), new CompletableFuture<>());
    writing.offer(item);
    return item.done;
  }

  /** Writes what is queued; then everything fails with {@link StorageUnavailable}. */
  @Override
  public void close() {
    writing.close();
  }

  private static void write(Connection connection, List<Records> batch) throws SQLException {
    var attempts = new ArrayList<Row>();
    for (Records records : batch) {
      for (Ended ended : records.ended) attempts.add(new Row(records.endpoint, ended));
    }
    attempts.sort(ORDER);
    var outcomes = new ArrayList<Row>(attempts.size());
    for (int i = 0; i < attempts.size(); i++) {
      boolean latest =
          i + 1 == attempts.size()
              || !attempts
                  .get(i + 1)
                  .attempt()
                  .webhook()
                  .equals(attempts.get(i).attempt().webhook());
      if (latest) outcomes.add(attempts.get(i));
    }
    try (PreparedStatement upsert = connection.prepareStatement(UPSERT)) {
      upsert.setObject(1, webhookIds(attempts));
      upsert.setObject(2, BinaryArray.integers(attempts, row -> row.attempt().number()));
      upsert.setObject(3, BinaryArray.integers(attempts, row -> row.attempt().durationMillis()));
      upsert.setObject(4, BinaryArray.times(attempts, row -> row.attempt().startedAtMillis()));
      upsert.setObject(5, BinaryArray.times(attempts, Row::nextAttemptAtMillis));
      upsert.setObject(6, BinaryArray.integers(attempts, row -> row.outcome().status()));
      upsert.setObject(
          7,
          BinaryArray.texts(attempts, row -> row.outcome().kind().name().toLowerCase(Locale.ROOT)));
      upsert.setObject(8, BinaryArray.texts(attempts, Row::errorCode));
      upsert.setObject(9, BinaryArray.texts(attempts, row -> row.outcome().message()));
      upsert.setObject(10, BinaryArray.texts(attempts, row -> row.outcome().responseExcerpt()));
      upsert.setObject(11, webhookIds(outcomes));
      upsert.setObject(
          12,
          BinaryArray.uuids(outcomes, row -> row.endpoint().high(), row -> row.endpoint().low()));
      upsert.setObject(13, BinaryArray.times(outcomes, Row::nextAttemptAtMillis));
      upsert.setObject(14, BinaryArray.times(outcomes, Row::deliveredAtMillis));
      upsert.setObject(15, BinaryArray.integers(outcomes, row -> row.attempt().number()));
      upsert.setObject(
          16, BinaryArray.texts(outcomes, row -> EventStatus.of(row.ended().verdict()).text()));
      upsert.executeUpdate();
    }
  }

  private static BinaryArray webhookIds(List<Row> rows) {
    return BinaryArray.uuids(
        rows, row -> row.attempt().webhook().high(), row -> row.attempt().webhook().low());
  }

  private record Row(EndpointId endpoint, Ended ended) {
    Attempt attempt() {
      return ended.attempt();
    }

    Outcome outcome() {
      return ended.attempt().outcome();
    }

    String errorCode() {
      ErrorCode error = outcome().error();
      return error == null ? "" : error.code();
    }

    long nextAttemptAtMillis() {
      return ended.verdict() == Verdict.RETRY ? ended.nextAttemptAtMillis() : BinaryArray.NEVER;
    }

    long deliveredAtMillis() {
      return ended.verdict() == Verdict.DELIVERED
          ? attempt().startedAtMillis() + attempt().durationMillis()
          : BinaryArray.NEVER;
    }
  }

  private record Records(EndpointId endpoint, List<Ended> ended, CompletableFuture<Void> done)
      implements BatchLane.Item {
    private static final long ROW_OVERHEAD_BYTES = 250;

    @Override
    public long bytes() {
      long bytes = 0;
      for (Ended one : ended) {
        Outcome outcome = one.attempt().outcome();
        bytes +=
            ROW_OVERHEAD_BYTES + outcome.message().length() + outcome.responseExcerpt().length();
      }
      return bytes;
    }

    @Override
    public void succeed() {
      done.complete(null);
    }

    @Override
    public void fail(RuntimeException cause) {
      done.completeExceptionally(cause);
    }
  }
}
