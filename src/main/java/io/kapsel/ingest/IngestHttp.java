package io.kapsel.ingest;

import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.http.Handler;
import io.kapsel.http.MediaType;
import io.kapsel.http.ProblemResponse;
import io.kapsel.http.Refusal;
import io.kapsel.http.Request;
import io.kapsel.http.RequestHead;
import io.kapsel.http.RequestIds;
import io.kapsel.http.Response;
import io.kapsel.json.Rfc3339;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** {@code POST /ingest/{endpoint_id}}: everything about it that is HTTP. */
public final class IngestHttp implements Handler {
  public static final String PREFIX = "/ingest/";

  private static final String METHODS = "POST, OPTIONS";
  private static final String UNKNOWN_TYPE = "application/octet-stream";

  /**
   * What happens to a request once it is read.
   *
   * @param admit whether the endpoint takes webhooks at all; never fails
   * @param accept never fails
   */
  public record Pipeline(
      Function<EndpointId, CompletionStage<Optional<Rejection>>> admit,
      BiFunction<EndpointId, Ingest.Request, CompletionStage<IngestReply>> accept) {}

  private final Pipeline pipeline;
  private final int bodyBytesMax;
  private final String publicUrl;
  private final Consumer<IngestReply> observer;

  /**
   * @param publicUrl scheme and authority as the senders know them, without a slash at the end;
   *     empty to go by the Host of each request
   * @param observer told every reply, on the replying thread
   */
  public IngestHttp(
      Pipeline pipeline, int bodyBytesMax, String publicUrl, Consumer<IngestReply> observer) {
    this.pipeline = pipeline;
    this.bodyBytesMax = bodyBytesMax;
    this.publicUrl = publicUrl;
    this.observer = observer;
  }

  @Override
  public Admission admit(RequestHead head, @Nullable String remoteAddress) {
    if (!head.method().equals("POST")) return new Admission.Refuse(otherMethod(head));
    String contentType = contentType(head);
    if (!MediaType.isValid(contentType)) {
      var malformed =
          new Refusal(400, ErrorCode.MALFORMED_REQUEST, "The Content-Type is malformed.");
      return new Admission.Refuse(ProblemResponse.of(malformed, RequestIds.of(head)));
    }
    Optional<EndpointId> id = EndpointId.parse(head.path().substring(PREFIX.length()));
    if (id.isEmpty()) {
      return refuse(head, Rejection.of(ErrorCode.INVALID_ENDPOINT));
    }
    var admission = pipeline.admit().apply(id.get());
    if (admission instanceof CompletableFuture<Optional<Rejection>> known && known.isDone()) {
      return admission(head, id.get(), contentType, known.join());
    }
    return new Admission.Later(
        admission.thenApply(refused -> admission(head, id.get(), contentType, refused)));
  }

  private Admission admission(
      RequestHead head, EndpointId id, String contentType, Optional<Rejection> refused) {
    return refused.isPresent()
        ? refuse(head, refused.get())
        : new Admission.Read(bodyBytesMax, request -> answer(id, contentType, request));
  }

  private Admission refuse(RequestHead head, Rejection rejection) {
    observer.accept(new IngestReply.Rejected(rejection));
    return new Admission.Refuse(ProblemResponse.of(rejection, RequestIds.of(head)));
  }

  private static Response otherMethod(RequestHead head) {
    return head.method().equals("OPTIONS")
        ? Response.empty(204).with("Allow", METHODS)
        : ProblemResponse.of(Rejection.of(ErrorCode.METHOD_NOT_ALLOWED), RequestIds.of(head))
            .with("Allow", METHODS);
  }

  /** An absent type is unknown; an empty one is malformed. */
  private static String contentType(RequestHead head) {
    return head.count("Content-Type") == 0 ? UNKNOWN_TYPE : head.header("Content-Type");
  }

  private CompletionStage<Response> answer(EndpointId id, String contentType, Request request) {
    RequestHead head = request.head();
    var webhook =
        new Ingest.Request(
            head.method(), url(head), contentType, head.headers(), Body.wrap(request.body()));
    return pipeline
        .accept()
        .apply(id, webhook)
        .thenApply(
            reply -> {
              observer.accept(reply);
              return switch (reply) {
                case IngestReply.Accepted accepted -> Response.json(200, received(accepted.id()));
                case IngestReply.Rejected rejected ->
                    ProblemResponse.of(rejected.rejection(), RequestIds.of(head));
              };
            });
  }

  private String url(RequestHead head) {
    String origin = publicUrl.isEmpty() ? "http://" + head.host() : publicUrl;
    return head.query().isEmpty()
        ? origin + head.path()
        : origin + head.path() + "?" + head.query();
  }

  /** Depends on the id alone, so that a duplicate is answered byte for byte like the first. */
  static byte[] received(WebhookId id) {
    String json =
        "{\"event_id\":\""
            + id
            + "\",\"status\":\"received\",\"received_at\":\""
            + Rfc3339.format(id.createdAtMillis())
            + "\"}";
    return json.getBytes(StandardCharsets.ISO_8859_1);
  }
}
