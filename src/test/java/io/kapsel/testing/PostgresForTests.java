package io.kapsel.testing;

import io.kapsel.core.webhook.Secret;
import io.kapsel.storage.Database;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.storage.EmbeddedPostgres;
import io.kapsel.storage.EmbeddedPostgresSettings;
import io.kapsel.storage.Schema;
import java.io.IOException;
import java.io.UncheckedIOException;
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
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * A real PostgreSQL for tests: a container where Docker answers, else the embedded server; one per
 * JVM, without fsync. Every caller gets a database of its own with the current schema.
 */
public final class PostgresForTests {
  private static final String TEMPLATE = "kapsel_template";
  private static final String DATABASE_PREFIX = "test_";
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

  /** With the patience that a machine needs on which many tests run. */
  private static DatabaseSettings at(DatabaseSettings server, String name) {
    String url = server.url().replaceFirst("(//[^/]+/)[^?]*", "$1" + name);
    return new DatabaseSettings(
        url, server.user(), server.password(), 3, 1_000, 10_000, 10_000, 30_000, 60_000, 30_000);
  }

  /** Started when the first test asks. */
  private static final class Server {
    static final DatabaseSettings SETTINGS = start();

    private static DatabaseSettings start() {
      DatabaseSettings server = dockerAnswers() ? container() : embedded();
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

    /** In a directory of this process, which is removed when it ends. */
    private static DatabaseSettings embedded() {
      Path parent = Path.of("target", "postgres-for-tests");
      try {
        Files.createDirectories(parent);
        removeLeftovers(parent);
        Path directory = parent.resolve(Long.toString(ProcessHandle.current().pid()));
        EmbeddedPostgres postgres = EmbeddedPostgres.start(settings(directory));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(postgres, directory)));
        return DatabaseSettings.of(postgres);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static EmbeddedPostgresSettings settings(Path directory) {
      return EmbeddedPostgresSettings.in(directory)
          .withBinaries(Path.of("target", "postgres-binaries"))
          .withServerSettings(
              Map.of(
                  "fsync", "off",
                  "full_page_writes", "off",
                  "max_connections", "100",
                  "shared_buffers", "64MB"));
    }

    /** Of test processes that were killed: their server may still run. */
    private static void removeLeftovers(Path parent) throws IOException {
      var directories = new ArrayList<Path>();
      try (Stream<Path> children = Files.list(parent)) {
        children.forEach(directories::add);
      }
      for (Path directory : directories) {
        long pid = Long.parseLong(directory.getFileName().toString());
        if (ProcessHandle.of(pid).isPresent()) continue;
        try {
          remove(EmbeddedPostgres.start(settings(directory)), directory);
        } catch (IOException anotherProcessIsAtIt) {
          // Or it cannot be started: then the next clean build removes it.
        }
      }
    }

    private static void remove(EmbeddedPostgres postgres, Path directory) {
      postgres.close();
      try (Stream<Path> paths = Files.walk(directory)) {
        for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
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
