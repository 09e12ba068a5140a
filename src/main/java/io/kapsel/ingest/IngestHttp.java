package io.kapsel.ingest;

import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.http.Handler;
import io.kapsel.http.MediaType;
import io.kapsel.http.ProblemResponse;
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
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code POST /ingest/{endpoint_id}}: everything about it that is HTTP. */
public final class IngestHttp implements Handler {
  public static final String PREFIX = "/ingest/";

  private static final String METHODS = "POST, OPTIONS";
  private static final String UNKNOWN_TYPE = "application/octet-stream";

  /** Requests in a minute. */
  private static final Pattern RATE = Pattern.compile("[1-9][0-9]{0,8}");

  /**
   * What happens to a request once it is read.
   *
   * @param admit whether the endpoint takes a request of this media type; never fails
   * @param accept fails only for a bug
   */
  public record Pipeline(
      BiFunction<EndpointId, String, CompletionStage<Entrance>> admit,
      BiFunction<EndpointId, Ingest.Request, CompletionStage<IngestReply>> accept) {}

  private final Pipeline pipeline;
  private final int bodyBytesMax;
  private final String publicUrl;
  private final Consumer<IngestReply> observer;

  /**
   * @param publicUrl scheme and authority as the senders know them, without a slash at the end;
   *     empty when it is not configured
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
    Optional<EndpointId> id = EndpointId.parse(head.path().substring(PREFIX.length()));
    if (head.method().equals("OPTIONS")) return options(head, id);
    if (!head.method().equals("POST")) {
      return new Admission.Refuse(
          problem(head, Rejection.of(ErrorCode.METHOD_NOT_ALLOWED)).with("Allow", METHODS));
    }
    if (id.isEmpty()) return refuse(head, Rejection.of(ErrorCode.INVALID_ENDPOINT));
    String contentType = contentType(head);
    return once(
        pipeline.admit().apply(id.get(), MediaType.essence(contentType)),
        entrance -> admission(head, id.get(), contentType, entrance));
  }

  /** Most endpoints are known: then nothing has to wait. */
  private static Admission once(
      CompletionStage<Entrance> entrance, Function<Entrance, Admission> then) {
    return entrance instanceof CompletableFuture<Entrance> known && known.isDone()
        ? then.apply(known.join())
        : new Admission.Later(entrance.thenApply(then));
  }

  private Admission admission(
      RequestHead head, EndpointId id, String contentType, Entrance entrance) {
    if (entrance instanceof Entrance.Closed closed) return refuse(head, closed.rejection());
    if (!MediaType.isValid(contentType)) {
      return refuse(
          head, Rejection.of(ErrorCode.MALFORMED_REQUEST, "The Content-Type is malformed."));
    }
    if (entrance instanceof Entrance.OtherMediaType other) {
      var rejection = Rejection.of(ErrorCode.UNSUPPORTED_MEDIA_TYPE);
      observer.accept(new IngestReply.Rejected(rejection));
      return new Admission.Refuse(
          problem(head, rejection)
              .with("Accept", String.join(", ", other.intake().contentTypes())));
    }
    return new Admission.Read(bodyBytesMax, request -> answer(id, contentType, request));
  }

  private Admission refuse(RequestHead head, Rejection rejection) {
    observer.accept(new IngestReply.Rejected(rejection));
    return new Admission.Refuse(problem(head, rejection));
  }

  private static Response problem(RequestHead head, Rejection rejection) {
    return ProblemResponse.of(rejection, RequestIds.of(head));
  }

  /**
   * The methods, whether the endpoint exists or not. Consent to CloudEvents (HTTP 1.1 Web Hooks for
   * Event Delivery §4) lies in the fields, not in the status, and is given where the endpoint says
   * so.
   */
  private Admission options(RequestHead head, Optional<EndpointId> id) {
    Response methods = Response.empty(204).with("Allow", METHODS);
    String origin = head.header("WebHook-Request-Origin");
    if (id.isEmpty() || origin.isEmpty() || head.count("WebHook-Request-Origin") > 1) {
      return new Admission.Refuse(methods);
    }
    String rate = head.header("WebHook-Request-Rate");
    return once(
        pipeline.admit().apply(id.get(), ""),
        entrance ->
            new Admission.Refuse(
                entrance instanceof Entrance.Open open && open.intake().allowsOrigin(origin)
                    ? consent(methods, origin, rate)
                    : methods));
  }

  /** The rate that is asked for is granted: what exceeds the tenant's own limit gets 429. */
  private static Response consent(Response methods, String origin, String rate) {
    Response consent = methods.with("WebHook-Allowed-Origin", origin);
    return rate.isEmpty()
        ? consent
        : consent.with("WebHook-Allowed-Rate", RATE.matcher(rate).matches() ? rate : "*");
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
    if (publicUrl.isEmpty()) return "";
    return head.query().isEmpty()
        ? publicUrl + head.path()
        : publicUrl + head.path() + "?" + head.query();
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
