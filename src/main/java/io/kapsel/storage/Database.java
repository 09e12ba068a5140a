package io.kapsel.storage;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections to PostgreSQL: a small pool for queries, served by as many threads, and single
 * connections for the batch lanes. Opens without the database being there.
 */
public final class Database implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Database.class);

  /** After a connection could not be had, others are refused at once for this long. */
  private static final long REFUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final long START_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int CLOSE_TIMEOUT_SECONDS = 10;

  /**
   * A node that is suspended or cut off in the middle of a transaction keeps its locks, and all
   * others would wait for it. Less than the cluster needs to notice; no transaction of ours pauses.
   */
  public static final String SESSION_OPTIONS = "-c idle_in_transaction_session_timeout=5000";

  interface Work<T extends @Nullable Object> {
    T run(Connection connection) throws SQLException;
  }

  private final DatabaseSettings settings;
  private final HikariDataSource pool;
  private final ThreadPoolExecutor threads;
  private final ScheduledExecutorService watch;
  private final AtomicLong refuseUntilNanos = new AtomicLong(System.nanoTime());

  private Database(DatabaseSettings settings) {
    this.settings = settings;
    this.pool = new HikariDataSource(poolConfig(settings));
    var number = new AtomicInteger();
    this.threads =
        new ThreadPoolExecutor(
            settings.poolConnections(),
            settings.poolConnections(),
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(settings.queuedQueriesMax()),
            task -> daemon(task, "kapsel-query-" + number.incrementAndGet()));
    this.watch =
        Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "kapsel-db-watch"));
  }

  public static Database open(DatabaseSettings settings) {
    return new Database(settings);
  }

  private static HikariConfig poolConfig(DatabaseSettings settings) {
    var config = new HikariConfig();
    config.setPoolName("kapsel");
    config.setJdbcUrl(settings.url());
    config.setUsername(settings.user());
    config.setPassword(settings.password().value());
    config.setDataSourceProperties(driverProperties(settings, settings.statementTimeoutMillis()));
    config.setMaximumPoolSize(settings.poolConnections());
    config.setMinimumIdle(1);
    config.setConnectionTimeout(settings.acquireTimeoutMillis());
    config.setValidationTimeout(Math.min(settings.acquireTimeoutMillis(), 1_000));
    config.setInitializationFailTimeout(-1);
    return config;
  }

  private static Properties driverProperties(
      DatabaseSettings settings, int statementTimeoutMillis) {
    var properties = new Properties();
    properties.setProperty("ApplicationName", "kapsel");
    properties.setProperty("connectTimeout", seconds(settings.connectTimeoutMillis()));
    properties.setProperty("loginTimeout", seconds(settings.connectTimeoutMillis()));
    properties.setProperty("socketTimeout", seconds(settings.socketTimeoutMillis()));
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("assumeMinServerVersion", "15");
    properties.setProperty("binaryTransferEnable", BinaryArray.TYPES);
    // The details of a refusal quote the row: contents do not belong in logs.
    properties.setProperty("logServerErrorDetail", "false");
    // Few distinct statements, run often: prepared at once, with results in binary form.
    properties.setProperty("prepareThreshold", "1");
    properties.setProperty(
        "options", SESSION_OPTIONS + " -c statement_timeout=" + statementTimeoutMillis);
    return properties;
  }

  private static String seconds(int millis) {
    return Integer.toString(Math.max(1, (millis + 999) / 1_000));
  }

  /** A connection outside of the pool, in auto-commit mode, without a statement timeout. */
  Connection connect() throws SQLException {
    Properties properties = driverProperties(settings, 0);
    properties.setProperty("user", settings.user());
    properties.setProperty("password", settings.password().value());
    Connection connection = new Driver().connect(settings.url(), properties);
    if (connection == null) throw new SQLException("not a PostgreSQL URL");
    return connection;
  }

  /**
   * Runs the work on a connection of its own, on the calling thread, and waits for the database
   * when it is not there yet.
   */
  <T extends @Nullable Object> T performAtStart(Work<T> work) {
    long deadline =
        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(settings.startTimeoutMillis());
    boolean told = false;
    while (true) {
      try (Connection connection = connect()) {
        return work.run(connection);
      } catch (SQLException e) {
        String state = String.valueOf(e.getSQLState());
        boolean hopeless = state.startsWith("28") || state.equals("3D000");
        if (hopeless || System.nanoTime() - deadline > 0) {
          throw new StorageUnavailable("the database cannot be used: " + e.getMessage(), e);
        }
        if (!told) log.warn("Waiting for the database: {}", e.getMessage());
        told = true;
        LockSupport.parkNanos(START_PAUSE_NANOS);
      }
    }
  }

  /**
   * Runs the work on a thread and a connection of the pool. Fails with {@link StorageUnavailable}
   * or {@link StorageOverloaded}; other exceptions of the work come through as they are.
   */
  <T extends @Nullable Object> CompletionStage<T> run(Work<T> work) {
    var result = new CompletableFuture<T>();
    try {
      threads.execute(() -> perform(work, result));
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(new StorageOverloaded("too many queries are queued"));
    }
    return result;
  }

  private <T extends @Nullable Object> void perform(Work<T> work, CompletableFuture<T> result) {
    try {
      result.complete(perform(work));
    } catch (Throwable e) {
      result.completeExceptionally(e);
    }
  }

  /** Like {@link #run}, on the calling thread. */
  <T extends @Nullable Object> T perform(Work<T> work) {
    Connection connection;
    try {
      if (System.nanoTime() - refuseUntilNanos.get() < 0) throw new SQLException("not connected");
      connection = pool.getConnection();
    } catch (SQLException e) {
      refuseUntilNanos.compareAndSet(refuseUntilNanos.get(), System.nanoTime() + REFUSE_NANOS);
      throw new StorageUnavailable("the database cannot be reached", e);
    }
    try (connection) {
      return work.run(connection);
    } catch (SQLException e) {
      throw new StorageUnavailable("the database failed: " + e.getMessage(), e);
    }
  }

  /** Completes when the database answers a query. */
  public CompletionStage<@Nullable Void> ping() {
    return run(
        connection -> {
          try (var statement = connection.createStatement()) {
            statement.execute("select 1");
          }
          return null;
        });
  }

  DatabaseSettings settings() {
    return settings;
  }

  ScheduledExecutorService watch() {
    return watch;
  }

  private static Thread daemon(Runnable task, String name) {
    var thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Ends queries in progress and closes the pool; the batch lanes are closed by their owners. */
  @Override
  public void close() {
    watch.shutdownNow();
    threads.shutdown();
    try {
      if (!threads.awaitTermination(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS)) threads.shutdownNow();
    } catch (InterruptedException e) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
    pool.close();
  }
}
