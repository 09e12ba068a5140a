package io.kapsel;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.endpoint.EndpointMessage;
import io.kapsel.endpoint.EndpointView;
import io.kapsel.storage.Database;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.storage.Events;
import io.kapsel.storage.TenantLimits;
import io.kapsel.storage.Tenants;
import io.kapsel.testing.PostgresForTests;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The whole service in this JVM, on a database and a port of its own. */
public final class KapselForTests implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final HttpClient client = HttpClient.newHttpClient();
  private final Kapsel kapsel;
  private final Database database;
  private final TenantId tenant;
  private boolean closed;

  public static KapselForTests start(Map<String, String> changes) {
    return start(PostgresForTests.freshDatabase(), changes);
  }

  public static KapselForTests start(DatabaseSettings database, Map<String, String> changes) {
    return new KapselForTests(database, changes);
  }

  private KapselForTests(DatabaseSettings address, Map<String, String> changes) {
    Map<String, String> settings = new TreeMap<>();
    settings.put("database.url", address.url());
    settings.put("database.user", address.user());
    settings.put("database.password", address.password().value());
    settings.put("http.host", "127.0.0.1");
    settings.put("http.port", "0");
    settings.put("delivery.allow-private-destinations", "true");
    settings.put("shutdown.drain", "5s");
    settings.putAll(changes);
    try {
      kapsel = Kapsel.start(Settings.with(settings));
    } catch (StartFailed failed) {
      throw new IllegalStateException(failed);
    }
    database = Database.open(address);
    tenant =
        new Tenants(database)
            .findByName(Tenancy.DEFAULT_TENANT)
            .toCompletableFuture()
            .join()
            .orElseThrow()
            .id();
  }

  public String url(String path) {
    return "http://127.0.0.1:" + kapsel.port() + path;
  }

  /** Method and path template of every operation of the management API. */
  public List<String> operations() {
    return kapsel.edge().management().operations();
  }

  public TenantId tenant() {
    return tenant;
  }

  /** As the management API does it: in the database alone. */
  public void grant(TenantLimits limits) {
    Tenants tenants = new Tenants(database);
    Tenants.Tenant now = tenants.find(tenant).toCompletableFuture().join().orElseThrow();
    var unused =
        tenants
            .update(
                new Tenants.Tenant(
                    now.id(),
                    now.name(),
                    limits,
                    now.version(),
                    now.createdAtMillis(),
                    now.updatedAtMillis()),
                now.updatedAtMillis())
            .toCompletableFuture()
            .join()
            .orElseThrow();
  }

  public HttpResponse<String> get(String path) {
    try {
      return client.send(
          HttpRequest.newBuilder(URI.create(url(path))).timeout(PATIENCE).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }

  /** A new tenant. */
  public TenantId tenant(String name, TenantLimits limits) {
    long now = System.currentTimeMillis();
    return new Tenants(database)
        .create(TenantId.create(now, new Random()), name, limits, now)
        .toCompletableFuture()
        .join()
        .id();
  }

  public EndpointId create(EndpointConfig config) {
    return create(tenant, config);
  }

  public EndpointId create(TenantId owner, EndpointConfig config) {
    EndpointId id = EndpointId.create(System.currentTimeMillis(), new Random());
    order(id, new Endpoint.Create(owner, config));
    return id;
  }

  public EndpointView order(EndpointId id, Endpoint.Command command) {
    return viewed(kapsel.node().endpoints().order(id, command).toCompletableFuture().join());
  }

  public EndpointView look(EndpointId id) {
    return viewed(kapsel.node().endpoints().look(id).toCompletableFuture().join());
  }

  /** Whether the endpoint answers. */
  public boolean isThere(EndpointId id) {
    return kapsel
            .node()
            .endpoints()
            .look(id)
            .toCompletableFuture()
            .exceptionally(silence -> new EndpointMessage.Pong())
            .join()
        instanceof EndpointMessage.Viewed;
  }

  private static EndpointView viewed(EndpointMessage.Reply reply) {
    if (reply instanceof EndpointMessage.Viewed viewed) return viewed.view();
    throw new IllegalStateException(reply.toString());
  }

  /** Brings all stored secrets under the current key; how many rows that changed. */
  public int renewSecrets() {
    try {
      return kapsel.keyKeeper().renew();
    } catch (SQLException failed) {
      throw new IllegalStateException(failed);
    }
  }

  public HttpResponse<String> ingest(EndpointId id, String body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url("/ingest/" + id)))
            .header("Content-Type", "application/json")
            .timeout(PATIENCE)
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) request.headers(headers);
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }

  /** Posts a webhook that must be accepted. */
  public WebhookId accepted(EndpointId id, String body, String... headers) {
    HttpResponse<String> response = ingest(id, body, headers);
    if (response.statusCode() != 200)
      throw new IllegalStateException(response.statusCode() + " " + response.body());
    return eventId(response.body());
  }

  public static WebhookId eventId(String json) {
    int at = json.indexOf("evt_");
    return WebhookId.parse(json.substring(at, at + "evt_".length() + 32)).orElseThrow();
  }

  public Events.Event event(WebhookId id) {
    return new Events(database).find(tenant, id).toCompletableFuture().join().orElseThrow();
  }

  public List<Events.AttemptMade> attempts(WebhookId id) {
    return new Events(database)
        .attempts(List.of(id), 100)
        .toCompletableFuture()
        .join()
        .getOrDefault(id, List.of());
  }

  /** Polls until the condition holds. */
  public static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) throw new AssertionError("never: " + what);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
  }

  @Override
  public void close() {
    stop();
  }

  /** May be called again. */
  public void stop() {
    if (closed) return;
    closed = true;
    database.close();
    kapsel.close();
  }
}
