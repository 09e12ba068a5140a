package io.kapsel;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A destination on a real socket that does what a test tells it. */
public final class ScriptedDestination implements AutoCloseable {
  /** One request as it came. */
  public record Received(String event, int attempt, String body, long atNanos) {}

  /** What to do with a request; must answer or close it. */
  @FunctionalInterface
  public interface Behaviour {
    void handle(HttpExchange exchange, Received received) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Received> received = new CopyOnWriteArrayList<>();
  private volatile Behaviour behaviour;

  public ScriptedDestination(Behaviour behaviour) {
    this.behaviour = behaviour;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    } catch (IOException unexpected) {
      throw new UncheckedIOException(unexpected);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  public static Behaviour status(int status, String... headers) {
    return (exchange, received) -> {
      for (int i = 0; i < headers.length; i += 2)
        exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
      byte[] body = ("status " + status).getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    };
  }

  public void becomes(Behaviour next) {
    behaviour = next;
  }

  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/hook";
  }

  public List<Received> received() {
    return received;
  }

  private void handle(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    var headers = exchange.getRequestHeaders();
    Received request =
        new Received(
            String.valueOf(headers.getFirst("X-Kapsel-Event-Id")),
            Integer.parseInt(headers.getFirst("X-Kapsel-Delivery-Attempt")),
            body,
            System.nanoTime());
    received.add(request);
    behaviour.handle(exchange, request);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
