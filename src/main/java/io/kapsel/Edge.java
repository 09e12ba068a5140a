package io.kapsel;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.http.Front;
import io.kapsel.http.Handler;
import io.kapsel.http.ProblemResponse;
import io.kapsel.http.RequestIds;
import io.kapsel.ingest.IngestHttp;
import io.kapsel.ingest.IngestReply;
import io.kapsel.manage.OperationsHttp;
import io.kapsel.metrics.Metrics;
import io.kapsel.node.Node;
import io.kapsel.storage.Database;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** All of Kapsel's HTTP, by path. */
final class Edge {
  private static final Duration PING_TIMEOUT = Duration.ofMillis(800);

  private final Database database;
  private final Node node;
  private final Front front;

  Edge(Settings settings, Database database, Node node, Metrics metrics) {
    this.database = database;
    this.node = node;
    IngestHttp ingest =
        new IngestHttp(
            new IngestHttp.Pipeline(node.ingest()::admit, node.ingest()::accept),
            settings.http().bodyBytesMax(),
            settings.publicUrl(),
            reply -> count(metrics, reply));
    Handler management =
        (head, remote) ->
            new Handler.Admission.Refuse(
                ProblemResponse.of(Rejection.of(ErrorCode.NOT_FOUND), RequestIds.of(head)));
    OperationsHttp operations =
        new OperationsHttp(
            new OperationsHttp.Sources(
                this::readiness, Optional::empty, metrics::prometheus, metrics::openMetrics));
    front = new Front(IngestHttp.PREFIX, ingest, management, operations);
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
            (database, sharding) -> database.or(() -> sharding));
  }

  Front front() {
    return front;
  }
}
