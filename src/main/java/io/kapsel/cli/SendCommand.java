package io.kapsel.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.StandardWebhooksSigner;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.random.RandomGenerator;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "send",
    description = "Sends sample webhooks and prints the answers.",
    mixinStandardHelpOptions = true)
public final class SendCommand implements Callable<Integer> {
  private static final int IN_FLIGHT_MAX = 32;
  private static final int ANSWERS_SHOWN_MAX = 20;
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  @ArgGroup(multiplicity = "1")
  private Target target = new Target();

  private static final class Target {
    @Option(names = "--url", description = "Where to send, in full.")
    private Optional<String> url = Optional.empty();

    @Option(
        names = "--endpoint",
        paramLabel = "ep_…",
        description = "The endpoint to send to, at --server.")
    private Optional<String> endpoint = Optional.empty();
  }

  @Option(
      names = "--server",
      paramLabel = "URL",
      description = "Kapsel itself (default: ${DEFAULT-VALUE}).")
  private String server = "http://localhost:8080";

  @Option(names = "--sample", description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Sample sample = Sample.PLAIN;

  @Option(names = "--file", description = "Send this body instead of the sample's.")
  private Optional<Path> file = Optional.empty();

  @Option(
      names = "--secret",
      description = "Sign as the provider does; a whsec_ secret for plain samples.")
  private Optional<String> secret = Optional.empty();

  @Option(
      names = "--key",
      description = "Idempotency key; everything sent is then the same webhook again.")
  private Optional<String> key = Optional.empty();

  @Option(names = "--count", description = "How many to send (default: 1).")
  private int count = 1;

  @Option(
      names = "--rate",
      paramLabel = "PER_SECOND",
      description = "How many to start per second (default: as fast as they are answered).")
  private double rate = Double.POSITIVE_INFINITY;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final RandomGenerator random = new SplittableRandom();
  private final Map<String, Integer> tally = new TreeMap<>();
  private int shown = 0;
  private boolean unanswered = false;

  @Override
  public Integer call() throws InterruptedException {
    if (count < 1) throw refused("--count must be at least 1");
    if (!(rate > 0)) throw refused("--rate must be more than 0");
    URI uri = uri();
    Optional<byte[]> body = file.map(this::read);
    Optional<Secret> signing = secret.map(Secret::new);
    if (sample == Sample.PLAIN)
      signing
          .flatMap(StandardWebhooksSigner::secretProblem)
          .ifPresent(
              problem -> {
                throw refused("--secret: " + problem);
              });
    long started = System.nanoTime();
    // Closed in the reverse order: the client stays until every task is done.
    try (HttpClient client =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(10))
                .build();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var inFlight = new Semaphore(IN_FLIGHT_MAX);
      HttpRequest repeated = request(uri, body, signing);
      for (int i = 0; i < count && !stopped(); i++) {
        pause(started, i);
        HttpRequest request = i == 0 || key.isPresent() ? repeated : request(uri, body, signing);
        inFlight.acquire();
        threads.execute(
            () -> {
              try {
                exchange(client, request);
              } finally {
                inFlight.release();
              }
            });
      }
    }
    return conclude(System.nanoTime() - started);
  }

  private void pause(long started, int sent) throws InterruptedException {
    long due = started + (long) (sent / rate * 1e9);
    long waitNanos = due - System.nanoTime();
    if (waitNanos > 0) Thread.sleep(Duration.ofNanos(waitNanos));
  }

  private HttpRequest request(URI uri, Optional<byte[]> body, Optional<Secret> signing) {
    var message = sample.message(System.currentTimeMillis(), random, body, signing);
    var request =
        HttpRequest.newBuilder(uri)
            .timeout(TIMEOUT)
            .POST(HttpRequest.BodyPublishers.ofByteArray(message.body().unsafeBytes()));
    for (Header header : message.headers()) request.setHeader(header.name(), header.value());
    key.ifPresent(value -> request.setHeader("X-Idempotency-Key", value));
    return request.build();
  }

  private void exchange(HttpClient client, HttpRequest request) {
    try {
      var response = client.send(request, HttpResponse.BodyHandlers.ofString(UTF_8));
      answered(response.statusCode(), response.body());
    } catch (ConnectException e) {
      unanswered("nothing answers at " + request.uri());
    } catch (IOException e) {
      unanswered("no answer from " + request.uri() + ": " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void answered(int status, String body) {
    tally.merge(Integer.toString(status), 1, Integer::sum);
    shown++;
    if (shown > ANSWERS_SHOWN_MAX) return;
    print(status + " " + body.strip());
    if (shown == ANSWERS_SHOWN_MAX && count > shown) print("…");
  }

  private synchronized void unanswered(String why) {
    tally.merge("no answer", 1, Integer::sum);
    if (!unanswered) spec.commandLine().getErr().println(why);
    unanswered = true;
  }

  private synchronized boolean stopped() {
    return unanswered;
  }

  private synchronized int conclude(long nanos) {
    if (count > 1) {
      var counts = new StringBuilder();
      tally.forEach(
          (answer, times) -> counts.append(", ").append(times).append(" x ").append(answer));
      int sent = tally.values().stream().mapToInt(Integer::intValue).sum();
      print("%d sent in %.1f s%s".formatted(sent, nanos / 1e9, counts));
    }
    return tally.keySet().stream().allMatch(answer -> answer.startsWith("2")) ? 0 : 1;
  }

  private void print(String line) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(line);
    out.flush();
  }

  private URI uri() {
    String text =
        target.url.orElseGet(
            () -> {
              String id =
                  target.endpoint.orElseThrow(() -> refused("give one of --endpoint and --url"));
              if (EndpointId.parse(id).isEmpty())
                throw refused("--endpoint must be an endpoint id: ep_ and 32 hex digits");
              return server.replaceAll("/+$", "") + "/ingest/" + id;
            });
    try {
      URI uri = URI.create(text);
      if (uri.getHost() != null && uri.getScheme().matches("https?")) return uri;
    } catch (IllegalArgumentException e) {
      // Said below.
    }
    throw refused("not an http URL: " + text);
  }

  private byte[] read(Path path) {
    try {
      return Files.readAllBytes(path);
    } catch (IOException e) {
      throw refused("--file " + path + " cannot be read");
    }
  }

  private ParameterException refused(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
