package io.kapsel;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.http.Front;
import io.kapsel.http.Handler;
import io.kapsel.http.ProblemResponse;
import io.kapsel.http.RequestHead;
import io.kapsel.http.RequestIds;
import io.kapsel.http.Response;
import io.kapsel.ingest.IngestHttp;
import io.kapsel.node.Node;
import org.jspecify.annotations.Nullable;

/** All of Kapsel's HTTP, by path. */
final class Edge {
  private final Front front;

  Edge(Settings settings, Node node) {
    IngestHttp ingest =
        new IngestHttp(
            new IngestHttp.Pipeline(node.ingest()::admit, node.ingest()::accept),
            settings.http().bodyBytesMax(),
            settings.publicUrl(),
            reply -> {});
    Handler management =
        (head, remote) ->
            new Handler.Admission.Refuse(
                ProblemResponse.of(Rejection.of(ErrorCode.NOT_FOUND), RequestIds.of(head)));
    front =
        new Front(
            IngestHttp.PREFIX,
            ingest,
            management,
            new Front.Operations() {
              @Override
              public boolean owns(String path) {
                return path.equals("/health");
              }

              @Override
              public Admission admit(RequestHead head, @Nullable String remoteAddress) {
                return new Admission.Refuse(Response.empty(204));
              }
            });
  }

  Front front() {
    return front;
  }
}
