package io.kapsel.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kapsel.core.webhook.Secret;
import io.kapsel.testing.PostgresForTests;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.junit.jupiter.api.Test;

@DisplayNameGeneration(DisplayNameGenerator.ReplaceUnderscores.class)
class EmbeddedPostgresTest {
  private static final Path BINARIES = PreparedCluster.BINARIES;

  private Path directory;

  @BeforeEach
  void createDirectory() throws IOException {
    directory = PreparedCluster.copy();
  }

  @AfterEach
  void removeDirectory() throws IOException {
    PostgresBinaries.deleteRecursively(directory);
  }

  @Test
  void a_first_start_creates_what_later_starts_find() throws IOException {
    Path fresh = directory.resolve("fresh");
    var settings = EmbeddedPostgresSettings.in(fresh).withBinaries(BINARIES);
    try (var postgres = EmbeddedPostgres.start(settings)) {
      execute(postgres, "create table kept as select 42 as answer");
    }
    try (var postgres = EmbeddedPostgres.start(settings)) {
      assertEquals("42", query(postgres, "select answer from kept"));
    }
  }

  @Test
  void is_durable_and_keeps_its_data_between_starts() throws IOException {
    try (var postgres = EmbeddedPostgres.start(settings())) {
      for (String setting : List.of("fsync", "synchronous_commit", "full_page_writes")) {
        assertEquals("on", query(postgres, "show " + setting), setting);
      }
      execute(postgres, "create table kept as select 42 as answer");
    }
    try (var postgres = EmbeddedPostgres.start(settings())) {
      assertEquals("42", query(postgres, "select answer from kept"));
    }
    assertFalse(Files.exists(directory.resolve("postgres/postmaster.pid")));
  }

  @Test
  void is_reachable_from_this_machine_only_and_with_its_password_only() throws IOException {
    try (var postgres = EmbeddedPostgres.start(settings())) {
      assertEquals("127.0.0.1", query(postgres, "show listen_addresses"));
      assertEquals("", query(postgres, "show unix_socket_directories"));
      var stranger =
          DatabaseSettings.of(postgres.jdbcUrl(), postgres.user(), new Secret("guessed"));
      SQLException refusal =
          assertThrows(SQLException.class, () -> PostgresForTests.connect(stranger));
      assertEquals("28P01", refusal.getSQLState());
      assertEquals(
          "rw-------",
          PosixFilePermissions.toString(
              Files.getPosixFilePermissions(directory.resolve("postgres.password"))));
    }
  }

  @Test
  void listens_on_the_configured_port() throws IOException {
    int port = freePort();
    try (var postgres = EmbeddedPostgres.start(settings().withPort(port))) {
      assertEquals(port, postgres.port());
      assertEquals(Integer.toString(port), query(postgres, "show port"));
    }
  }

  @Test
  void says_why_it_does_not_start() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      IOException failure =
          assertThrows(IOException.class, () -> EmbeddedPostgres.start(settings().withPort(port)));
      assertTrue(failure.toString().contains("127.0.0.1"), failure.toString());
    }
    EmbeddedPostgres.start(settings()).close();
  }

  @Test
  void refuses_a_directory_that_is_in_use() throws IOException {
    try (var postgres = EmbeddedPostgres.start(settings())) {
      IOException refusal =
          assertThrows(IOException.class, () -> EmbeddedPostgres.start(settings()));
      assertTrue(refusal.toString().contains("another process uses"), refusal.toString());
      assertEquals("1", query(postgres, "select 1"));
    }
  }

  @Test
  void is_started_again_on_the_same_port_when_it_was_killed() throws IOException {
    try (var postgres = EmbeddedPostgres.start(settings())) {
      execute(postgres, "create table kept as select 42 as answer");
      long killed = postgres.pid();
      ProcessHandle.of(killed).orElseThrow().destroyForcibly();

      Samples.until("started again", () -> postgres.pid() != killed && answers(postgres));
      assertEquals("42", query(postgres, "select answer from kept"));
    }
  }

  @Test
  void takes_over_a_server_that_outlived_its_process() throws Exception {
    long pid = leaveBehind();

    try (var postgres = EmbeddedPostgres.start(settings())) {
      assertEquals(pid, postgres.pid());
      assertEquals("42", query(postgres, "select answer from kept"));
      ProcessHandle.of(pid).orElseThrow().destroyForcibly();
      Samples.until("supervised too", () -> postgres.pid() != pid && answers(postgres));
    }
    assertFalse(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
  }

  @Test
  void replaces_a_server_that_outlived_its_process_when_it_does_not_fit() throws Exception {
    long pid = leaveBehind();

    try (var postgres =
        EmbeddedPostgres.start(settings().withServerSettings(Map.of("work_mem", "5MB")))) {
      assertNotEquals(pid, postgres.pid());
      assertFalse(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
      assertEquals("5MB", query(postgres, "show work_mem"));
      assertEquals("42", query(postgres, "select answer from kept"));
    }
  }

  @Test
  void starts_although_another_process_has_the_dead_servers_process_id() throws IOException {
    try (var postgres = EmbeddedPostgres.start(settings())) {
      execute(postgres, "create table kept as select 42 as answer");
    }
    Files.write(
        directory.resolve("postgres/postmaster.pid"),
        List.of(Long.toString(ProcessHandle.current().pid()), "x", "1", "5432", "", "", "", ""));

    try (var postgres = EmbeddedPostgres.start(settings())) {
      assertEquals("42", query(postgres, "select answer from kept"));
    }
  }

  @Test
  void an_interrupted_first_start_is_begun_again() throws IOException {
    PostgresBinaries.deleteRecursively(directory.resolve("postgres"));
    Files.createDirectories(directory.resolve("postgres.new/base"));
    Files.writeString(directory.resolve("postgres.password"), "half");

    try (var postgres = EmbeddedPostgres.start(settings())) {
      assertEquals("1", query(postgres, "select 1"));
    }
    Files.delete(directory.resolve("postgres/kapsel-created"));
    try (var postgres = EmbeddedPostgres.start(settings())) {
      assertEquals("kapsel", query(postgres, "select current_database()"));
    }
  }

  @Test
  void root_without_user_namespaces_runs_it_as_another_account_now_and_later() throws IOException {
    assumeTrue(System.getProperty("user.name").equals("root"));
    Path reachable = Files.createTempDirectory("embedded-");
    Files.setPosixFilePermissions(reachable, PosixFilePermissions.fromString("rwxr-xr-x"));
    var settings = EmbeddedPostgresSettings.in(reachable);
    try {
      FileChannel lock =
          FileChannel.open(
              reachable.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      var account = ServerAccount.switched(reachable, 65534, 65534);
      try (var postgres = EmbeddedPostgres.start(settings, reachable, lock, account)) {
        execute(postgres, "create table kept as select 42 as answer");
        assertEquals(65534, Files.getAttribute(reachable.resolve("postgres"), "unix:uid"));
      }
      try (var postgres = EmbeddedPostgres.start(settings)) {
        assertEquals("42", query(postgres, "select answer from kept"));
        assertEquals(65534, Files.getAttribute(Path.of("/proc/" + postgres.pid()), "unix:uid"));
      }
    } finally {
      PostgresBinaries.deleteRecursively(reachable);
    }
  }

  /** Starts a server in a process of its own, kills that process, and leaves the server running. */
  private long leaveBehind() throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx128m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Owner.class.getName(), directory.toString()));
    Process owner =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (var output = owner.inputReader()) {
      String line = output.readLine();
      while (line != null && !line.startsWith("pid ")) line = output.readLine();
      owner.destroyForcibly();
      assertTrue(owner.waitFor(10, TimeUnit.SECONDS));
      long pid = Long.parseLong(String.valueOf(line).substring(4));
      assertTrue(ProcessHandle.of(pid).orElseThrow().isAlive());
      return pid;
    }
  }

  /** The process that is killed. */
  static final class Owner {
    private Owner() {}

    public static void main(String[] args) throws Exception {
      var postgres =
          EmbeddedPostgres.start(
              EmbeddedPostgresSettings.in(Path.of(args[0])).withBinaries(BINARIES));
      execute(postgres, "create table kept as select 42 as answer");
      System.out.println("pid " + postgres.pid());
      System.in.read();
    }
  }

  private EmbeddedPostgresSettings settings() {
    return EmbeddedPostgresSettings.in(directory).withBinaries(BINARIES);
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static boolean answers(EmbeddedPostgres postgres) {
    try (var connection = PostgresForTests.connect(DatabaseSettings.of(postgres))) {
      return connection.isValid(2);
    } catch (SQLException e) {
      return false;
    }
  }

  private static String query(EmbeddedPostgres postgres, String sql) {
    return PostgresForTests.query(DatabaseSettings.of(postgres), sql);
  }

  private static void execute(EmbeddedPostgres postgres, String sql) {
    PostgresForTests.execute(DatabaseSettings.of(postgres), sql);
  }
}
