package io.kapsel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.config.Configuration;
import io.kapsel.config.Description;
import io.kapsel.config.Problem;
import io.kapsel.config.Sources;
import io.kapsel.core.webhook.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
  @TempDir Path directory;

  @Nested
  class Defaults {
    @Test
    void are_valid() {
      assertEquals(List.of(), problems(Sources.NONE));
    }

    /** The page is the record of every default, name, range and variable. */
    @Test
    void are_recorded_in_the_documentation() throws IOException {
      assertEquals(
          Files.readString(Path.of("../docs/configuration.md")),
          SettingsPage.text(),
          "run: ./kapsel config --reference > docs/configuration.md");
    }

    @Test
    void come_with_a_reason() {
      for (Description knob : Description.of(Settings.class, Settings.ROOT))
        assertFalse(knob.reason().isBlank(), knob.path());
    }

    @Test
    void have_variables_of_their_own() {
      Set<String> seen = new HashSet<>();
      for (Description knob : Description.of(Settings.class, Settings.ROOT))
        for (String variable : knob.environment()) assertTrue(seen.add(variable), variable);
    }
  }

  @Nested
  class Values {
    @Test
    void come_from_flags_before_variables_before_the_file_before_defaults() throws IOException {
      Path file = file("kapsel { http { port = 1, host = \"127.0.0.1\", headers-max = 50 } }");
      Sources sources = Sources.NONE.withFile(file);
      assertEquals(1, settings(sources).http().port());
      sources = sources.withEnvironment(Map.of("KAPSEL_HTTP_PORT", "2"));
      assertEquals(2, settings(sources).http().port());
      sources = sources.withFlag("--port", "kapsel.http.port", "3");
      assertEquals(3, settings(sources).http().port());
      assertEquals("127.0.0.1", settings(sources).http().host());
      assertEquals(50, settings(sources).http().headersMax());
      assertEquals(16 << 10, settings(sources).http().headerBytesMax());
    }

    @Test
    void say_where_they_come_from() throws IOException {
      Path file = file("kapsel {\n  http.host = \"127.0.0.1\"\n}");
      var effective =
          effective(
              Sources.NONE
                  .withFile(file)
                  .withEnvironment(Map.of("KAPSEL_LOG_LEVEL", "debug"))
                  .withFlag("--port", "kapsel.http.port", "3"));
      assertEquals(file + ":2", value(effective, "kapsel.http.host").origin());
      assertEquals("environment KAPSEL_LOG_LEVEL", value(effective, "kapsel.log.level").origin());
      assertEquals("flag --port", value(effective, "kapsel.http.port").origin());
      assertEquals("default", value(effective, "kapsel.http.headers-max").origin());
    }

    @ParameterizedTest
    @CsvSource({
      "KAPSEL_PORT, 1234, kapsel.http.port",
      "KAPSEL_HTTP_PORT, 1234, kapsel.http.port",
      "KAPSEL_ALLOW_PRIVATE_DESTINATIONS, true, kapsel.delivery.allow-private-destinations",
      "KAPSEL_DELIVERY_ALLOW_PRIVATE_DESTINATIONS, on, kapsel.delivery.allow-private-destinations",
      "KAPSEL_DATABASE_URL, postgres://h/d, kapsel.database.url",
      "KAPSEL_DATA, /d, kapsel.data",
      "KAPSEL_API_KEY, k, kapsel.api-key",
      "KAPSEL_OPERATOR_KEY, k, kapsel.operator-key",
      "KAPSEL_RETENTION, 7d, kapsel.retention",
    })
    void are_set_by_variables(String variable, String text, String path) {
      var effective = effective(Sources.NONE.withEnvironment(Map.of(variable, text)));
      assertEquals("environment " + variable, value(effective, path).origin());
    }

    @Test
    void have_units() {
      Settings settings =
          Settings.with(
              Map.of(
                  "http.body-timeout", "2m",
                  "http.idle-timeout", "1500 ms",
                  "endpoint.idempotency-window", "2d",
                  "retention", "48h",
                  "content.cache-bytes-max", "1GiB",
                  "http.header-bytes-max", "2048"));
      assertEquals(120_000, settings.http().bodyTimeoutMillis());
      assertEquals(1_500, settings.http().idleTimeoutMillis());
      assertEquals(172_800_000, settings.endpoint().idempotencyWindowMillis());
      assertEquals(2, settings.retentionDays());
      assertEquals(1L << 30, settings.content().cacheBytesMax());
      assertEquals(2048, settings.http().headerBytesMax());
    }

    @Test
    void may_be_lists() throws IOException {
      Path file = file("kapsel.delivery.allowed-networks = [\"10.0.0.0/8\", \"fd00::/8\"]");
      assertEquals(
          List.of("10.0.0.0/8", "fd00::/8"),
          settings(Sources.NONE.withFile(file)).delivery().allowedNetworks());
      assertEquals(
          List.of("10.0.0.0/8", "fd00::/8"),
          Settings.with(Map.of("delivery.allowed-networks", "10.0.0.0/8, fd00::/8"))
              .delivery()
              .allowedNetworks());
    }

    @Test
    void count_as_not_set_when_a_variable_is_empty() {
      assertEquals(
          8080, settings(Sources.NONE.withEnvironment(Map.of("KAPSEL_PORT", ""))).http().port());
    }

    @Test
    void can_be_used_in_what_the_file_says_to_akka() throws IOException {
      Path file = file("akka.remote.artery.canonical.port = ${kapsel.cluster.port}");
      var effective =
          effective(
              Sources.NONE.withFile(file).withEnvironment(Map.of("KAPSEL_CLUSTER_PORT", "2551")));
      assertEquals(Set.of("akka"), effective.foreign().root().keySet());
      assertEquals(2551, effective.foreign().getInt("akka.remote.artery.canonical.port"));
    }
  }

  @Nested
  class Problems {
    @Test
    void are_reported_all_at_once() throws IOException {
      Path file =
          file(
              """
              kapsel {
                http.prot = 80
                log.level = loud
                delivery.concurrency-max = 0
                journal = 5
              }
              kapsle.http.port = 1
              """);
      List<String> lines =
          problems(
              Sources.NONE
                  .withFile(file)
                  .withEnvironment(
                      Map.of("KAPSEL_HTTP_BODY_TIMEOUT", "10", "KAPSEL_LOG_FROMAT", "json"))
                  .withFlag("--port", "kapsel.http.port", "eighty"));
      String expected =
          """
          E4001 unknown environment variable KAPSEL_LOG_FROMAT; did you mean KAPSEL_LOG_FORMAT?
          E4003 kapsel.journal (FILE:5) must be a section, not a value
          E4001 unknown setting kapsel.http.prot (FILE:2); did you mean kapsel.http.port?
          E4001 unknown section kapsle (FILE:7); did you mean kapsel?
          E4003 kapsel.http.port (flag --port) must be a whole number from 0 to 65535, not "eighty"
          E4003 kapsel.http.body-timeout (environment KAPSEL_HTTP_BODY_TIMEOUT) must be a duration \
          with a unit (us, ms, s, m, h, d) from 100ms to 1h, not "10"
          E4003 kapsel.delivery.concurrency-max (FILE:4) must be a whole number from 1 to 100000, not 0
          E4003 kapsel.log.level (FILE:3) must be trace or debug or info or warn or error, not "loud"
          """;
      assertEquals(
          expected.replace("FILE", file.toString()).lines().sorted().toList(),
          lines.stream().sorted().toList());
    }

    /** Also those of values that are fine by themselves, but not where another one is unknown. */
    @Test
    void of_values_together_are_told_beside_those_of_single_ones() {
      List<String> lines =
          problems(
              Sources.NONE.withEnvironment(
                  Map.of(
                      "KAPSEL_HTTP_PORT", "eighty",
                      "KAPSEL_DATABASE_URL", "mysql://h/d",
                      "KAPSEL_CLUSTER_SEED_NODES", "a:1",
                      "KAPSEL_PUBLIC_URL", "hooks.example.com",
                      "KAPSEL_HTTP_TRUSTED_PROXIES", "10.0.0.1",
                      "KAPSEL_OPERATOR_KEY", "hunter 2",
                      "KAPSEL_CONTENT_QUEUED_BYTES_MAX", "1 MiB")));
      String expected =
          """
          E4003 kapsel.http.port (environment KAPSEL_HTTP_PORT) must be a whole number from 0 to 65535, not "eighty"
          E4003 kapsel.database.url (environment KAPSEL_DATABASE_URL) must look like postgres://user:password@host:5432/database or jdbc:postgresql://…
          E4003 kapsel: public-url must look like https://hooks.example.com
          E4003 kapsel: operator-key must have 1 to 200 characters of A-Z a-z 0-9 . _ ~ + / -, as bearer tokens have
          E4003 kapsel: http.trusted-proxies must be networks such as 10.1.0.0/16 or fd00:1::/32
          E4003 kapsel: content.queued-bytes-max must leave room for one body of http.body-bytes-max
          """;
      assertEquals(expected.lines().sorted().toList(), lines.stream().sorted().toList());
    }

    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        value = {
          "api-key|two words",
          "http.body-timeout|10",
          "http.body-timeout|-1s",
          "http.body-timeout|1e3s",
          "http.body-timeout|1.5s",
          "http.body-timeout|10 parsecs",
          "http.body-timeout|99999999999999999d",
          "http.body-timeout|2h",
          "http.body-timeout|100us",
          "http.port|+80",
          "http.port|٣",
          "http.port|8080.0",
          "http.port|99999999999999999999",
          "http.body-bytes-max|10 XB",
          "http.body-bytes-max|-1",
          "http.body-bytes-max|1 GiB",
          "content.cache-bytes-max|99999999999999 TiB",
          "delivery.concurrency-max|1000000000",
          "retention|12h",
          "retention|36500d",
          "delivery.require-https|maybe",
          "delivery.allowed-networks|10.0.0.1",
          "http.trusted-proxies|proxy",
          "delivery.allowed-networks|10.0.0.0/33",
          "delivery.allowed-networks|example.com/8",
          "log.format|xml",
          "database.url|mysql://h/d",
          "public-url|hooks.example.com",
          "redis.url|http://localhost",
          "limits.local-share-percent|101",
          "limits.ingest-rate-per-second|-1",
          "content.queued-bytes-max|1 MiB",
        })
    void are_found_in(String path, String text) {
      List<String> lines = problems(Sources.NONE.withFlag("-x", "kapsel." + path, text));
      assertEquals(1, lines.size(), () -> path + " = " + text + ": " + lines);
      assertTrue(lines.getFirst().startsWith("E4003 "), lines::getFirst);
    }

    @Test
    void of_a_slash_at_the_end_of_the_public_url_are_none() {
      var sources = Sources.NONE.withFlag("-x", "kapsel.public-url", "https://a.example/b/");
      assertEquals("https://a.example/b", settings(sources).publicUrl());
    }

    @Test
    void never_show_secrets() throws IOException {
      Path file = file("kapsel { api-key = { a = hunter2 }, operator-key = [hunter2] }");
      List<String> lines =
          problems(
              Sources.NONE
                  .withFile(file)
                  .withEnvironment(Map.of("KAPSEL_DATABASE_URL", "postgrs://me:hunter2@host/db")));
      assertEquals(3, lines.size(), lines::toString);
      assertFalse(lines.toString().contains("hunter2"), lines::toString);
    }

    @Test
    void are_found_when_two_variables_disagree() {
      assertEquals(
          List.of("E4003 KAPSEL_HTTP_PORT and KAPSEL_PORT both set kapsel.http.port, differently"),
          problems(
              Sources.NONE.withEnvironment(Map.of("KAPSEL_PORT", "1", "KAPSEL_HTTP_PORT", "2"))));
    }

    @Test
    void are_found_in_a_file_that_is_missing_or_broken() throws IOException {
      Path missing = directory.resolve("missing.conf");
      assertEquals(
          List.of("E4002 the configuration file " + missing + " cannot be read"),
          problems(Sources.NONE.withFile(missing)));
      List<String> broken = problems(Sources.NONE.withFile(file("kapsel {\n http.port = \n")));
      assertEquals(1, broken.size(), broken::toString);
      assertTrue(broken.getFirst().startsWith("E4003 "), broken::toString);
      assertEquals(
          List.of("E4002 kapsel.http.port is missing; it must be a whole number from 0 to 65535"),
          problems(Sources.NONE.withFile(file("kapsel.http.port = null"))));
      List<String> dangling =
          problems(Sources.NONE.withFile(file("kapsel.http.host = ${nowhere.at.all}")));
      assertEquals(1, dangling.size(), dangling::toString);
    }

    @Test
    void of_unknown_names_are_only_warnings_when_not_strict() throws IOException {
      Path file = file("kapsel { strict = false, htpp.port = 1 }");
      var effective = effective(Sources.NONE.withFile(file));
      assertEquals(1, effective.warnings().size());
      assertEquals(8080, effective.settings().http().port());
    }

    @Test
    void are_not_seen_in_what_kubernetes_and_the_launcher_set() {
      var environment =
          Map.of(
              "KAPSEL_PORT", "tcp://10.0.0.1:8080",
              "KAPSEL_SERVICE_HOST", "10.0.0.1",
              "KAPSEL_SERVICE_PORT", "8080",
              "KAPSEL_SERVICE_PORT_HTTP", "8080",
              "KAPSEL_PORT_8080_TCP", "tcp://10.0.0.1:8080",
              "KAPSEL_PORT_8080_TCP_ADDR", "10.0.0.1",
              "KAPSEL_JAVA_OPTS", "-Xmx1g",
              "HOME", "/");
      assertEquals(8080, settings(Sources.NONE.withEnvironment(environment)).http().port());
    }

    @Test
    void are_found_between_settings() {
      List<String> lines =
          problems(Sources.NONE.withFlag("-x", "kapsel.cluster.seed-nodes", "a:2551,b:2551"));
      assertEquals(
          List.of(
              "E4003 kapsel: cluster.seed-nodes needs database.url: several nodes share one"
                  + " database"),
          lines);
    }
  }

  @Nested
  class Secrets {
    @Test
    void are_masked_wherever_they_come_from() {
      var effective =
          effective(
              Sources.NONE.withEnvironment(
                  Map.of(
                      "KAPSEL_API_KEY", "hunter2",
                      "KAPSEL_DATABASE_URL", "postgres://me:hunter2@host/db")));
      assertEquals("\"****\"", value(effective, "kapsel.api-key").shown());
      assertEquals(
          "\"postgres://me:****@host/db\"", value(effective, "kapsel.database.url").shown());
      assertFalse(effective.values().toString().contains("hunter2"));
      assertFalse(effective.settings().toString().contains("hunter2"));
      assertEquals(new Secret("hunter2"), effective.settings().apiKey());
      assertEquals(new Secret("hunter2"), effective.settings().database().url().password());
    }

    @Test
    void may_stay_in_files() throws IOException {
      Path file = Files.writeString(directory.resolve("key"), "hunter2\n");
      var sources = Sources.NONE.withEnvironment(Map.of("KAPSEL_API_KEY_FILE", file.toString()));
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
      assertEquals(new Secret("hunter2"), settings(sources).apiKey());
      assertEquals(
          "environment KAPSEL_API_KEY_FILE", value(effective(sources), "kapsel.api-key").origin());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r--r--", "absent"})
    void are_refused_from_files_that_are_missing_or_open_to_everybody(String mode)
        throws IOException {
      Path file = directory.resolve("key");
      if (!mode.equals("absent")) {
        Files.writeString(file, "hunter2");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
      }
      List<String> lines =
          problems(Sources.NONE.withEnvironment(Map.of("KAPSEL_API_KEY_FILE", file.toString())));
      assertEquals(1, lines.size());
      assertTrue(lines.getFirst().startsWith("E4004 kapsel.api-key "), lines::getFirst);
    }

    @Test
    void are_refused_when_given_twice() {
      List<String> lines =
          problems(
              Sources.NONE.withEnvironment(
                  Map.of("KAPSEL_API_KEY", "hunter2", "KAPSEL_API_KEY_FILE", "/tmp/key")));
      assertEquals(1, lines.size());
      assertTrue(lines.getFirst().startsWith("E4004 "), lines::getFirst);
      assertFalse(lines.getFirst().contains("hunter2"), lines::getFirst);
    }
  }

  private Path file(String text) throws IOException {
    return Files.writeString(Files.createTempFile(directory, "kapsel", ".conf"), text);
  }

  private static Configuration.Value value(
      Configuration.Effective<Settings> effective, String path) {
    return effective.values().stream()
        .filter(each -> each.path().equals(path))
        .findFirst()
        .orElseThrow();
  }

  private static Settings settings(Sources sources) {
    return effective(sources).settings();
  }

  private static Configuration.Effective<Settings> effective(Sources sources) {
    return switch (Settings.read(sources)) {
      case Configuration.Effective<Settings> effective -> effective;
      case Configuration.Refused<Settings> refused ->
          throw new AssertionError(refused.problems().toString());
    };
  }

  private static List<String> problems(Sources sources) {
    return switch (Settings.read(sources)) {
      case Configuration.Effective<Settings> effective -> List.of();
      case Configuration.Refused<Settings> refused ->
          refused.problems().stream().map(Problem::toString).toList();
    };
  }
}
