package io.kapsel.metrics;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.regex.Pattern;
import kamon.Kamon;
import kamon.metric.Counter;
import kamon.metric.Gauge;
import kamon.metric.Histogram;
import kamon.metric.MeasurementUnit;
import kamon.prometheus.PrometheusReporter;
import kamon.tag.TagSet;

/**
 * Every metric of the process. Recording works from the first moment; what was recorded shows at
 * the next tick, a second later at most. There is one per process, like Kamon itself.
 */
public final class Metrics {
  private static final Duration TICK = Duration.ofSeconds(1);

  private static final String CONFIG =
      """
      kamon {
        init { hide-banner = yes, attach-instrumentation = no }
        environment { service = "kapsel" }
        modules.prometheus-reporter.enabled = no
        metric {
          tick-interval = 1s
          factory.custom-settings {
            "webhook_delivery_duration_seconds" { highest-trackable-value = 3600000 }
          }
        }
        prometheus {
          start-embedded-http-server = no
          buckets.custom {
            "webhook_delivery_duration_seconds" =
              [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
          }
        }
      }
      """;

  /** Kamon's metrics about itself say nothing about Kapsel. */
  private static final Pattern KAMONS_OWN = Pattern.compile("(?m)^(# (HELP|TYPE) )?kamon_.*\\R");

  private static final Pattern COUNTER_HEAD =
      Pattern.compile("(?m)^# (HELP|TYPE) ([A-Za-z0-9_]+)_total ");

  private final PrometheusReporter reporter;
  private final Counter lost;
  private final Gauge poolInUse;
  private final Gauge poolSize;
  private final EndpointMetrics endpoints = new EndpointMetrics();
  private final LimitMetrics limits = new LimitMetrics(this);
  private final Map<String, Counter> ingested = new ConcurrentHashMap<>();

  private Metrics(PrometheusReporter reporter) {
    this.reporter = reporter;
    this.lost =
        Kamon.counter(
                "kapsel_lost_events_total",
                "Webhooks that were acknowledged and could not be placed")
            .withoutTags();
    this.poolInUse =
        Kamon.gauge("worker_pool_in_use", "Deliveries in progress on this node").withoutTags();
    this.poolSize =
        Kamon.gauge("worker_pool_size", "Deliveries this node makes at the same time at most")
            .withoutTags();
    lost.increment(0);
    poolInUse.update(0);
    ingestions("accepted", "").increment(0);
    ingestions("duplicate", "").increment(0);
  }

  private static final class OfThisProcess {
    static final Metrics METRICS = begin();
  }

  /** Starts the ticking at the first call. */
  public static Metrics start() {
    return OfThisProcess.METRICS;
  }

  /** In the background, because Kamon takes its time. */
  private static Metrics begin() {
    Config config = ConfigFactory.parseString(CONFIG).withFallback(ConfigFactory.load());
    var reporter = new PrometheusReporter("kamon.prometheus", config);
    Thread.ofPlatform()
        .daemon()
        .name("kapsel-metrics-start")
        .start(
            () -> {
              Kamon.init(config);
              Kamon.addReporter("prometheus", reporter);
            });
    return new Metrics(reporter);
  }

  /** Observes the endpoints of this node. */
  public EndpointMetrics endpoints() {
    return endpoints;
  }

  public LimitMetrics limits() {
    return limits;
  }

  /** A request to ingest was answered with 200. */
  public void accepted(boolean duplicate) {
    ingestions(duplicate ? "duplicate" : "accepted", "").increment();
  }

  /**
   * A request to ingest was refused.
   *
   * @param code a stable error code
   */
  public void refused(String code) {
    ingestions("refused", code).increment();
  }

  private Counter ingestions(String outcome, String code) {
    Counter known = ingested.get(outcome + code);
    if (known != null) return known;
    TagSet tags = TagSet.of("outcome", outcome);
    Counter counter =
        Kamon.counter("webhook_ingestion_total", "Answers to senders")
            .withTags(code.isEmpty() ? tags : tags.withTag("code", code));
    ingested.put(outcome + code, counter);
    return counter;
  }

  public void lost(long webhooks) {
    lost.increment(webhooks);
  }

  public void poolInUse(int permits) {
    poolInUse.update(permits);
  }

  public void poolSize(int permits) {
    poolSize.update(permits);
  }

  /** Shows a number that is asked for at every tick; it must be cheap to get. */
  public void watch(String name, String help, DoubleSupplier value) {
    Gauge gauge = Kamon.gauge(name, help).withoutTags();
    Consumer<Gauge> update = each -> each.update(value.getAsDouble());
    gauge.autoUpdate(update, TICK);
  }

  /** A duration in milliseconds, shown in seconds. */
  static Histogram duration(String name, String help, String outcome) {
    return Kamon.histogram(name, help, MeasurementUnit.time().milliseconds())
        .withTag("outcome", outcome);
  }

  /** The text format of Prometheus, version 0.0.4. */
  public String prometheus() {
    return KAMONS_OWN.matcher(reporter.scrapeData()).replaceAll("");
  }

  /** OpenMetrics 1.0: a counter's family is named without {@code _total}, and there is an end. */
  public String openMetrics() {
    return COUNTER_HEAD.matcher(prometheus()).replaceAll("# $1 $2 ").stripTrailing() + "\n# EOF\n";
  }
}
