package io.kapsel;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.SignatureVerifier;
import io.kapsel.deliver.Destination;
import io.kapsel.deliver.DestinationPolicy;
import io.kapsel.deliver.Network;
import io.kapsel.endpoint.ConfigRules;
import io.kapsel.http.ClientAddress;
import io.kapsel.http.Front;
import io.kapsel.http.Handler;
import io.kapsel.ingest.IngestHttp;
import io.kapsel.ingest.IngestReply;
import io.kapsel.manage.ManageHttp;
import io.kapsel.manage.OperationsHttp;
import io.kapsel.manage.Ports;
import io.kapsel.metrics.Metrics;
import io.kapsel.node.Node;
import io.kapsel.storage.ApiKeys;
import io.kapsel.storage.Database;
import io.kapsel.storage.Events;
import io.kapsel.storage.PostgresContentStore;
import io.kapsel.storage.PostgresEndpointDirectory;
import io.kapsel.storage.Replays;
import io.kapsel.storage.ServiceValues;
import io.kapsel.storage.Tenants;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** All of Kapsel's HTTP, by path. */
final class Edge {
  private static final Duration PING_TIMEOUT = Duration.ofMillis(800);

  private final Database database;
  private final Node node;
  private final Front front;
  private final Handler entry;
  private final ManageHttp management;

  /** Whether there are endpoints whose senders sign a URL that this node does not know. */
  private final CompletionStage<Boolean> urlUnknown;

  /**
   * What the management API needs beside the node.
   *
   * @param cursorKey authenticates cursors on all nodes
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Managed(
      InstantSource clock,
      PostgresEndpointDirectory directory,
      PostgresContentStore contents,
      Destination destination,
      byte[] cursorKey) {}

  Edge(Settings settings, Database database, Node node, Metrics metrics, Managed managed) {
    this.database = database;
    this.node = node;
    this.urlUnknown =
        settings.publicUrl().isEmpty()
            ? managed.directory().anySignsItsUrl().exceptionally(unknown -> false)
            : CompletableFuture.completedStage(false);
    IngestHttp ingest =
        new IngestHttp(
            new IngestHttp.Pipeline(node.ingest()::admit, node.ingest()::accept),
            settings.http().bodyBytesMax(),
            settings.publicUrl(),
            reply -> count(metrics, reply));
    management = ManageHttp.of(ports(settings, database, node, managed));
    OperationsHttp operations =
        new OperationsHttp(
            new OperationsHttp.Sources(
                this::readiness, Optional::empty, metrics::prometheus, metrics::openMetrics));
    front = new Front(IngestHttp.PREFIX, ingest, management, operations);
    List<Network> proxies =
        settings.http().trustedProxies().stream()
            .flatMap(each -> Network.parse(each).stream())
            .toList();
    entry =
        proxies.isEmpty()
            ? front
            : new ClientAddress(
                address -> proxies.stream().anyMatch(each -> each.contains(address)), front);
  }

  private static Ports ports(Settings settings, Database database, Node node, Managed managed) {
    var policy = DestinationPolicy.of(Wiring.destination(settings.delivery(), Version.number()));
    return new Ports(
        managed.clock(),
        new SecureRandom(),
        node.endpoints(),
        managed.directory(),
        new Tenants(database),
        new ApiKeys(database),
        new ServiceValues(database),
        new Events(database),
        new Replays(database),
        new ConfigRules(
            policy::checkUrl,
            signature ->
                settings.publicUrl().isEmpty() && SignatureVerifier.signsUrl(signature)
                    ? Optional.of("Signs the URL: the operator has to set public-url first.")
                    : Optional.empty()),
        (config, webhook) ->
            managed
                .destination()
                .deliver(
                    new Destination.Dispatch(
                        config.url(),
                        config.delivery(),
                        config.allowPrivateDestination(),
                        webhook,
                        1)),
        webhook -> managed.contents().forget(List.of(webhook)),
        new Ports.Keys(Tenancy.OPERATOR_KEY, managed.cursorKey()),
        settings.publicUrl(),
        Wiring.management(settings));
  }

  private static void count(Metrics metrics, IngestReply reply) {
    switch (reply) {
      case IngestReply.Accepted accepted -> metrics.accepted(accepted.duplicate());
      case IngestReply.Rejected rejected -> metrics.refused(rejected.rejection().code().code());
    }
  }

  /** The database answers and so does the cluster's sharding; being a member is not enough. */
  private CompletionStage<Optional<Rejection>> readiness() {
    if (front.isDraining())
      return CompletableFuture.completedFuture(Optional.of(Rejection.of(ErrorCode.SHUTTING_DOWN)));
    return database
        .ping()
        .<Optional<Rejection>>handle(
            (pong, failure) ->
                failure == null
                    ? Optional.empty()
                    : Optional.of(Rejection.of(ErrorCode.DATABASE_UNAVAILABLE)))
        .thenCombine(
            node.ping(PING_TIMEOUT)
                .<Optional<Rejection>>handle(
                    (pong, failure) ->
                        failure == null
                            ? Optional.empty()
                            : Optional.of(
                                Rejection.of(
                                    ErrorCode.WORKER_POOL_EXHAUSTED,
                                    "The cluster does not serve this node."))),
            (database, sharding) -> database.or(() -> sharding))
        .thenCombine(urlUnknown, (other, unknown) -> other.or(() -> urlUnknown(unknown)));
  }

  private static Optional<Rejection> urlUnknown(boolean unknown) {
    return unknown
        ? Optional.of(
            Rejection.of(
                ErrorCode.MISCONFIGURED,
                ErrorCode.CONFIG_INVALID.code()
                    + ": public-url is not set, and there are endpoints whose senders sign it."))
        : Optional.empty();
  }

  ManageHttp management() {
    return management;
  }

  /** The first handler of all. */
  Handler entry() {
    return entry;
  }

  Front front() {
    return front;
  }
}
