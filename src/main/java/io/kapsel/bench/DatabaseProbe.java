package io.kapsel.bench;

import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** The database behind the service, looked at directly. */
record DatabaseProbe(String url, String user, String password) {
  private static final int ROWS_PER_COMMIT_MAX = 512;
  private static final int BYTES_PER_COMMIT = 8 << 20;
  private static final int FETCH_ROWS = 10_000;
  private static final byte[] COPY_START =
      new byte[] {
        'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
      };

  /** What history says about one webhook. */
  interface HistoryVisitor {
    void visit(long high, long low, String status, int attempts, int deliveries);
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(url, user, password);
  }

  /** Rows of a webhook's size that PostgreSQL takes per second when nobody else asks for it. */
  double rowsPerSecond(int bodyBytes, long millis, RandomGenerator random) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "create table if not exists bench_ceiling (id uuid primary key, body bytea not null)");
      statement.execute("alter table bench_ceiling alter column body set storage external");
      try {
        long rows = 0;
        long start = System.nanoTime();
        while (System.nanoTime() - start < millis * 1_000_000) {
          CopyIn copy =
              connection
                  .unwrap(PGConnection.class)
                  .getCopyAPI()
                  .copyIn("copy bench_ceiling from stdin (format binary)");
          byte[] batch = batch(bodyBytes, random);
          copy.writeToCopy(batch, 0, batch.length);
          rows += copy.endCopy();
        }
        return rows * 1e9 / (System.nanoTime() - start);
      } finally {
        statement.execute("drop table bench_ceiling");
      }
    }
  }

  private static byte[] batch(int bodyBytes, RandomGenerator random) {
    int row = 2 + 4 + 16 + 4 + bodyBytes;
    int rows = Math.clamp(BYTES_PER_COMMIT / row, 1, ROWS_PER_COMMIT_MAX);
    ByteBuffer buffer = ByteBuffer.allocate(COPY_START.length + rows * row + 2);
    buffer.put(COPY_START);
    long time = System.currentTimeMillis() << 16;
    for (int i = 0; i < rows; i++) {
      buffer.putShort((short) 2).putInt(16).putLong(time).putLong(random.nextLong());
      buffer.putInt(bodyBytes).position(buffer.position() + bodyBytes);
    }
    buffer.putShort((short) -1);
    return buffer.array();
  }

  /** Webhooks in their final state of delivery, in history. */
  long deliveredInHistory() throws SQLException {
    return number("select count(*) from webhook_outcome where status = 'delivered'");
  }

  /** Keeps every webhook from being stored for a while. */
  void stall(long millis) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("lock table webhook in access exclusive mode");
      statement.execute("select pg_sleep(" + millis / 1_000.0 + ")");
      connection.rollback();
    } catch (SQLException e) {
      throw new IllegalStateException("the database could not be stalled", e);
    }
  }

  /** Bytes of all tables and indexes. */
  long bytes() throws SQLException {
    return number("select pg_database_size(current_database())");
  }

  private long number(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      result.next();
      return result.getLong(1);
    }
  }

  /** Every webhook that history knows. */
  void history(HistoryVisitor visitor) throws SQLException {
    try (Connection connection = connect()) {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(FETCH_ROWS);
        ResultSet result =
            statement.executeQuery(
                "select o.webhook_id, o.status, o.attempts,"
                    + " (select count(*) from delivery_attempt a where a.webhook_id = o.webhook_id"
                    + " and a.response_status between 200 and 299) from webhook_outcome o");
        while (result.next()) {
          UUID id = result.getObject(1, UUID.class);
          visitor.visit(
              id.getMostSignificantBits(),
              id.getLeastSignificantBits(),
              result.getString(2),
              result.getInt(3),
              result.getInt(4));
        }
      }
    }
  }
}
