package io.kapsel.storage;

import io.kapsel.core.webhook.Secret;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL server that belongs to this process and keeps its data between starts. Durable like
 * any other; reachable from this machine only, with a password of its own. A server that outlived
 * its process (kill -9) is taken over as it runs. A server that dies is started again.
 */
public final class EmbeddedPostgres implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedPostgres.class);
  private static final String USER = "kapsel";
  private static final String DATABASE = "kapsel";
  private static final String LOOPBACK = "127.0.0.1";
  private static final long LOG_BYTES_MAX = 16L << 20;
  private static final long RESTART_BACKOFF_MILLIS_MAX = 5_000;

  private final EmbeddedPostgresSettings settings;
  private final FileChannel lock;
  private final PostgresServer server;
  private final Secret password;
  private final int port;
  private final Thread supervisor;
  private volatile boolean closing;

  private EmbeddedPostgres(
      EmbeddedPostgresSettings settings,
      FileChannel lock,
      PostgresServer server,
      Secret password,
      int port) {
    this.settings = settings;
    this.lock = lock;
    this.server = server;
    this.password = password;
    this.port = port;
    this.supervisor = new Thread(this::supervise, "kapsel-postgres-supervisor");
    supervisor.setDaemon(true);
  }

  /** Answers once the database accepts connections. */
  public static EmbeddedPostgres start(EmbeddedPostgresSettings settings) throws IOException {
    Path directory = settings.directory().toAbsolutePath().normalize();
    Files.createDirectories(directory);
    FileChannel lock = lock(directory.resolve("lock"));
    try {
      Path cluster = directory.resolve("postgres");
      var account = ServerAccount.of(directory, cluster);
      return start(settings, directory, lock, account);
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  static EmbeddedPostgres start(
      EmbeddedPostgresSettings settings, Path directory, FileChannel lock, ServerAccount account)
      throws IOException {
    Path binaries = settings.binaries().toAbsolutePath().normalize();
    Files.createDirectories(binaries);
    Path home = PostgresBinaries.unpack(binaries);
    Path cluster = directory.resolve("postgres");
    Path log = directory.resolve("postgres.log");
    if (Files.exists(log) && Files.size(log) > LOG_BYTES_MAX) Files.delete(log);
    var server = new PostgresServer(home, cluster, log, account);
    Path passwordFile = directory.resolve("postgres.password");
    if (!Files.exists(cluster)) initialise(server, account, passwordFile);
    var password = new Secret(Files.readString(passwordFile).strip());
    List<String> arguments = arguments(settings);

    Optional<PostgresServer.Running> running = server.running();
    if (running.isPresent()) {
      PostgresServer.Running found = running.get();
      boolean fits =
          (settings.port() == 0 || settings.port() == found.port())
              && server.wasStartedWith(arguments)
              && answers(found.port(), password);
      if (fits) {
        server.adopt(found);
        return supervised(settings, lock, server, password, found.port());
      }
      server.stop(settings.stopTimeoutMillis());
    }
    int port = settings.port() == 0 ? freePort() : settings.port();
    server.start(port, arguments, settings.startTimeoutMillis());
    createDatabase(port, password, cluster.resolve("kapsel-created"));
    return supervised(settings, lock, server, password, port);
  }

  private static EmbeddedPostgres supervised(
      EmbeddedPostgresSettings settings,
      FileChannel lock,
      PostgresServer server,
      Secret password,
      int port) {
    var postgres = new EmbeddedPostgres(settings, lock, server, password, port);
    postgres.supervisor.start();
    return postgres;
  }

  public String jdbcUrl() {
    return jdbcUrl(port, DATABASE);
  }

  public String user() {
    return USER;
  }

  public Secret password() {
    return password;
  }

  public int port() {
    return port;
  }

  /** Process id of the server; changes when it had to be started again. */
  public long pid() {
    return server.pid();
  }

  /** Stops the server; what was committed is on disk either way. */
  @Override
  public void close() {
    if (closing) return;
    closing = true;
    supervisor.interrupt();
    try {
      server.stop(settings.stopTimeoutMillis());
    } catch (IOException e) {
      log.warn("The embedded database did not stop: {}", e.getMessage());
    } finally {
      try {
        lock.close();
      } catch (IOException e) {
        log.debug("The lock file did not close", e);
      }
    }
  }

  private void supervise() {
    long backoffMillis = 100;
    while (!closing) {
      try {
        server.awaitExit();
        if (closing) return;
        log.warn("The embedded database stopped by itself; starting it again");
        server.start(port, arguments(settings), settings.startTimeoutMillis());
        backoffMillis = 100;
      } catch (InterruptedException e) {
        return;
      } catch (IOException | RuntimeException e) {
        if (closing) return;
        log.warn("The embedded database does not start: {}", e.getMessage());
        try {
          TimeUnit.MILLISECONDS.sleep(backoffMillis);
        } catch (InterruptedException interrupted) {
          return;
        }
        backoffMillis = Math.min(2 * backoffMillis, RESTART_BACKOFF_MILLIS_MAX);
      }
    }
  }

  private static FileChannel lock(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock held = channel.tryLock();
      if (held != null) return channel;
    } catch (OverlappingFileLockException heldByThisProcess) {
      // Reported below like a lock held by another process.
    }
    channel.close();
    throw new IOException(
        "another process uses the data directory " + file.toAbsolutePath().getParent());
  }

  private static void initialise(PostgresServer server, ServerAccount account, Path passwordFile)
      throws IOException {
    byte[] random = new byte[24];
    new SecureRandom().nextBytes(random);
    Files.deleteIfExists(passwordFile);
    Files.createFile(
        passwordFile,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(passwordFile, HexFormat.of().formatHex(random) + "\n");
    account.own(passwordFile);
    server.initialise(USER, passwordFile);
  }

  private static List<String> arguments(EmbeddedPostgresSettings settings) {
    var values = new LinkedHashMap<String, String>();
    EmbeddedPostgresSettings.SERVER_SETTINGS.forEach(e -> values.put(e.getKey(), e.getValue()));
    settings.serverSettings().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(e -> values.put(e.getKey(), e.getValue()));
    var arguments = new ArrayList<String>();
    values.forEach((name, value) -> arguments.addAll(List.of("-c", name + "=" + value)));
    return arguments;
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static boolean answers(int port, Secret password) {
    try (Connection connection = connect(port, password)) {
      return connection.isValid(2);
    } catch (SQLException e) {
      return false;
    }
  }

  private static void createDatabase(int port, Secret password, Path done) throws IOException {
    if (Files.exists(done)) return;
    try (Connection connection = connect(port, password);
        var statement = connection.createStatement()) {
      boolean exists;
      try (var rows =
          statement.executeQuery("select 1 from pg_database where datname = '" + DATABASE + "'")) {
        exists = rows.next();
      }
      if (!exists) statement.execute("create database " + DATABASE);
    } catch (SQLException e) {
      throw new IOException("cannot create the database", e);
    }
    Files.createFile(done);
  }

  private static Connection connect(int port, Secret password) throws SQLException {
    return DriverManager.getConnection(
        jdbcUrl(port, "postgres") + "&connectTimeout=2&socketTimeout=30", USER, password.value());
  }

  private static String jdbcUrl(int port, String database) {
    return "jdbc:postgresql://"
        + LOOPBACK
        + ":"
        + port
        + "/"
        + database
        + "?sslmode=disable&gssEncMode=disable";
  }
}
