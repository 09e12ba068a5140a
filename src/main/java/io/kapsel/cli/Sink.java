package io.kapsel.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.SignatureVerifier;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A destination for webhooks that does with them what it was told. */
public final class Sink implements AutoCloseable {
  /** Longer bodies are refused. Above what Kapsel accepts. */
  static final int BODY_BYTES_MAX = 64 << 20;

  /** Events whose attempts are counted; the oldest are forgotten first. */
  private static final int EVENTS_MAX = 1_000_000;

  /**
   * @param status of every answer, or of the failing ones when {@code failFirst} is given
   * @param failFirst how many attempts of each event fail, 0 for none
   * @param retryAfter sent with failing answers
   * @param secret to verify Standard Webhooks signatures with
   */
  public record Behaviour(
      int status,
      Duration delay,
      int failFirst,
      Optional<String> retryAfter,
      Optional<Secret> secret) {
    public static final Behaviour KIND =
        new Behaviour(200, Duration.ZERO, 0, Optional.empty(), Optional.empty());

    /** The answer to the attempt with this number, counted from 1 by the sink itself. */
    int statusFor(int attempt) {
      if (failFirst == 0) return status;
      if (attempt > failFirst) return 200;
      return status < 300 ? 503 : status;
    }
  }

  public enum Signature {
    NOT_CHECKED,
    MISSING,
    VERIFIED,
    WRONG
  }

  /**
   * One request.
   *
   * @param sequence counted from 1 over all requests
   * @param event the event id, empty when the request carries none
   * @param attempt how often this event has come, counted by the sink
   * @param announced the attempt as the sender counts it, empty when it does not say
   * @param problem why the signature does not verify, else empty
   * @param status what it is answered
   */
  public record Received(
      long sequence,
      String method,
      String target,
      List<Header> headers,
      Body body,
      String event,
      int attempt,
      String announced,
      Signature signature,
      String problem,
      int status) {}

  /** Told about each request, once before it is answered and once after. */
  public interface Listener {
    /** One at a time, in the order of {@link Received#sequence}. */
    void received(Received received);

    default void answered(Received received) {}
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Behaviour behaviour;
  private final InstantSource clock;
  private final Listener listener;
  private final Map<String, Integer> attempts =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Integer> eldest) {
          return size() > EVENTS_MAX;
        }
      };
  private long sequence = 0;

  /**
   * Serves from now on.
   *
   * @param address port 0 takes a free one
   */
  public Sink(
      InetSocketAddress address, Behaviour behaviour, InstantSource clock, Listener listener)
      throws IOException {
    // Read once by the JDK's server: without them it answers late and closes idle connections
    // early.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    System.setProperty("sun.net.httpserver.maxIdleConnections", "10000");
    this.behaviour = behaviour;
    this.clock = clock;
    this.listener = listener;
    this.server = HttpServer.create(address, 1024);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  public int port() {
    return server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] bytes = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
      if (bytes.length > BODY_BYTES_MAX) {
        exchange.sendResponseHeaders(413, -1);
        return;
      }
      Received received = receive(exchange, bytes);
      if (!behaviour.delay().isZero()) Thread.sleep(behaviour.delay());
      if (received.status() >= 300)
        behaviour
            .retryAfter()
            .ifPresent(value -> exchange.getResponseHeaders().set("Retry-After", value));
      exchange.sendResponseHeaders(received.status(), -1);
      exchange.close();
      listener.answered(received);
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized Received receive(HttpExchange exchange, byte[] bytes) {
    List<Header> headers =
        exchange.getRequestHeaders().entrySet().stream()
            .flatMap(
                line ->
                    line.getValue().stream()
                        .map(value -> new Header(line.getKey().toLowerCase(Locale.ROOT), value)))
            .toList();
    String target = exchange.getRequestURI().toString();
    String event =
        value(headers, "x-kapsel-event-id").or(() -> value(headers, "webhook-id")).orElse("");
    int attempt = attempts.merge(event, 1, Integer::sum);
    Optional<String> problem =
        signatureProblem(headers, bytes, exchange.getRequestMethod(), target);
    sequence++;
    var received =
        new Received(
            sequence,
            exchange.getRequestMethod(),
            target,
            headers,
            Body.wrap(bytes),
            event,
            attempt,
            value(headers, "x-kapsel-delivery-attempt").orElse(""),
            signature(headers, problem),
            problem.orElse(""),
            behaviour.statusFor(attempt));
    listener.received(received);
    return received;
  }

  private Signature signature(List<Header> headers, Optional<String> problem) {
    if (value(headers, "webhook-signature").isEmpty()) return Signature.MISSING;
    if (behaviour.secret().isEmpty()) return Signature.NOT_CHECKED;
    return problem.isEmpty() ? Signature.VERIFIED : Signature.WRONG;
  }

  private Optional<String> signatureProblem(
      List<Header> headers, byte[] body, String method, String target) {
    return behaviour
        .secret()
        .map(
            secret ->
                SignatureSettings.of(SignatureSettings.Scheme.STANDARD_WEBHOOKS, List.of(secret)))
        .flatMap(
            settings ->
                SignatureVerifier.verify(settings, clock.millis(), headers, body, method, target))
        .map(Rejection::detail);
  }

  private static Optional<String> value(List<Header> headers, String name) {
    return headers.stream().filter(line -> line.isNamed(name)).map(Header::value).findFirst();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
