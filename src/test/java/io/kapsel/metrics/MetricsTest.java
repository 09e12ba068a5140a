package io.kapsel.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.Attempt;
import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MetricsTest {
  private static final EndpointId ENDPOINT = new EndpointId(1, 1);
  private static Metrics metrics;

  @BeforeAll
  static void start() {
    metrics = Metrics.start();
  }

  /** The metrics as soon as they have what is expected; they show with the next tick. */
  private static String scrape(Predicate<String> expected) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    String text = metrics.prometheus();
    while (!expected.test(text)) {
      assertTrue(System.nanoTime() < deadline, text);
      Thread.onSpinWait();
      text = metrics.prometheus();
    }
    return text;
  }

  /** Labels may come in any order; the series names them in alphabetical order. */
  private static double value(String text, String series) {
    return text.lines()
        .filter(line -> !line.startsWith("#"))
        .filter(line -> sorted(line.substring(0, line.lastIndexOf(' '))).equals(series))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .findFirst()
        .orElse(Double.NaN);
  }

  private static String sorted(String series) {
    int brace = series.indexOf('{');
    if (brace < 0) return series;
    String[] labels = series.substring(brace + 1, series.length() - 1).split(",", -1);
    Arrays.sort(labels);
    return series.substring(0, brace + 1) + String.join(",", labels) + "}";
  }

  @Test
  void everything_an_operator_asks_for_is_there_from_the_start() {
    String text = scrape(each -> each.contains("webhook_ingestion_total"));
    for (String series :
        List.of(
            "webhook_ingestion_total{outcome=\"accepted\"}",
            "webhook_ingestion_total{outcome=\"duplicate\"}",
            "webhook_delivery_attempts_total{outcome=\"delivered\"}",
            "webhook_delivery_attempts_total{outcome=\"failed\"}",
            "kapsel_lost_events_total",
            "worker_pool_size",
            "worker_pool_in_use",
            "circuit_breaker_state{state=\"open\"}",
            "kapsel_queue_depth",
            "kapsel_oldest_pending_age_seconds",
            "kapsel_attempts_in_flight")) {
      assertFalse(Double.isNaN(value(text, series)), series + " in\n" + text);
    }
    assertTrue(text.contains("# TYPE webhook_delivery_duration_seconds histogram"), text);
    assertFalse(text.contains("kamon_"), text);
  }

  @Test
  void ingestions_are_counted_by_outcome_and_code() {
    String accepted = "webhook_ingestion_total{outcome=\"accepted\"}";
    String refused = "webhook_ingestion_total{code=\"E1001\",outcome=\"refused\"}";
    double before = value(scrape(text -> text.contains(accepted)), accepted);
    metrics.accepted(false);
    metrics.accepted(false);
    metrics.refused("E1001");
    scrape(text -> value(text, accepted) == before + 2 && value(text, refused) >= 1);
  }

  /** A histogram shows only once something was recorded. */
  private static double orZero(double value) {
    return Double.isNaN(value) ? 0 : value;
  }

  @Test
  void attempts_are_counted_and_their_duration_is_in_seconds() {
    String series = "webhook_delivery_attempts_total{outcome=\"rate_limited\"}";
    String bucket =
        "webhook_delivery_duration_seconds_bucket{le=\"0.25\",outcome=\"rate_limited\"}";
    Attempt attempt =
        new Attempt(
            new WebhookId(1, 1),
            1,
            0,
            200,
            new Outcome(Outcome.Kind.RATE_LIMITED, 429, null, "", "", -1));
    String sum = "webhook_delivery_duration_seconds_sum{outcome=\"rate_limited\"}";
    String before = scrape(each -> !Double.isNaN(value(each, series)));
    metrics
        .endpoints()
        .persisted(
            ENDPOINT,
            new Endpoint.AttemptsEnded(
                0, 1, 0, List.of(new Ended(1, attempt, Verdict.RETRY, 5)), Circuit.CLOSED));
    String text =
        scrape(
            each ->
                value(each, series) == value(before, series) + 1
                    && value(each, bucket) >= orZero(value(before, bucket)) + 1);
    assertEquals(0.2, value(text, sum) - orZero(value(before, sum)), 0.005);
  }

  @Test
  void living_endpoints_are_summed_up_until_they_leave() {
    EndpointConfig config =
        new EndpointConfig(
            "n",
            "https://a",
            SignatureSettings.NONE,
            IdempotencySettings.DEFAULT,
            RetryPolicy.DEFAULT,
            CircuitPolicy.DEFAULT,
            DeliverySettings.DEFAULT,
            false);
    State created =
        Endpoint.evolve(null, new Endpoint.Created(1, new TenantId(1, 1), config), Limits.DEFAULT);
    WebhookId old = new WebhookId((System.currentTimeMillis() - 60_000) << 16, 1);
    State queued =
        Endpoint.evolve(
            created,
            new Endpoint.WebhooksAccepted(1, 0, List.of(new Endpoint.Offered(old, null, 0, 0))),
            Limits.DEFAULT);
    metrics.endpoints().stepped(ENDPOINT, queued, Flight.NONE);
    scrape(
        each ->
            value(each, "kapsel_queue_depth") == 1
                && value(each, "circuit_breaker_state{state=\"closed\"}") == 1
                && value(each, "kapsel_oldest_pending_age_seconds") >= 60);
    metrics.endpoints().stopped(ENDPOINT);
    scrape(each -> value(each, "kapsel_queue_depth") == 0);
  }

  @Test
  void a_watched_number_is_asked_for() {
    metrics.watch("kapsel_test_number", "A number", () -> 42);
    scrape(text -> value(text, "kapsel_test_number") == 42);
  }

  @Test
  void open_metrics_names_counter_families_without_total_and_ends() {
    scrape(text -> text.contains("webhook_ingestion_total"));
    String text = metrics.openMetrics();
    assertTrue(text.endsWith("\n# EOF\n"));
    assertTrue(text.contains("# TYPE webhook_ingestion counter\n"), text);
    assertTrue(text.contains("webhook_ingestion_total{"), text);
    assertFalse(text.contains("# TYPE webhook_ingestion_total"), text);
  }
}
