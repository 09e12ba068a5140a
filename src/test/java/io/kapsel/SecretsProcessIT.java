package io.kapsel;

import static io.kapsel.KapselForTests.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.secrets.Keyring;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.testing.PostgresForTests;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Keys and secrets as an operator meets them: the real command line and all that it prints. */
@Timeout(600)
final class SecretsProcessIT {
  private static final int START_SECONDS_MAX = 120;
  private static final String API_KEY = "kps_" + "5".repeat(48);
  private static final String KEY = Keyring.newKey(new SplittableRandom(1));
  private static final List<String> SECRETS =
      List.of(
          API_KEY,
          KEY,
          "hush-verifying",
          "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
          "hush-password",
          "hush-header",
          "hush-database");

  @TempDir Path directory;

  /** A process with everything that it has printed. */
  private final class Command implements AutoCloseable {
    private final Process process;
    private final Path output;

    Command(Map<String, String> environment, String... words) throws IOException {
      output = Files.createTempFile(directory, "output", ".txt");
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-Xmx512m",
                  "-jar",
                  Path.of("target", "kapsel.jar").toString()));
      command.addAll(List.of(words));
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().keySet().removeIf(name -> name.startsWith("KAPSEL_"));
      builder.environment().putAll(environment);
      builder.redirectErrorStream(true).redirectOutput(output.toFile());
      process = builder.start();
    }

    String printed() {
      try {
        return Files.readString(output, UTF_8);
      } catch (IOException failed) {
        throw new IllegalStateException(failed);
      }
    }

    /** The first start makes a database, which takes its time on a busy machine. */
    Command awaitListening() {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS_MAX);
      while (!printed().contains(" listens on ")) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          process.destroyForcibly();
          throw new AssertionError(printed());
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
      return this;
    }

    int exitCode() {
      try {
        assertTrue(process.waitFor(120, TimeUnit.SECONDS), this::printed);
        return process.exitValue();
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(interrupted);
      }
    }

    @Override
    public void close() {
      terminate();
    }

    void terminate() {
      process.destroy();
      exitCode();
    }
  }

  private Command serve(Path data, int port, Map<String, String> more) throws IOException {
    Map<String, String> environment = new TreeMap<>();
    environment.put("KAPSEL_API_KEY", API_KEY);
    environment.put("KAPSEL_ALLOW_PRIVATE_DESTINATIONS", "true");
    environment.put("KAPSEL_LOG_LEVEL", "debug");
    environment.putAll(more);
    return new Command(
        environment, "serve", "--port", Integer.toString(port), "--data", data.toString());
  }

  private void refused(Path data, Map<String, String> more, String... expected) throws Exception {
    try (Command command = serve(data, 0, more)) {
      assertEquals(78, command.exitCode(), command::printed);
      String line =
          command
              .printed()
              .lines()
              .filter(each -> each.startsWith("E4004 "))
              .findFirst()
              .orElseThrow(() -> new AssertionError(command.printed()));
      for (String part : expected) assertTrue(line.contains(part), line);
      assertNothingSecret(command.printed());
    }
  }

  private static void assertNothingSecret(String text) {
    for (String secret : SECRETS) assertFalse(text.contains(secret), secret + " in " + text);
  }

  private static String post(int port, String path, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("Authorization", "Bearer " + API_KEY)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(request, HttpResponse.BodyHandlers.ofString(UTF_8));
      assertNothingSecret(response.headers() + response.body());
      return response.statusCode() + " " + response.body();
    }
  }

  private static String endpoint(String name, String url, String more) {
    return """
        {"name":"%s","url":"%s",
         "delivery":{"headers":{"X-Ours":"hush-header"},
           "signing":{"secrets":["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]},
           "auth":{"scheme":"basic","username":"me","password":"hush-password"}}%s}
        """
        .formatted(name, url, more);
  }

  /** The header's value is shown to its owner by intent, and to nobody else. */
  private static String withoutHeader(String document) {
    return document.replace("\"X-Ours\":\"hush-header\"", "\"X-Ours\":\"ours\"");
  }

  @Test
  void a_working_service_prints_no_secret_and_asks_for_its_key_again() throws Exception {
    Path data = directory.resolve("data");
    Path keyFile = data.resolve("secrets.key");
    try (var destination = new ScriptedDestination(ScriptedDestination.status(500))) {
      int port = PackagedKapsel.freePort();
      try (Command first = serve(data, port, Map.of()).awaitListening()) {
        await("the place of the key", () -> first.printed().contains("Keep a copy"));
        assertTrue(first.printed().contains(keyFile.toString()), first::printed);
        assertEquals(
            "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(keyFile)));
        String created =
            post(port, "/v1/endpoints", withoutHeader(endpoint("a", destination.url(), "")));
        assertTrue(created.startsWith("201 "), created);
        var id = Pattern.compile("ep_[0-9a-f]{32}").matcher(created);
        assertTrue(id.find(), created);
        post(port, "/ingest/" + id.group(), "{}");
        await("an attempt", () -> !destination.received().isEmpty());
        String invalid =
            post(
                port,
                "/v1/endpoints",
                endpoint(
                    "b\\u0000", "ftp://x", ",\"signature\":{\"secrets\":[\"hush-verifying\"]}"));
        assertTrue(invalid.startsWith("422 "), invalid);
        post(port, "/v1/endpoints", "{\"hush-password\"");
        first.terminate();
        assertNothingSecret(first.printed());
        assertFalse(first.printed().contains(Files.readString(keyFile).strip()));
      }
    }
    try (Command second = serve(data, 0, Map.of()).awaitListening()) {
      assertFalse(second.printed().contains("Keep a copy"), second::printed);
    }
    Files.setPosixFilePermissions(keyFile, PosixFilePermissions.fromString("rw-r--r--"));
    refused(data, Map.of(), "secrets.key", "0400");
    Files.setPosixFilePermissions(keyFile, PosixFilePermissions.fromString("rw-------"));
    String right = Files.readString(keyFile);
    Files.writeString(keyFile, KEY);
    refused(data, Map.of(), "which kapsel.secrets.keys does not hold");
    Files.writeString(keyFile, "hush-password");
    refused(data, Map.of(), "32 bytes in Base64");
    Files.delete(keyFile);
    refused(data, Map.of(), "secrets.key is missing");
    assertFalse(Files.exists(keyFile));
    serve(data, 0, Map.of("KAPSEL_SECRETS_KEYS", KEY + "," + right.strip()))
        .awaitListening()
        .terminate();
  }

  @Test
  void keys_that_cannot_be_used_are_named_by_their_setting_before_anything_starts()
      throws Exception {
    Path data = directory.resolve("data");
    refused(data, Map.of("KAPSEL_SECRETS_KEYS", "hush-password"), "kapsel.secrets.keys");
    refused(
        data,
        Map.of("KAPSEL_SECRETS_KEYS_FILE", directory.resolve("absent").toString()),
        "kapsel.secrets.keys",
        "cannot be read");
    Path open = Files.writeString(directory.resolve("open"), KEY);
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r--r--"));
    refused(data, Map.of("KAPSEL_SECRETS_KEYS_FILE", open.toString()), "0400");
    assertFalse(Files.exists(data));
  }

  @Test
  void an_external_database_without_a_key_is_warned_about_or_refused() throws Exception {
    DatabaseSettings database = PostgresForTests.freshDatabase();
    Map<String, String> environment = new TreeMap<>();
    environment.put("KAPSEL_DATABASE_URL", database.url());
    environment.put("KAPSEL_DATABASE_USER", database.user());
    environment.put("KAPSEL_DATABASE_PASSWORD", database.password().value());
    Path data = directory.resolve("data");
    try (Command plain = serve(data, 0, environment).awaitListening()) {
      await("a warning", () -> plain.printed().contains("stored unencrypted"));
    }
    environment.put("KAPSEL_SECRETS_REQUIRED", "true");
    refused(data, environment, "kapsel.secrets.required");
    environment.put("KAPSEL_SECRETS_KEYS", KEY);
    try (Command sealing = serve(data, 0, environment).awaitListening()) {
      assertFalse(sealing.printed().contains("stored unencrypted"), sealing::printed);
    }
  }

  @Test
  void the_configuration_is_printed_without_secrets() throws Exception {
    Map<String, String> environment =
        Map.of(
            "KAPSEL_SECRETS_KEYS", KEY,
            "KAPSEL_API_KEY", API_KEY,
            "KAPSEL_OPERATOR_KEY", API_KEY,
            "KAPSEL_DATABASE_URL", "postgres://me:hush-database@localhost/kapsel");
    try (Command config = new Command(environment, "config")) {
      assertEquals(0, config.exitCode(), config::printed);
      assertTrue(config.printed().contains("kapsel.secrets.keys = \"****\""), config::printed);
      assertNothingSecret(config.printed());
    }
  }
}
