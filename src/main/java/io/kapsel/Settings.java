package io.kapsel;

import io.kapsel.config.Alias;
import io.kapsel.config.Confidential;
import io.kapsel.config.Configuration;
import io.kapsel.config.DatabaseUrl;
import io.kapsel.config.Problem;
import io.kapsel.config.Range;
import io.kapsel.config.Sources;
import io.kapsel.core.webhook.Secret;
import io.kapsel.deliver.Network;
import io.kapsel.redis.RedisBank;
import io.kapsel.secrets.Keyring;
import io.kapsel.storage.ApiKeys;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Every setting of Kapsel. To add one, add a component here (or to a record in the package that
 * uses it) and its default with its reason to {@code reference.conf}; everything else follows from
 * that.
 */
public record Settings(
    boolean strict,
    Path data,
    String publicUrl,
    Secret apiKey,
    Secret operatorKey,
    @Range(min = "1d", max = "3650d") int retentionDays,
    Http http,
    Management management,
    Ingest ingest,
    Limits limits,
    Redis redis,
    Database database,
    Secrets secrets,
    Content content,
    History history,
    Journal journal,
    Endpoint endpoint,
    Delivery delivery,
    Cluster cluster,
    Log log,
    Shutdown shutdown) {

  public static final String ROOT = "kapsel";

  public record Http(
      String host,
      @Alias("KAPSEL_PORT") @Range(min = "0", max = "65535") int port,
      @Range(min = "1", max = "100000") int connectionsMax,
      @Range(min = "1 KiB", max = "64 MiB") int bodyBytesMax,
      @Range(min = "1 MiB", max = "16 GiB") long bodiesBytesMax,
      @Range(min = "1 KiB", max = "64 MiB") int managementBodyBytesMax,
      @Range(min = "1", max = "1000000") int managementCallsPerSecondMax,
      @Range(min = "1 KiB", max = "256 KiB") int headerBytesMax,
      @Range(min = "10", max = "1000") int headersMax,
      @Range(min = "256", max = "64 KiB") int targetBytesMax,
      List<String> trustedProxies,
      @Range(min = "100ms", max = "10m") int headerTimeoutMillis,
      @Range(min = "100ms", max = "10m") int bodyIdleTimeoutMillis,
      @Range(min = "100ms", max = "1h") int bodyTimeoutMillis,
      @Range(min = "1s", max = "1h") int idleTimeoutMillis) {}

  public record Management(
      @Range(min = "0", max = "1000000") int apiKeysCachedMax,
      @Range(min = "1ms", max = "900ms") int apiKeyCacheMillis,
      @Range(min = "1", max = "1000000") int wrongKeysMax,
      @Range(min = "1ms", max = "1h") int wrongKeyIntervalMillis,
      @Range(min = "1", max = "10000000") int wrongKeyAddressesMax,
      @Range(min = "1", max = "10000") int samplesMax,
      @Range(min = "1", max = "100000") int replayEventsMax,
      @Range(min = "1", max = "1000000") int replayQueueMax,
      @Range(min = "1", max = "10000") int replayOrdersMax) {}

  public record Ingest(
      @Range(min = "100ms", max = "1m") int acknowledgeTimeoutMillis,
      @Range(min = "1", max = "100000") int offerWebhooksMax,
      @Range(min = "0", max = "10000000") int endpointsCachedMax) {}

  public record Limits(
      @Range(min = "0", max = "1000000") double ingestRatePerSecond,
      @Range(min = "0", max = "1000000000") int ingestBurst,
      @Range(min = "0", max = "100000") int deliveryConcurrency,
      @Range(min = "0", max = "100") int localSharePercent,
      @Range(min = "1", max = "10000000") int bucketsMax) {}

  public record Redis(
      Secret url,
      @Range(min = "1ms", max = "10s") int timeoutMillis,
      @Range(min = "10ms", max = "1m") int connectTimeoutMillis,
      @Range(min = "100ms", max = "10m") int retryMillis,
      @Range(min = "1s", max = "24h") int distrustMillis,
      @Range(min = "1", max = "1000000") int requestsMax,
      @Range(min = "0", max = "1000000") int waitingMax) {}

  public record Database(
      DatabaseUrl url,
      String user,
      Secret password,
      @Range(min = "0", max = "65535") int embeddedPort,
      @Range(min = "1", max = "200") int poolConnections,
      @Range(min = "0", max = "1000000") int queuedQueriesMax,
      @Range(min = "100ms", max = "1m") int connectTimeoutMillis,
      @Range(min = "100ms", max = "5m") int statementTimeoutMillis) {}

  public record Secrets(@Confidential Keyring keys, boolean required) {}

  public record Content(
      @Range(min = "1", max = "16") int writers,
      @Range(min = "1", max = "100000") int batchRowsMax,
      @Range(min = "64 KiB", max = "1 GiB") long batchBytesMax,
      @Range(min = "1", max = "1000000") int queuedRowsMax,
      @Range(min = "1 MiB", max = "16 GiB") long queuedBytesMax,
      @Range(min = "0", max = "64 GiB") long cacheBytesMax) {}

  public record History(
      @Range(min = "1", max = "16") int writers,
      @Range(min = "1", max = "100000") int batchRowsMax,
      @Range(min = "1", max = "10000000") int queuedRowsMax) {}

  public record Journal(
      @Range(min = "1", max = "16") int parallelism,
      @Range(min = "1", max = "10000") int batchRowsMax,
      @Range(min = "100", max = "10000000") int queuedWritesMax) {}

  public record Endpoint(
      @Range(min = "1", max = "10000") int shards,
      @Range(min = "1", max = "10000000") int queueMax,
      @Range(min = "1s", max = "30d") long idempotencyWindowMillis,
      @Range(min = "1", max = "100000000") int idempotencyKeysMax,
      @Range(min = "1", max = "1000000000") int nodeIdempotencyKeysMax,
      @Range(min = "1s", max = "24h") int idleTimeoutMillis,
      @Range(min = "1", max = "10000000") int snapshotWeightMin,
      @Range(min = "1", max = "100") int snapshotsKept) {}

  public record Delivery(
      @Range(min = "1", max = "100000") int concurrencyMax,
      @Range(min = "1 MiB", max = "64 GiB") long bodiesBytesMax,
      @Alias("KAPSEL_ALLOW_PRIVATE_DESTINATIONS") boolean allowPrivateDestinations,
      List<String> allowedNetworks,
      boolean requireHttps,
      @Range(min = "10ms", max = "5m") int connectTimeoutMillis,
      @Range(min = "10ms", max = "10m") int idleTimeoutMillis,
      @Range(min = "0", max = "16 MiB") int responseBodyBytesMax,
      @Range(min = "0", max = "64 KiB") int responseExcerptBytesMax) {}

  public record Cluster(
      String hostname,
      @Range(min = "0", max = "65535") int port,
      List<String> seedNodes,
      List<String> roles) {}

  public record Log(Level level, Format format) {
    public enum Level {
      TRACE,
      DEBUG,
      INFO,
      WARN,
      ERROR
    }

    public enum Format {
      TEXT,
      JSON
    }
  }

  public record Shutdown(
      @Range(min = "0s", max = "10m") int quietMillis,
      @Range(min = "0s", max = "1h") int drainMillis) {}

  public Settings {
    publicUrl =
        publicUrl.endsWith("/") ? publicUrl.substring(0, publicUrl.length() - 1) : publicUrl;
    Rules rules = new Rules(new ArrayList<>());
    rules.require(
        publicUrl.isEmpty() || publicUrl.matches("https?://[^/?#@\\s]+(/[^?#\\s]*)?"),
        "public-url must look like https://hooks.example.com");
    rules.requireKey("api-key", apiKey);
    rules.requireKey("operator-key", operatorKey);
    rules.requireNetworks("delivery.allowed-networks", delivery.allowedNetworks);
    rules.requireNetworks("http.trusted-proxies", http.trustedProxies);
    rules.require(
        http.bodiesBytesMax >= http.bodyBytesMax,
        "http.bodies-bytes-max must leave room for one body of http.body-bytes-max");
    rules.require(
        content.queuedBytesMax >= http.bodyBytesMax,
        "content.queued-bytes-max must leave room for one body of http.body-bytes-max");
    rules.require(
        redis.url.value().isEmpty() || RedisBank.isAddress(redis.url),
        "redis.url must look like redis://user:password@host:6379/0 or rediss://host");
    rules.require(
        cluster.seedNodes.isEmpty() || !database.url.isEmbedded(),
        "cluster.seed-nodes needs database.url: several nodes share one database");
    rules.end();
  }

  /** Notes every rule that is not met, one to a line, in words that name the settings. */
  private record Rules(List<String> broken) {
    void require(boolean met, String otherwise) {
      if (!met) broken.add(otherwise);
    }

    void requireKey(String name, Secret key) {
      require(
          key.value().isEmpty() || key.value().matches(ApiKeys.SECRET_FORM),
          name
              + " must have 1 to 200 characters of A-Z a-z 0-9 . _ ~ + / -, as bearer tokens have");
    }

    void requireNetworks(String name, List<String> networks) {
      require(
          networks.stream().allMatch(each -> Network.parse(each).isPresent()),
          name + " must be networks such as 10.1.0.0/16 or fd00:1::/32");
    }

    void end() {
      if (!broken.isEmpty()) throw new IllegalArgumentException(String.join("\n", broken));
    }
  }

  public static Configuration<Settings> read(Sources sources) {
    return Configuration.read(Settings.class, ROOT, sources);
  }

  /** The defaults with some settings changed, by path under {@code kapsel}: for tests and tools. */
  public static Settings with(Map<String, String> changes) {
    Sources sources = Sources.NONE;
    for (var change : changes.entrySet())
      sources = sources.withFlag("change", ROOT + "." + change.getKey(), change.getValue());
    return switch (read(sources)) {
      case Configuration.Effective<Settings> effective -> effective.settings();
      case Configuration.Refused<Settings> refused ->
          throw new IllegalArgumentException(
              refused.problems().stream().map(Problem::toString).collect(Collectors.joining("\n")));
    };
  }
}
