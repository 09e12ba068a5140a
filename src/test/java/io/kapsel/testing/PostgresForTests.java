package io.kapsel.testing;

import io.kapsel.core.webhook.Secret;
import io.kapsel.storage.Database;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.storage.EmbeddedPostgres;
import io.kapsel.storage.EmbeddedPostgresSettings;
import io.kapsel.storage.Schema;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * A real PostgreSQL for tests: a container where Docker answers, else the embedded server; one per
 * JVM, without fsync. Every caller gets a database of its own with the current schema.
 */
public final class PostgresForTests {
  private static final String TEMPLATE = "kapsel_template";
  private static final String DATABASE_PREFIX = "test_";
  private static final int SERVERS_MAX = 8;
  private static final AtomicInteger databases = new AtomicInteger();

  private PostgresForTests() {}

  /** How to reach a new database that has the schema and nothing in it. */
  public static DatabaseSettings freshDatabase() {
    return create(TEMPLATE);
  }

  /** How to reach a new database without any table. */
  public static DatabaseSettings emptyDatabase() {
    return create("template1");
  }

  private static DatabaseSettings create(String template) {
    String name = DATABASE_PREFIX + databases.incrementAndGet();
    DatabaseSettings server = Server.SETTINGS;
    execute(server, "create database " + name + " template " + template);
    return at(server, name);
  }

  /** Runs one statement outside of the code under test. */
  public static void execute(DatabaseSettings database, String sql) {
    try (Connection connection = connect(database);
        var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** The first column of the first row. */
  public static String query(DatabaseSettings database, String sql) {
    try (Connection connection = connect(database);
        var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      if (!rows.next()) throw new IllegalStateException("no row: " + sql);
      return String.valueOf(rows.getString(1));
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  public static Connection connect(DatabaseSettings database) throws SQLException {
    return DriverManager.getConnection(
        database.url(), database.user(), database.password().value());
  }

  private static DatabaseSettings at(DatabaseSettings server, String name) {
    String url = server.url().replaceFirst("(//[^/]+/)[^?]*", "$1" + name);
    return DatabaseSettings.of(url, server.user(), server.password());
  }

  /** Started when the first test asks. */
  private static final class Server {
    static final DatabaseSettings SETTINGS = start();

    private static DatabaseSettings start() {
      DatabaseSettings server = dockerAnswers() ? container() : embedded();
      removeLeftovers(server);
      execute(server, "create database " + TEMPLATE);
      try (Database template = Database.open(at(server, TEMPLATE))) {
        Schema.migrate(template);
      }
      return server;
    }

    private static DatabaseSettings container() {
      @SuppressWarnings("resource") // removed with the JVM by Testcontainers itself
      var container =
          new PostgreSQLContainer("postgres:17")
              .withCommand("postgres", "-c", "fsync=off", "-c", "max_connections=100");
      container.start();
      return DatabaseSettings.of(
          container.getJdbcUrl(), container.getUsername(), new Secret(container.getPassword()));
    }

    private static DatabaseSettings embedded() {
      EmbeddedPostgres postgres = startEmbedded();
      Runtime.getRuntime().addShutdownHook(new Thread(postgres::close));
      return DatabaseSettings.of(postgres);
    }

    /** In the first directory that no other test process uses. */
    private static EmbeddedPostgres startEmbedded() {
      var serverSettings =
          Map.of(
              "fsync", "off",
              "full_page_writes", "off",
              "max_connections", "100",
              "shared_buffers", "64MB");
      var failures = new ArrayList<String>();
      for (int i = 1; i <= SERVERS_MAX; i++) {
        Path directory = Path.of("target", "postgres-for-tests", Integer.toString(i));
        try {
          return EmbeddedPostgres.start(
              EmbeddedPostgresSettings.in(directory).withServerSettings(serverSettings));
        } catch (IOException e) {
          failures.add(e.getMessage());
        }
      }
      throw new IllegalStateException("no embedded PostgreSQL: " + failures);
    }

    private static void removeLeftovers(DatabaseSettings server) {
      var leftovers = new ArrayList<String>();
      try (Connection connection = connect(server);
          var statement = connection.createStatement();
          var rows = statement.executeQuery("select datname from pg_database")) {
        while (rows.next()) {
          String name = rows.getString(1);
          if (name.startsWith(DATABASE_PREFIX) || name.equals(TEMPLATE)) leftovers.add(name);
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
      for (String name : leftovers) execute(server, "drop database " + name + " with (force)");
    }

    /** Asked directly: Testcontainers logs a page of errors where there is no Docker. */
    private static boolean dockerAnswers() {
      Path socket = Path.of("/var/run/docker.sock");
      if (!Files.exists(socket)) return false;
      try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        channel.connect(UnixDomainSocketAddress.of(socket));
        channel.write(
            StandardCharsets.US_ASCII.encode("GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n"));
        ByteBuffer answer = ByteBuffer.allocate(64);
        channel.read(answer);
        return StandardCharsets.US_ASCII.decode(answer.flip()).toString().contains(" 200 ");
      } catch (IOException e) {
        return false;
      }
    }
  }
}
