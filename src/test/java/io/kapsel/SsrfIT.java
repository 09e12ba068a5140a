package io.kapsel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.storage.EventStatus;
import io.kapsel.storage.Events.AttemptMade;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What a tenant that points an endpoint inwards gets from the whole service: nothing. */
final class SsrfIT {
  private final ScriptedDestination destination =
      new ScriptedDestination(ScriptedDestination.status(200));

  @AfterEach
  void stop() {
    destination.close();
  }

  /** As if the rules at creation had been got round, or had been others at the time. */
  private static EndpointConfig config(String url) {
    return new EndpointConfig(
        "inward-" + System.nanoTime(),
        url,
        SignatureSettings.NONE,
        IdempotencySettings.DEFAULT,
        RetryPolicy.DEFAULT,
        CircuitPolicy.DEFAULT,
        DeliverySettings.DEFAULT,
        false);
  }

  private List<String> inward() {
    int port = URI.create(destination.url()).getPort();
    return List.of(
        destination.url(),
        "http://localhost:" + port + "/",
        "http://LOCALHOST.:" + port + "/",
        "http://127.1:" + port + "/",
        "http://2130706433:" + port + "/",
        "http://0x7f000001:" + port + "/",
        "http://0.0.0.0:" + port + "/",
        "http://[::1]:" + port + "/",
        "http://[::ffff:127.0.0.1]:" + port + "/",
        "http://[::127.0.0.1]:" + port + "/",
        "http://[64:ff9b::7f00:1]:" + port + "/",
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/",
        "http://kubernetes.default.svc/");
  }

  @Test
  void a_blocked_destination_is_one_refused_attempt_that_tells_nothing_about_it() {
    int port = URI.create(destination.url()).getPort();
    var root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    Level usual = root.getLevel();
    var logged = new ListAppender<ILoggingEvent>();
    try (var kapsel =
        KapselForTests.start(Map.of("delivery.allow-private-destinations", "false"))) {
      logged.start();
      root.addAppender(logged);
      root.setLevel(Level.INFO);
      List<String> urls = inward();
      List<WebhookId> webhooks =
          urls.stream().map(url -> kapsel.accepted(kapsel.create(config(url)), "{}")).toList();
      for (int i = 0; i < urls.size(); i++) {
        WebhookId webhook = webhooks.get(i);
        KapselForTests.await(
            urls.get(i) + " refused", () -> kapsel.event(webhook).status() == EventStatus.FAILED);
        List<AttemptMade> attempts = kapsel.attempts(webhook);
        assertEquals(1, attempts.size(), urls.get(i));
        AttemptMade attempt = attempts.getFirst();
        assertEquals("E2009", attempt.errorCode(), urls.get(i));
        assertEquals("The destination is not allowed.", attempt.errorMessage());
        assertEquals("", attempt.responseExcerpt());
        assertEquals(0, attempt.responseStatus());
      }
      List<String> lines =
          List.copyOf(logged.list).stream().map(ILoggingEvent::getFormattedMessage).toList();
      for (String line : lines) {
        assertFalse(line.contains(":" + port) || line.contains("169.254"), line);
      }
    } finally {
      root.setLevel(usual);
      root.detachAppender(logged);
    }
    assertEquals(List.of(), destination.received());
  }

  @Test
  void an_operator_may_open_single_networks() {
    try (var kapsel =
        KapselForTests.start(
            Map.of(
                "delivery.allow-private-destinations", "false",
                "delivery.allowed-networks", "127.0.0.1/32"))) {
      WebhookId webhook = kapsel.accepted(kapsel.create(config(destination.url())), "{}");
      KapselForTests.await(
          "delivered", () -> kapsel.event(webhook).status() == EventStatus.DELIVERED);
      assertTrue(destination.received().size() == 1);
      String metadata = "http://169.254.169.254/";
      WebhookId blocked = kapsel.accepted(kapsel.create(config(metadata)), "{}");
      KapselForTests.await("refused", () -> kapsel.event(blocked).status() == EventStatus.FAILED);
    }
  }
}
