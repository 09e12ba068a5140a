package io.kapsel;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The packaged service as a process with an embedded database, to be killed and started again. */
final class PackagedKapsel implements AutoCloseable {
  static final String API_KEY = "kps_0123456789abcdef0123456789abcdef0123456789abcdef";

  private static final Path JAR = Path.of("target", "kapsel.jar");
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final HttpClient client = HttpClient.newHttpClient();
  private final Path data;
  private final Map<String, String> environment;
  private final int port = freePort();
  private Process process;

  /** With an embedded database in {@code data}; returns once the service takes webhooks. */
  PackagedKapsel(Path data) {
    this(data, Map.of());
  }

  /** Returns once the service takes webhooks. */
  PackagedKapsel(Path data, Map<String, String> environment) {
    this.data = data;
    this.environment = environment;
    this.process = launch();
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException unexpected) {
      throw new IllegalStateException(unexpected);
    }
  }

  private Process launch() {
    try {
      Process started = process(data, port, environment).start();
      awaitListening(started);
      return started;
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    }
  }

  /** How {@code kapsel serve} is called. */
  static ProcessBuilder process(Path data, int port, Map<String, String> environment) {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2",
            "-XX:TieredStopAtLevel=1",
            "-Xmx768m",
            "-jar",
            JAR.toString(),
            "serve",
            "--port",
            String.valueOf(port),
            "--data",
            data.toString());
    builder.environment().keySet().removeIf(name -> name.startsWith("KAPSEL_"));
    builder.environment().put("KAPSEL_API_KEY", API_KEY);
    builder.environment().put("KAPSEL_ALLOW_PRIVATE_DESTINATIONS", "true");
    builder.environment().putAll(environment);
    return builder.redirectErrorStream(true);
  }

  private static void awaitListening(Process started) throws IOException {
    BufferedReader output =
        new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
    StringBuilder seen = new StringBuilder();
    String line;
    while ((line = output.readLine()) != null) {
      seen.append(line).append('\n');
      if (line.contains(" listens on ")) {
        Thread.ofVirtual().start(() -> output.lines().forEach(System.out::println));
        return;
      }
    }
    throw new IllegalStateException("the service did not start:\n" + seen);
  }

  /** The process is gone at once, and so is everything that only its memory held. */
  void kill() {
    process.destroyForcibly();
    awaitEnd();
  }

  /** As {@link #kill}, and the database goes with it. */
  void killWithDatabase() {
    long postmaster = postmaster();
    process.destroyForcibly();
    ProcessHandle.of(postmaster).ifPresent(ProcessHandle::destroyForcibly);
    awaitEnd();
  }

  private long postmaster() {
    try (var files = Files.walk(data, 4)) {
      Path pid = files.filter(file -> file.endsWith("postmaster.pid")).findFirst().orElseThrow();
      return Long.parseLong(Files.readAllLines(pid).getFirst().strip());
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    }
  }

  void startAgain() {
    process = launch();
  }

  /** Returns the exit code. */
  int terminate() {
    // Of the process itself; its own destroy would close the output that is being read.
    process.toHandle().destroy();
    return awaitEnd();
  }

  /** Stops the process in the middle of what it does, as a machine does that is suspended. */
  void freeze() throws IOException {
    signal("STOP");
  }

  void thaw() throws IOException {
    signal("CONT");
  }

  private void signal(String name) throws IOException {
    try {
      new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).start().waitFor();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(interrupted);
    }
  }

  /** Waits for a process that ends by itself; returns the exit code. */
  int awaitEnd() {
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
        throw new IllegalStateException("the process does not end");
      return process.exitValue();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }

  HttpResponse<String> get(String path) throws IOException {
    return send(request(path).header("Authorization", "Bearer " + API_KEY).build());
  }

  HttpResponse<String> postJson(String path, String body) throws IOException {
    return send(
        request(path)
            .header("Authorization", "Bearer " + API_KEY)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  HttpResponse<String> ingest(String endpoint, String key, String body) throws IOException {
    return send(
        request("/ingest/" + endpoint)
            .header("Content-Type", "application/json")
            .header("X-Idempotency-Key", key)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
        .timeout(Duration.ofSeconds(20));
  }

  private HttpResponse<String> send(HttpRequest request) throws IOException {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(interrupted);
    }
  }

  /** Ends the service and its database. */
  @Override
  public void close() {
    if (process.isAlive()) terminate();
  }

  static List<String> eventIds(String json) {
    return Pattern.compile("evt_[0-9a-f]{32}")
        .matcher(json)
        .results()
        .map(MatchResult::group)
        .toList();
  }
}
