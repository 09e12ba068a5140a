package io.kapsel.storage;

import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Webhook content in the {@code webhook} table, by group commit. Stages complete on the lanes'
 * threads: what depends on them must be cheap or move elsewhere. Refuses with {@link
 * StorageOverloaded} at once when a queue is full.
 */
public final class PostgresContentStore implements ContentStore, AutoCloseable {
  private static final String COLUMNS =
      "id, endpoint_id, tenant_id, lane_key, body_bytes, content_type, idempotency_key,"
          + " body_sha256, headers, body";
  private static final int COLUMN_COUNT = 10;
  private static final String COPY = "copy webhook (" + COLUMNS + ") from stdin (format binary)";
  private static final String INSERT =
      "insert into webhook (" + COLUMNS + ") values (?,?,?,?,?,?,?,?,?,?) on conflict do nothing";
  private static final long ROW_OVERHEAD_BYTES = 256;

  /** Rows looked through for each webhook that may be found. */
  private static final int STRETCH_FACTOR = 20;

  private static final long BUFFER_BYTES = 256;

  private final Database database;
  private final ContentStoreSettings settings;
  private final RecentContents recent;
  private final BatchLane<Store> writing;
  private final BatchLane<Request> reading;

  public PostgresContentStore(Database database, ContentStoreSettings settings) {
    this.database = database;
    this.settings = settings;
    this.recent =
        new RecentContents(
            settings.cacheBytesMax(),
            TimeUnit.MILLISECONDS.toNanos(settings.cacheMillisMax()),
            System::nanoTime);
    this.writing = new BatchLane<>("content-writer", settings.writing(), database, this::write);
    this.reading = new BatchLane<>("content-reader", settings.reading(), database, this::serve);
  }

  @Override
  public CompletionStage<Void> store(Webhook webhook) {
    var item = new Store(webhook, size(webhook), new CompletableFuture<>());
    writing.offer(item);
    return item.done;
  }

  @Override
  public CompletionStage<List<Webhook>> fetch(List<WebhookId> ids) {
    return fetch(ids, Long.MAX_VALUE).thenApply(Contents::found);
  }

  /** What is in memory already is found whatever there is room for. */
  @Override
  public CompletionStage<Contents> fetch(List<WebhookId> ids, long bytesMax) {
    var found = new ArrayList<Webhook>(ids.size());
    var missing = new ArrayList<WebhookId>();
    recent.take(ids, found, missing);
    if (missing.isEmpty()) {
      return CompletableFuture.completedFuture(new Contents(found, List.of()));
    }
    var item = new Fetch(missing, found, bytesMax, new CompletableFuture<>());
    reading.offer(item);
    return item.done;
  }

  /** Lets go of contents that were erased; other nodes may hold theirs until the next attempt. */
  public void forget(List<WebhookId> ids) {
    recent.remove(ids);
  }

  @Override
  public CompletionStage<Void> remove(List<WebhookId> ids) {
    recent.remove(ids);
    var item = new Remove(List.copyOf(ids), new CompletableFuture<>());
    reading.offer(item);
    return item.done;
  }

  @Override
  public CompletionStage<Stretch> withoutOutcome(WebhookId after, WebhookId until, int limit) {
    return database.run(
        connection -> {
          WebhookId end = endOfStretch(connection, after, until, limit * STRETCH_FACTOR);
          List<Webhook> found = withoutOutcome(connection, after, end, limit);
          return new Stretch(found, found.size() < limit ? end : found.getLast().id());
        });
  }

  @Override
  public CompletionStage<WebhookId> watermark() {
    return database.run(
        connection -> {
          try (PreparedStatement select =
                  connection.prepareStatement("select watermark from reconciler");
              ResultSet result = select.executeQuery()) {
            if (!result.next()) return new WebhookId(0, 0);
            return Columns.webhookId(result, 1);
          }
        });
  }

  @Override
  public CompletionStage<@Nullable Void> advance(WebhookId watermark) {
    return database.run(
        connection -> {
          try (PreparedStatement update =
              connection.prepareStatement("update reconciler set watermark = ?")) {
            update.setObject(1, Columns.uuid(watermark));
            update.executeUpdate();
          }
          return null;
        });
  }

  /** Webhooks waiting to be stored. */
  public int queuedWebhooks() {
    return writing.queuedItems();
  }

  /** Stores what is queued; then everything fails with {@link StorageUnavailable}. */
  @Override
  public void close() {
    writing.close();
    reading.close();
  }

  private void write(Connection connection, List<Store> batch) throws SQLException {
    long bytes = BUFFER_BYTES;
    for (Store item : batch) bytes += item.bytes();
    try {
      CopyRows.copy(
          connection,
          COPY,
          (int) Math.min(bytes, Integer.MAX_VALUE),
          copy -> {
            for (Store item : batch) copyRow(copy, item.webhook);
          });
    } catch (SQLException e) {
      if (!Columns.UNIQUE_VIOLATION.equals(e.getSQLState())) throw e;
      insertMissing(connection, batch);
    }
    for (Store item : batch) recent.put(item.webhook);
  }

  private static void copyRow(CopyRows copy, Webhook webhook) throws SQLException {
    copy.row(COLUMN_COUNT)
        .uuid(webhook.id().high(), webhook.id().low())
        .uuid(webhook.endpoint().high(), webhook.endpoint().low())
        .uuid(webhook.tenant().high(), webhook.tenant().low())
        .bigint(webhook.laneKey())
        .integer(webhook.body().length())
        .text(webhook.contentType())
        .text(webhook.idempotencyKey())
        .bytes(webhook.bodySha256())
        .headers(webhook.headers())
        .bytes(webhook.body().unsafeBytes());
  }

  /** The rare batch that holds a webhook stored before: COPY knows no ON CONFLICT. */
  private static void insertMissing(Connection connection, List<Store> batch) throws SQLException {
    connection.setAutoCommit(false);
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      for (Store item : batch) {
        Webhook webhook = item.webhook;
        insert.setObject(1, Columns.uuid(webhook.id()));
        insert.setObject(2, Columns.uuid(webhook.endpoint()));
        insert.setObject(3, Columns.uuid(webhook.tenant()));
        insert.setLong(4, webhook.laneKey());
        insert.setInt(5, webhook.body().length());
        insert.setString(6, webhook.contentType());
        insert.setString(7, webhook.idempotencyKey());
        insert.setBytes(8, webhook.bodySha256());
        insert.setBytes(9, HeaderLines.write(webhook.headers()));
        insert.setBytes(10, webhook.body().unsafeBytes());
        insert.executeUpdate();
      }
    }
    connection.commit();
    connection.setAutoCommit(true);
  }

  private void serve(Connection connection, List<Request> batch) throws SQLException {
    var wanted = new ArrayList<WebhookId>();
    var unwanted = new ArrayList<WebhookId>();
    for (Request request : batch) {
      switch (request) {
        case Fetch fetch -> wanted.addAll(fetch.missing);
        case Remove remove -> unwanted.addAll(remove.ids);
      }
    }
    if (!unwanted.isEmpty()) delete(connection, unwanted);
    if (wanted.isEmpty()) return;
    Map<WebhookId, Row> rows = read(connection, wanted);
    for (Request request : batch) {
      if (request instanceof Fetch fetch) {
        // Before the next request's large bodies are read, so that these can be let go.
        fetch.done.complete(contents(connection, fetch, rows));
      }
    }
  }

  private Contents contents(Connection connection, Fetch fetch, Map<WebhookId, Row> rows)
      throws SQLException {
    var found = new ArrayList<>(fetch.cached);
    var later = new ArrayList<WebhookId>();
    long bytes = 0;
    for (Webhook webhook : found) bytes += webhook.body().length();
    for (WebhookId id : fetch.missing) {
      Row row = rows.get(id);
      if (row == null) continue;
      if (!row.complete && row.bodyBytes > fetch.bytesMax - bytes) {
        later.add(id);
      } else {
        bytes += row.bodyBytes;
        withBody(connection, row).ifPresent(found::add);
      }
    }
    return new Contents(found, later);
  }

  /** Empty when it was erased since its head was read. */
  private static Optional<Webhook> withBody(Connection connection, Row row) throws SQLException {
    if (row.complete) return Optional.of(row.webhook);
    Webhook head = row.webhook;
    try (PreparedStatement select =
        connection.prepareStatement(
            "select body from webhook where id = ? and erased_at is null")) {
      select.setObject(1, Columns.uuid(head.id()));
      try (ResultSet result = select.executeQuery()) {
        return result.next()
            ? Optional.of(withBody(head, Body.wrap(result.getBytes(1))))
            : Optional.empty();
      }
    }
  }

  private static Webhook withBody(Webhook head, Body body) {
    return new Webhook(
        head.id(),
        head.endpoint(),
        head.tenant(),
        head.contentType(),
        head.headers(),
        body,
        head.bodySha256(),
        head.idempotencyKey(),
        head.laneKey());
  }

  private Map<WebhookId, Row> read(Connection connection, List<WebhookId> ids) throws SQLException {
    var rows = new HashMap<WebhookId, Row>(2 * ids.size());
    try (PreparedStatement select =
        connection.prepareStatement(
            "select id, endpoint_id, tenant_id, lane_key, body_bytes, content_type,"
                + " idempotency_key, body_sha256, headers,"
                + " case when body_bytes <= ? then body end"
                + " from webhook where id = any(?) and erased_at is null")) {
      select.setInt(1, settings.inlineBodyBytesMax());
      select.setObject(2, BinaryArray.webhookIds(ids));
      try (ResultSet result = select.executeQuery()) {
        while (result.next()) {
          byte @Nullable [] body = result.getBytes(10);
          List<Header> headers = HeaderLines.read(result.getBytes(9));
          Webhook webhook = head(result, headers, body == null ? Body.EMPTY : Body.wrap(body));
          rows.put(webhook.id(), new Row(webhook, result.getInt(5), body != null));
        }
      }
    }
    return rows;
  }

  private static void delete(Connection connection, List<WebhookId> ids) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("delete from webhook where id = any(?)")) {
      delete.setObject(1, BinaryArray.webhookIds(ids));
      delete.executeUpdate();
    }
  }

  /** The last id within so many rows. */
  private static WebhookId endOfStretch(
      Connection connection, WebhookId after, WebhookId until, int rows) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select id from webhook where id > ? and id <= ? order by id offset ? limit 1")) {
      select.setObject(1, Columns.uuid(after));
      select.setObject(2, Columns.uuid(until));
      select.setInt(3, rows - 1);
      try (ResultSet result = select.executeQuery()) {
        return result.next() ? Columns.webhookId(result, 1) : until;
      }
    }
  }

  private static List<Webhook> withoutOutcome(
      Connection connection, WebhookId after, WebhookId until, int limit) throws SQLException {
    // The range is given for both tables so that both are pruned to its days.
    try (PreparedStatement select =
        connection.prepareStatement(
            "select id, endpoint_id, tenant_id, lane_key, body_bytes, content_type,"
                + " idempotency_key, body_sha256"
                + " from webhook w where id > ? and id <= ? and erased_at is null"
                + " and not exists (select from webhook_outcome o where o.webhook_id = w.id"
                + " and o.webhook_id > ? and o.webhook_id <= ?) order by id limit ?")) {
      select.setObject(1, Columns.uuid(after));
      select.setObject(2, Columns.uuid(until));
      select.setObject(3, Columns.uuid(after));
      select.setObject(4, Columns.uuid(until));
      select.setInt(5, limit);
      var found = new ArrayList<Webhook>();
      try (ResultSet result = select.executeQuery()) {
        while (result.next()) found.add(head(result, List.of(), Body.EMPTY));
      }
      return found;
    }
  }

  private static Webhook head(ResultSet row, List<Header> headers, Body body) throws SQLException {
    return new Webhook(
        Columns.webhookId(row, 1),
        Columns.endpointId(row, 2),
        Columns.tenantId(row, 3),
        row.getString(6),
        headers,
        body,
        row.getBytes(8),
        row.getString(7),
        row.getLong(4));
  }

  private record Row(Webhook webhook, int bodyBytes, boolean complete) {}

  private static long size(Webhook webhook) {
    return webhook.body().length() + HeaderLines.length(webhook.headers()) + ROW_OVERHEAD_BYTES;
  }

  private record Store(Webhook webhook, long bytes, CompletableFuture<Void> done)
      implements BatchLane.Item {
    @Override
    public void succeed() {
      done.complete(null);
    }

    @Override
    public void fail(RuntimeException cause) {
      done.completeExceptionally(cause);
    }
  }

  private sealed interface Request extends BatchLane.Item {
    @Override
    default long bytes() {
      return 0;
    }
  }

  private record Fetch(
      List<WebhookId> missing,
      List<Webhook> cached,
      long bytesMax,
      CompletableFuture<Contents> done)
      implements Request {
    /** Completed one by one while the batch is served. */
    @Override
    public void succeed() {}

    @Override
    public void fail(RuntimeException cause) {
      done.completeExceptionally(cause);
    }
  }

  private record Remove(List<WebhookId> ids, CompletableFuture<Void> done) implements Request {
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
