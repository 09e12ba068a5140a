package io.kapsel.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The management API and the metrics of the measured service. */
final class Management implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final int IN_FLIGHT_MAX = 16;
  private static final int TRIES_MAX = 5;
  private static final int UNAVAILABLE = 503;

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT).build();
  private final String run = Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);
  private final AtomicInteger named = new AtomicInteger();
  private final String base;
  private final String apiKey;

  Management(Service service) {
    this.base = "http://" + service.authority();
    this.apiKey = service.apiKey();
  }

  /**
   * Creates endpoints that are all alike but for their names, and answers their ids.
   *
   * @param url where they deliver to
   * @param change of the settings, which begin with what the bench's requests need
   */
  List<String> create(int count, String url, Consumer<ObjectNode> change)
      throws IOException, InterruptedException {
    List<Supplier<HttpRequest>> requests = new ArrayList<>(count);
    for (int i = 0; i < count; i++) requests.add(() -> creation(url, change));
    List<String> ids = new ArrayList<>(count);
    for (String body : all(requests)) ids.add(JSON.readTree(body).required("id").asText());
    return ids;
  }

  /** Every one has a name of its own, as a call that seemed to fail may have had an effect. */
  private HttpRequest creation(String url, Consumer<ObjectNode> change) {
    String name = "bench " + run + " " + named.incrementAndGet();
    ObjectNode endpoint = JSON.createObjectNode().put("name", name).put("url", url);
    ObjectNode signature = endpoint.putObject("signature").put("scheme", "github");
    signature.putArray("secrets").add(Bodies.SECRET);
    change.accept(endpoint);
    return request("/v1/endpoints")
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(endpoint.toString()))
        .build();
  }

  /** Orders such as {@code pause}, to each of them. */
  void order(List<String> endpoints, String order) throws IOException, InterruptedException {
    List<Supplier<HttpRequest>> requests = new ArrayList<>(endpoints.size());
    for (String id : endpoints)
      requests.add(
          () ->
              request("/v1/endpoints/" + id + "/" + order)
                  .POST(HttpRequest.BodyPublishers.noBody())
                  .build());
    var unused = all(requests);
  }

  /** Webhooks that wait at these endpoints, all together, as each of them says. */
  long queued(List<String> endpoints) throws IOException, InterruptedException {
    List<Supplier<HttpRequest>> requests = new ArrayList<>(endpoints.size());
    for (String id : endpoints)
      requests.add(() -> request("/v1/endpoints/" + id + "/state").GET().build());
    long queued = 0;
    for (String body : all(requests))
      queued += JSON.readTree(body).required("queue_depth").asLong();
    return queued;
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(base + path))
        .timeout(TIMEOUT)
        .header("Authorization", "Bearer " + apiKey);
  }

  /**
   * The answers' bodies; some at a time. A call that the service could not finish in time is made
   * again: an endpoint too many does no harm here.
   */
  private List<String> all(List<Supplier<HttpRequest>> requests)
      throws IOException, InterruptedException {
    var permits = new Semaphore(IN_FLIGHT_MAX);
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>(requests.size());
    for (Supplier<HttpRequest> request : requests) {
      permits.acquire();
      var answer = send(request, TRIES_MAX);
      answers.add(answer.whenComplete((response, failure) -> permits.release()));
    }
    List<String> bodies = new ArrayList<>(requests.size());
    for (var answer : answers) bodies.add(checked(answer));
    return bodies;
  }

  private CompletableFuture<HttpResponse<String>> send(Supplier<HttpRequest> request, int tries) {
    return client
        .sendAsync(request.get(), HttpResponse.BodyHandlers.ofString(UTF_8))
        .thenCompose(
            response ->
                response.statusCode() == UNAVAILABLE && tries > 1
                    ? send(request, tries - 1)
                    : CompletableFuture.completedFuture(response));
  }

  private static String checked(CompletableFuture<HttpResponse<String>> answer) throws IOException {
    try {
      HttpResponse<String> response = answer.join();
      if (response.statusCode() / 100 != 2)
        throw new IOException(
            response.request().method()
                + " "
                + response.uri().getPath()
                + " was answered with "
                + response.statusCode()
                + ": "
                + response.body());
      return response.body();
    } catch (CompletionException failed) {
      throw new IOException("the management API does not answer: " + failed.getCause(), failed);
    }
  }

  /** The body of a GET. */
  String get(String path) throws IOException, InterruptedException {
    return checked(
        client.sendAsync(request(path).GET().build(), HttpResponse.BodyHandlers.ofString(UTF_8)));
  }

  JsonNode event(String id) throws IOException, InterruptedException {
    return JSON.readTree(get("/v1/events/" + id));
  }

  /** The sum of a metric over all its labels; a second old at most. */
  double metric(String name) throws IOException, InterruptedException {
    Matcher line =
        Pattern.compile("(?m)^" + Pattern.quote(name) + "(\\{[^}]*})? ([-+.0-9eE]+)")
            .matcher(get("/metrics"));
    double sum = 0;
    while (line.find()) sum += Double.parseDouble(line.group(2));
    return sum;
  }

  @Override
  public void close() {
    client.close();
  }
}
