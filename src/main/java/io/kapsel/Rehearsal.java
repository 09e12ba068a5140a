package io.kapsel;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.kapsel.cli.Sink;
import io.kapsel.core.webhook.EndpointId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A short life of the service, so that the JVM records which classes and methods it needs. */
final class Rehearsal {
  private static final String KEY = "kps_" + "0".repeat(48);
  private static final Pattern CREATED = Pattern.compile("\"id\":\"(ep_[0-9a-f]{32})\"");
  private static final int WEBHOOKS = 200;
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final HttpClient client;
  private final String server;

  private Rehearsal(HttpClient client, String server) {
    this.client = client;
    this.server = server;
  }

  static void run() throws IOException, InterruptedException, StartFailed {
    Path data = Files.createTempDirectory("kapsel-rehearsal");
    var delivered = new CountDownLatch(WEBHOOKS);
    var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (var sink =
            new Sink(
                loopback,
                Sink.Behaviour.KIND,
                InstantSource.system(),
                received -> delivered.countDown());
        var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        var kapsel = Kapsel.start(settings(data))) {
      var rehearsal = new Rehearsal(client, "http://127.0.0.1:" + kapsel.port());
      rehearsal.look();
      Optional<String> endpoint = rehearsal.create("http://127.0.0.1:" + sink.port() + "/");
      if (endpoint.isPresent()) {
        rehearsal.take(endpoint.get());
        delivered.await(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        rehearsal.get("/v1/endpoints/" + endpoint.get() + "/state");
        rehearsal.get("/v1/events?limit=10");
      }
      rehearsal.look();
    } finally {
      delete(data);
    }
  }

  private static Settings settings(Path data) {
    return Settings.with(
        Map.of(
            "data", data.toString(),
            "api-key", KEY,
            "http.host", "127.0.0.1",
            "http.port", "0",
            "delivery.allow-private-destinations", "true",
            "shutdown.drain", "1s"));
  }

  private void look() throws IOException, InterruptedException {
    for (String path : List.of("/health", "/health/live", "/ready", "/metrics", "/v1/endpoints"))
      get(path);
    post("/ingest/" + new EndpointId(0, 0), "{}");
  }

  private Optional<String> create(String url) throws IOException, InterruptedException {
    String body = post("/v1/endpoints", "{\"name\":\"rehearsal\",\"url\":\"" + url + "\"}").body();
    Matcher matcher = CREATED.matcher(body);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  private void take(String endpoint) throws IOException, InterruptedException {
    for (int i = 0; i < WEBHOOKS; i++)
      post("/ingest/" + endpoint, "{\"type\":\"rehearsed\",\"data\":{\"number\":" + i + "}}");
  }

  private void get(String path) throws IOException, InterruptedException {
    send(request(path).GET());
  }

  private HttpResponse<String> post(String path, String json)
      throws IOException, InterruptedException {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json)));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(server + path))
        .timeout(TIMEOUT)
        .header("Authorization", "Bearer " + KEY);
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8));
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
    }
  }
}
