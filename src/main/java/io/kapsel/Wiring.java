package io.kapsel;

import io.kapsel.core.endpoint.Limits;
import io.kapsel.deliver.DeliveryPool;
import io.kapsel.deliver.HttpDestinationSettings;
import io.kapsel.deliver.Network;
import io.kapsel.endpoint.EndpointActor;
import io.kapsel.http.HttpLimits;
import io.kapsel.ingest.OfferGateway;
import io.kapsel.ingest.Reconciler;
import io.kapsel.limit.SharedMeters;
import io.kapsel.manage.ManageLimits;
import io.kapsel.node.Node;
import io.kapsel.redis.RedisBank;
import io.kapsel.storage.BatchLaneSettings;
import io.kapsel.storage.ContentStoreSettings;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.storage.HistoryStoreSettings;
import java.time.Duration;
import java.util.Optional;

/** Hands every setting to the part that it belongs to. */
final class Wiring {
  private static final long JOURNAL_BATCH_BYTES_MAX = 4L << 20;
  private static final long JOURNAL_QUEUED_BYTES_MAX = 128L << 20;
  private static final long JOURNAL_GATHER_MICROS = 1_000;
  private static final int JOURNAL_ANSWER_MILLIS_MAX = 10_000;

  private Wiring() {}

  static DatabaseSettings database(Settings.Database settings, DatabaseSettings address) {
    return new DatabaseSettings(
        address.url(),
        address.user(),
        address.password(),
        settings.poolConnections(),
        settings.queuedQueriesMax(),
        settings.connectTimeoutMillis(),
        address.connectTimeoutMillis(),
        address.startTimeoutMillis(),
        address.socketTimeoutMillis(),
        settings.statementTimeoutMillis());
  }

  static DatabaseSettings external(Settings.Database settings) {
    var url = settings.url();
    return DatabaseSettings.of(
        url.jdbcUrl(),
        url.user().isEmpty() ? settings.user() : url.user(),
        url.password().value().isEmpty() ? settings.password() : url.password());
  }

  static ContentStoreSettings contents(Settings.Content settings) {
    ContentStoreSettings usual = ContentStoreSettings.DEFAULT;
    return new ContentStoreSettings(
        new BatchLaneSettings(
            settings.writers(),
            settings.batchRowsMax(),
            settings.batchBytesMax(),
            settings.queuedRowsMax(),
            settings.queuedBytesMax(),
            usual.writing().gatherMicros(),
            usual.writing().answerTimeoutMillis()),
        usual.reading(),
        settings.cacheBytesMax(),
        usual.cacheMillisMax(),
        usual.inlineBodyBytesMax());
  }

  static HistoryStoreSettings history(Settings.History settings) {
    BatchLaneSettings usual = HistoryStoreSettings.DEFAULT.writing();
    return new HistoryStoreSettings(
        new BatchLaneSettings(
            settings.writers(),
            settings.batchRowsMax(),
            usual.batchBytesMax(),
            settings.queuedRowsMax(),
            usual.queuedBytesMax(),
            usual.gatherMicros(),
            usual.answerTimeoutMillis()));
  }

  static BatchLaneSettings journal(Settings.Journal settings) {
    return new BatchLaneSettings(
        settings.parallelism(),
        settings.batchRowsMax(),
        JOURNAL_BATCH_BYTES_MAX,
        settings.queuedWritesMax(),
        JOURNAL_QUEUED_BYTES_MAX,
        JOURNAL_GATHER_MICROS,
        JOURNAL_ANSWER_MILLIS_MAX);
  }

  static HttpDestinationSettings destination(Settings.Delivery settings, String version) {
    HttpDestinationSettings usual = HttpDestinationSettings.forVersion(version);
    return new HttpDestinationSettings(
        settings.allowPrivateDestinations(),
        settings.allowedNetworks().stream().map(Network::parse).flatMap(Optional::stream).toList(),
        settings.requireHttps(),
        settings.connectTimeoutMillis(),
        settings.idleTimeoutMillis(),
        usual.resolveTimeoutMillis(),
        usual.resolverThreads(),
        usual.resolverQueueMax(),
        usual.addressCacheMillis(),
        usual.addressCacheMax(),
        usual.keepAliveMillis(),
        usual.connectionLifetimeMillis(),
        usual.idleConnectionsMax(),
        2 * settings.concurrencyMax(),
        usual.responseHeadBytesMax(),
        settings.responseBodyBytesMax(),
        settings.responseExcerptBytesMax(),
        usual.staleConnectionMillis(),
        usual.userAgent());
  }

  static Node.NodeSettings node(Settings settings) {
    Node.NodeSettings usual = Node.NodeSettings.DEFAULT;
    Settings.Endpoint endpoint = settings.endpoint();
    Limits limits =
        new Limits(
            endpoint.queueMax(),
            endpoint.idempotencyWindowMillis(),
            endpoint.idempotencyKeysMax(),
            usual.limits().offerAgeMillisMax(),
            usual.limits().attemptGraceMillis(),
            usual.limits().outboxBatchesMax(),
            usual.limits().rotationOverlapMillis(),
            usual.limits().windowSegmentKeys());
    return new Node.NodeSettings(
        limits,
        new EndpointActor.ActorSettings(
            Duration.ofMillis(endpoint.idleTimeoutMillis()),
            endpoint.snapshotWeightMin(),
            usual.actor().directoryRefreshMax()),
        new DeliveryPool.PoolSettings(
            settings.delivery().concurrencyMax(),
            usual.pool().waitMillisMax(),
            settings.delivery().bodiesBytesMax()),
        new OfferGateway.GatewaySettings(
            settings.ingest().offerWebhooksMax(),
            usual.gateway().waitingMax(),
            Duration.ofMillis(settings.ingest().acknowledgeTimeoutMillis())),
        Reconciler.ReconcilerSettings.DEFAULT,
        usual.gateways(),
        endpoint.nodeIdempotencyKeysMax(),
        settings.ingest().endpointsCachedMax(),
        usual.orderTimeout());
  }

  static RedisBank.BankSettings bank(Settings.Redis settings) {
    return new RedisBank.BankSettings(
        settings.url(),
        settings.timeoutMillis(),
        settings.connectTimeoutMillis(),
        settings.requestsMax());
  }

  static SharedMeters.SharedSettings shared(Settings.Redis settings) {
    return new SharedMeters.SharedSettings(
        settings.timeoutMillis(),
        settings.retryMillis(),
        settings.distrustMillis(),
        settings.waitingMax());
  }

  static ManageLimits management(Settings settings) {
    Settings.Management management = settings.management();
    return new ManageLimits(
        settings.http().managementBodyBytesMax(),
        settings.http().managementCallsPerSecondMax(),
        management.apiKeysCachedMax(),
        management.apiKeyCacheMillis(),
        management.wrongKeysMax(),
        management.wrongKeyIntervalMillis(),
        management.wrongKeyAddressesMax(),
        management.samplesMax(),
        new ManageLimits.Replays(
            management.replayEventsMax(),
            management.replayQueueMax(),
            management.replayOrdersMax()));
  }

  static HttpLimits http(Settings.Http settings) {
    HttpLimits usual = HttpLimits.DEFAULT;
    return new HttpLimits(
        settings.connectionsMax(),
        settings.headerBytesMax(),
        settings.headersMax(),
        settings.targetBytesMax(),
        settings.bodiesBytesMax(),
        settings.headerTimeoutMillis(),
        settings.bodyIdleTimeoutMillis(),
        settings.bodyTimeoutMillis(),
        usual.bodyBytesPerSecondMin(),
        settings.idleTimeoutMillis(),
        usual.answerMillisMax(),
        usual.writeMillisMax(),
        usual.lingerMillisMax());
  }
}
