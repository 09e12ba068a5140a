package io.kapsel.storage;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** The {@code cluster_node} table. */
public final class PostgresClusterRegister implements ClusterRegister {
  private static final long LOCK_KEY = 0x6b617073656c04L;

  /** A time far ahead is left from before the server's clock was set back. */
  private static final String IS_ALIVE =
      "abs(extract(epoch from clock_timestamp() - alive_at)) < " + ALIVE_SECONDS;

  private static final String LOCK = "select pg_advisory_xact_lock(" + LOCK_KEY + ")";
  private static final String SELECT_OTHERS =
      "select address from cluster_node where address <> ? and " + IS_ALIVE + " order by address";
  private static final String DELETE_DEAD =
      "delete from cluster_node where address <> ? and not (" + IS_ALIVE + ")";
  private static final String UPSERT =
      "insert into cluster_node (address, alive_at) values (?, clock_timestamp())"
          + " on conflict (address) do update set alive_at = excluded.alive_at";
  private static final String DELETE = "delete from cluster_node where address = ?";

  private final Database database;

  public PostgresClusterRegister(Database database) {
    this.database = database;
  }

  @Override
  public CompletionStage<List<String>> alive(String address) {
    return database.run(
        connection -> {
          update(connection, UPSERT, address);
          return others(connection, address);
        });
  }

  @Override
  public CompletionStage<?> gone(String address) {
    return database.run(connection -> update(connection, DELETE, address));
  }

  @Override
  public CompletionStage<List<String>> found(String address) {
    return database.run(
        connection -> {
          connection.setAutoCommit(false);
          try {
            List<String> others = found(connection, address);
            connection.commit();
            return others;
          } catch (SQLException | RuntimeException failed) {
            connection.rollback();
            throw failed;
          } finally {
            connection.setAutoCommit(true);
          }
        });
  }

  private static List<String> found(Connection connection, String address) throws SQLException {
    try (var lock = connection.createStatement()) {
      lock.execute(LOCK);
    }
    List<String> others = others(connection, address);
    if (others.isEmpty()) {
      update(connection, DELETE_DEAD, address);
      update(connection, UPSERT, address);
    }
    return others;
  }

  private static List<String> others(Connection connection, String address) throws SQLException {
    List<String> others = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(SELECT_OTHERS)) {
      select.setString(1, address);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) others.add(rows.getString(1));
      }
    }
    return others;
  }

  @CanIgnoreReturnValue
  private static int update(Connection connection, String sql, String address) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(sql)) {
      update.setString(1, address);
      return update.executeUpdate();
    }
  }
}
