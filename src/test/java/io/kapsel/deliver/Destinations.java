package io.kapsel.deliver;

import akka.actor.ActorSystem;
import com.typesafe.config.ConfigFactory;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.deliver.Destination.Dispatch;
import java.nio.charset.StandardCharsets;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;

/** An HTTP client under test, with what it needs around it. */
final class Destinations implements AutoCloseable {
  static final Instant NOW = Instant.parse("2026-11-23T12:00:00.250Z");
  static final long RECEIVED_AT = Instant.parse("2026-11-23T11:59:58.007Z").toEpochMilli();
  static final TenantId TENANT = TenantId.create(RECEIVED_AT, new java.util.SplittableRandom(1));
  static final EndpointId ENDPOINT =
      EndpointId.create(RECEIVED_AT, new java.util.SplittableRandom(2));
  static final WebhookId EVENT = WebhookId.create(RECEIVED_AT, new java.util.SplittableRandom(3));

  final ActorSystem system;
  final HttpDestination destination;

  Destinations(HttpDestinationSettings settings, NameResolver resolver, SSLContext tls) {
    system =
        ActorSystem.create(
            "deliver",
            ConfigFactory.parseString(
                    """
                    akka.loglevel = WARNING
                    akka.loggers = ["akka.event.slf4j.Slf4jLogger"]
                    akka.jvm-exit-on-fatal-error = off
                    """)
                .withFallback(ConfigFactory.load()));
    destination = new HttpDestination(system, settings, resolver, tls, InstantSource.fixed(NOW));
  }

  static Destinations onLoopback() throws NoSuchAlgorithmException {
    return with(with(tuning -> {}));
  }

  static Destinations with(HttpDestinationSettings settings) throws NoSuchAlgorithmException {
    return new Destinations(settings, NameResolver.system(), SSLContext.getDefault());
  }

  /** The defaults, with private destinations allowed. */
  static HttpDestinationSettings with(Consumer<Tuning> change) {
    Tuning tuning = new Tuning();
    change.accept(tuning);
    return tuning.settings();
  }

  Outcome deliver(String url) {
    return deliver(dispatch(url, 10_000));
  }

  Outcome deliver(Dispatch dispatch) {
    return destination
        .deliver(dispatch)
        .toCompletableFuture()
        .orTimeout(30, TimeUnit.SECONDS)
        .join();
  }

  static Dispatch dispatch(String url, int timeoutMillis) {
    return dispatch(url, timeoutMillis, webhook("{}"));
  }

  static Dispatch dispatch(String url, int timeoutMillis, Webhook webhook) {
    DeliverySettings plain = DeliverySettings.DEFAULT;
    return new Dispatch(
        url,
        new DeliverySettings(
            timeoutMillis,
            plain.maxInFlight(),
            plain.ratePerSecond(),
            plain.ordering(),
            plain.orderingKey(),
            List.of(),
            plain.forwardHeaders(),
            List.of(),
            true,
            List.of()),
        false,
        webhook,
        1);
  }

  static Webhook webhook(String body) {
    return webhook(List.of(), body.getBytes(StandardCharsets.UTF_8));
  }

  static Webhook webhook(List<Header> headers, byte[] body) {
    return new Webhook(
        EVENT, ENDPOINT, TENANT, "application/json", headers, Body.wrap(body), new byte[32], "", 0);
  }

  @Override
  public void close() {
    destination.close();
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
  }

  /** Settings with one knob turned. */
  static final class Tuning {
    boolean allowPrivate = true;
    List<Network> allowedNetworks = List.of();
    Duration connect = Duration.ofSeconds(5);
    Duration idle = Duration.ofSeconds(30);
    Duration resolve = Duration.ofSeconds(5);
    Duration addressCache = Duration.ofSeconds(10);
    Duration keepAlive = Duration.ofSeconds(15);
    Duration stale = Duration.ofSeconds(1);
    int vacantMax = 1_024;
    int deliveriesMax = 2_000;

    HttpDestinationSettings settings() {
      HttpDestinationSettings plain = HttpDestinationSettings.forVersion("1.2.3");
      return new HttpDestinationSettings(
          allowPrivate,
          allowedNetworks,
          plain.requireHttps(),
          (int) connect.toMillis(),
          (int) idle.toMillis(),
          (int) resolve.toMillis(),
          plain.resolverThreads(),
          plain.resolverQueueMax(),
          (int) addressCache.toMillis(),
          plain.addressCacheMax(),
          (int) keepAlive.toMillis(),
          plain.connectionLifetimeMillis(),
          vacantMax,
          deliveriesMax,
          plain.responseHeadBytesMax(),
          plain.responseBodyBytesMax(),
          plain.responseExcerptBytesMax(),
          (int) stale.toMillis(),
          plain.userAgent());
    }
  }
}
