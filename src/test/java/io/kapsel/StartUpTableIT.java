package io.kapsel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.SignatureSettings.Scheme;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.testing.PostgresForTests;
import io.kapsel.testing.RawConnection;
import io.kapsel.testing.RawConnection.Reply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a start gets that cannot go well: the exit code and one line for each problem. */
final class StartUpTableIT {
  private static final int EXIT_FAILED = 1;
  private static final int EXIT_CONFIG = 78;

  @TempDir Path directory;

  private record Ended(int exit, List<String> lines) {}

  private static Ended serve(Map<String, String> environment, String... flags) {
    var err = new StringWriter();
    String[] args = new String[flags.length + 1];
    args[0] = "serve";
    System.arraycopy(flags, 0, args, 1, flags.length);
    var nowhere = new PrintWriter(new StringWriter());
    int exit = Main.run(args, environment, nowhere, new PrintWriter(err));
    return new Ended(exit, err.toString().lines().toList());
  }

  @ParameterizedTest
  @CsvSource({
    "KAPSEL_HTTP_PROT, 80, E4001",
    "KAPSEL_LOG_LEVEL, loud, E4003",
    "KAPSEL_DELIVERY_REQUIRE_HTTPS, perhaps, E4003",
    "KAPSEL_HTTP_PORT, eighty, E4003",
    "KAPSEL_HTTP_BODY_TIMEOUT, 10, E4003",
    "KAPSEL_HTTP_BODY_TIMEOUT, -1s, E4003",
    "KAPSEL_HTTP_BODY_TIMEOUT, 99999999999999999d, E4003",
    "KAPSEL_DELIVERY_CONCURRENCY_MAX, 0, E4003",
    "KAPSEL_DELIVERY_CONCURRENCY_MAX, 1000000000, E4003",
    "KAPSEL_DELIVERY_ALLOWED_NETWORKS, everything, E4003",
    "KAPSEL_DATABASE_URL, mysql://me:hunter2@host/db, E4003",
    "KAPSEL_PUBLIC_URL, hooks.example.com, E4003",
    "KAPSEL_API_KEY, not hunter2, E4003",
    "KAPSEL_API_KEY_FILE, /nonexistent, E4004"
  })
  void a_bad_setting_is_one_line_and_exit_78(String variable, String value, String code) {
    Ended ended = serve(Map.of(variable, value));
    assertEquals(EXIT_CONFIG, ended.exit());
    assertEquals(1, ended.lines().size(), ended.lines().toString());
    assertTrue(ended.lines().getFirst().startsWith(code + " "), ended.lines().toString());
    assertFalse(ended.lines().toString().contains("hunter2"));
  }

  @Test
  void all_problems_are_told_at_once_and_no_secret() throws IOException {
    Path open = Files.writeString(directory.resolve("key"), "hunter2");
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r--r--"));
    Ended ended =
        serve(
            Map.of(
                "KAPSEL_API_KEY_FILE", open.toString(),
                "KAPSEL_LOG_LEVEL", "loud",
                "KAPSEL_HTTP_PROT", "80"));
    assertEquals(EXIT_CONFIG, ended.exit());
    assertEquals(
        List.of("E4001", "E4003", "E4004"),
        ended.lines().stream().map(line -> line.substring(0, 5)).sorted().toList());
    assertFalse(ended.lines().toString().contains("hunter2"));
  }

  @Test
  void a_missing_setting_or_file_is_exit_78() throws IOException {
    Path file = Files.writeString(directory.resolve("kapsel.conf"), "kapsel.http.port = null\n");
    Ended ended = serve(Map.of(), "--config", file.toString());
    assertEquals(EXIT_CONFIG, ended.exit());
    assertTrue(ended.lines().getFirst().startsWith("E4002 "), ended.lines().toString());
    ended = serve(Map.of(), "--config", directory.resolve("absent").toString());
    assertEquals(EXIT_CONFIG, ended.exit());
    assertTrue(ended.lines().getFirst().startsWith("E4002 "), ended.lines().toString());
  }

  private static Ended run(DatabaseSettings database, Map<String, String> changes) {
    Map<String, String> settings = new TreeMap<>(changes);
    settings.put("database.url", database.url());
    settings.put("database.user", database.user());
    settings.put("database.password", database.password().value());
    settings.put("http.host", "127.0.0.1");
    var err = new ByteArrayOutputStream();
    var service =
        new Service(
            Settings.with(settings),
            ConfigFactory.empty(),
            new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
            new PrintStream(err, true, UTF_8));
    return new Ended(service.run(), err.toString(UTF_8).lines().toList());
  }

  @Test
  void a_port_in_use_is_exit_1() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      Ended ended = run(PostgresForTests.freshDatabase(), Map.of("http.port", port));
      assertEquals(EXIT_FAILED, ended.exit());
      assertTrue(
          ended.lines().getFirst().startsWith("E4005 BIND_FAILED: "), ended.lines().toString());
    }
  }

  @Test
  void a_schema_newer_than_the_binary_is_exit_1_and_left_alone() {
    DatabaseSettings database = PostgresForTests.freshDatabase();
    PostgresForTests.execute(
        database,
        "insert into schema_history (installed_rank, version, description, type, script,"
            + " installed_by, execution_time, success)"
            + " values (1000, '999', 'future', 'SQL', 'V999__future.sql', 'x', 1, true)");
    Ended ended = run(database, Map.of("http.port", "0"));
    assertEquals(EXIT_FAILED, ended.exit());
    assertTrue(
        ended.lines().getFirst().startsWith("E4006 SCHEMA_MISMATCH: "), ended.lines().toString());
    assertEquals(
        "1",
        PostgresForTests.query(
            database, "select count(*) from schema_history where version = '999'"));
  }

  /** An endpoint whose senders sign the URL, on a node that does not know it. */
  @Test
  void a_missing_public_url_keeps_the_node_unready_where_senders_sign_it() {
    DatabaseSettings database = PostgresForTests.freshDatabase();
    EndpointId endpoint;
    String ready = "GET /ready HTTP/1.1\r\nHost: a\r\n\r\n";
    var named = Map.of("public-url", "https://hooks.example.com/");
    try (var kapsel = KapselForTests.start(database, named)) {
      endpoint = kapsel.create(twilio());
      assertEquals(200, RawConnection.exchange(address(kapsel), ready).status());
      assertEquals(401, kapsel.ingest(endpoint, "a=b", "X-Twilio-Signature", "s").statusCode());
    }
    try (var kapsel = KapselForTests.start(database, Map.of())) {
      Reply unready = RawConnection.exchange(address(kapsel), ready);
      assertEquals(503, unready.status());
      assertTrue(unready.text().contains("E4003"), unready.text());
      var refused = kapsel.ingest(endpoint, "a=b", "X-Twilio-Signature", "s");
      assertEquals(503, refused.statusCode());
      assertTrue(refused.body().contains("E3005"), refused.body());
    }
  }

  private static EndpointConfig twilio() {
    return new EndpointConfig(
        "twilio",
        "http://127.0.0.1:9/",
        SignatureSettings.of(Scheme.TWILIO, List.of(new Secret("s"))),
        IdempotencySettings.DEFAULT,
        RetryPolicy.DEFAULT,
        CircuitPolicy.DEFAULT,
        DeliverySettings.DEFAULT,
        false);
  }

  private static InetSocketAddress address(KapselForTests kapsel) {
    URI uri = URI.create(kapsel.url("/"));
    return new InetSocketAddress(uri.getHost(), uri.getPort());
  }
}
