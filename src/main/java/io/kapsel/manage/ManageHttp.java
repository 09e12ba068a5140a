package io.kapsel.manage;

import com.fasterxml.jackson.databind.JsonNode;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.http.Handler;
import io.kapsel.http.MediaType;
import io.kapsel.http.ProblemResponse;
import io.kapsel.http.Request;
import io.kapsel.http.RequestHead;
import io.kapsel.http.RequestIds;
import io.kapsel.http.Response;
import io.kapsel.json.StrictJson;
import io.kapsel.storage.NameTaken;
import io.kapsel.storage.StorageOverloaded;
import io.kapsel.storage.StorageUnavailable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The management API as HTTP: who is calling, what for, and is that allowed, in the order in which
 * the checks are documented in docs/openapi.yaml; then the route's operation.
 */
public final class ManageHttp implements Handler {
  private static final Logger log = LoggerFactory.getLogger(ManageHttp.class);
  private static final String PREFIX = "/v1/";
  private static final String JSON = "application/json";
  private static final String MERGE_PATCH = "application/merge-patch+json";
  private static final int DATABASE_RETRY_SECONDS = 5;

  private final Authentication authentication;
  private final CallRates rates;
  private final List<Route> routes;
  private final int bodyBytesMax;

  public static ManageHttp of(Ports ports) {
    var authentication =
        new Authentication(
            ports.keys(),
            ports.values(),
            ports.secrets().operatorKeyName(),
            ports.clock(),
            ports.limits());
    var cursors = new Cursors(ports.secrets().cursorKey(), ports.clock());
    List<Route> routes = new ArrayList<>();
    routes.addAll(new EndpointCalls(ports, cursors).routes());
    routes.addAll(new EventCalls(ports, cursors).routes());
    routes.addAll(new ReplayCalls(ports).routes());
    routes.addAll(new TenantCalls(ports, cursors).routes());
    routes.addAll(new KeyCalls(ports, cursors).routes());
    var rates = new CallRates(ports.limits().callsPerSecondMax(), System::nanoTime);
    return new ManageHttp(authentication, rates, routes, ports.limits().bodyBytesMax());
  }

  private ManageHttp(
      Authentication authentication, CallRates rates, List<Route> routes, int bodyBytesMax) {
    this.authentication = authentication;
    this.rates = rates;
    this.routes = List.copyOf(routes);
    this.bodyBytesMax = bodyBytesMax;
  }

  /** Method and path template of every route, such as {@code GET /v1/events/{id}}. */
  public List<String> operations() {
    return routes.stream().map(route -> route.method() + " " + route.template()).toList();
  }

  @Override
  public Admission admit(RequestHead head, @Nullable String remoteAddress) {
    String requestId = RequestIds.of(head);
    if (!head.path().startsWith(PREFIX)) {
      return refuse(Rejection.of(ErrorCode.NOT_FOUND), requestId);
    }
    if (head.bodyBytes() > bodyBytesMax) {
      return new Admission.Refuse(
          ProblemResponse.of(Rejection.of(ErrorCode.PAYLOAD_TOO_LARGE), requestId).closing());
    }
    CompletionStage<Admission> admission =
        authentication
            .of(head, remoteAddress)
            .handle(
                (result, failure) ->
                    switch (result) {
                      case null -> new Admission.Refuse(failed(failure, head, requestId));
                      case Authentication.Result.Refused refused ->
                          new Admission.Refuse(challenged(refused, requestId));
                      case Authentication.Result.Known known ->
                          routed(head, known.caller(), requestId);
                    });
    return admission instanceof CompletableFuture<Admission> known && known.isDone()
        ? known.join()
        : new Admission.Later(admission);
  }

  private static Admission refuse(Rejection rejection, String requestId) {
    return new Admission.Refuse(ProblemResponse.of(rejection, requestId));
  }

  private static Response challenged(Authentication.Result.Refused refused, String requestId) {
    Response response = ProblemResponse.of(refused.rejection(), requestId);
    return refused.challenge().isEmpty()
        ? response
        : response.with("WWW-Authenticate", refused.challenge());
  }

  private Admission routed(RequestHead head, Caller caller, String requestId) {
    int waitSeconds = rates.take(caller);
    if (waitSeconds > 0) {
      return new Admission.Refuse(rates.refusal(waitSeconds, requestId));
    }
    String method = head.method().equals("HEAD") ? "GET" : head.method();
    var allowed = new TreeSet<String>();
    for (Route route : routes) {
      Optional<List<String>> ids = route.match(head.path());
      if (ids.isEmpty()) continue;
      if (route.method().equals(method)) return admit(route, head, caller, ids.get(), requestId);
      allowed.add(route.method());
    }
    if (allowed.isEmpty()) return refuse(Rejection.of(ErrorCode.NOT_FOUND), requestId);
    if (allowed.contains("GET")) allowed.add("HEAD");
    return new Admission.Refuse(
        ProblemResponse.of(Rejection.of(ErrorCode.METHOD_NOT_ALLOWED), requestId)
            .with("Allow", String.join(", ", allowed)));
  }

  private Admission admit(
      Route route, RequestHead head, Caller caller, List<String> ids, String requestId) {
    if (!route.access().permits(caller)) {
      Rejection lacking = Rejection.of(ErrorCode.INSUFFICIENT_SCOPE, route.access().needed(caller));
      return new Admission.Refuse(
          ProblemResponse.of(lacking, requestId)
              .with("WWW-Authenticate", "Bearer realm=\"kapsel\", error=\"insufficient_scope\""));
    }
    Optional<Response> unsupported = unsupportedMediaType(route, head, requestId);
    if (unsupported.isPresent()) return new Admission.Refuse(unsupported.get());
    if (!route.anyAnswer() && !MediaType.isAccepted(head.list("Accept"), JSON)) {
      return refuse(
          Rejection.of(ErrorCode.NOT_ACCEPTABLE, "The answer is application/json."), requestId);
    }
    return new Admission.Read(
        bodyBytesMax, request -> answer(route, request, caller, ids, requestId));
  }

  private static Optional<Response> unsupportedMediaType(
      Route route, RequestHead head, String requestId) {
    if (route.input() == Route.Input.NONE || head.bodyBytes() == 0) return Optional.empty();
    boolean patch = route.input() == Route.Input.MERGE_PATCH;
    String type = head.count("Content-Type") == 1 ? head.header("Content-Type") : "";
    String essence = MediaType.essence(type);
    boolean supported = essence.equals(JSON) || (patch && essence.equals(MERGE_PATCH));
    if (supported && MediaType.isValid(type)) return Optional.empty();
    String accepted = patch ? MERGE_PATCH + ", " + JSON : JSON;
    Rejection rejection =
        Rejection.of(
            ErrorCode.UNSUPPORTED_MEDIA_TYPE, "Send the body with Content-Type: " + JSON + ".");
    return Optional.of(
        ProblemResponse.of(rejection, requestId)
            .with(patch ? "Accept-Patch" : "Accept-Post", accepted));
  }

  private CompletionStage<Response> answer(
      Route route, Request request, Caller caller, List<String> ids, String requestId) {
    RequestHead head = request.head();
    JsonNode body = Answers.NODES.objectNode();
    boolean none = request.body().length == 0;
    if (route.input() != Route.Input.NONE && !(none && route.input() == Route.Input.OPTIONAL)) {
      switch (none ? missing() : StrictJson.read(request.body())) {
        case StrictJson.Read.Malformed malformed -> {
          return Call.now(ProblemResponse.of(malformed.rejection(), requestId));
        }
        case StrictJson.Read.Value value -> body = value.node();
      }
    }
    Call call = new Call(caller, head, ids, Query.parse(head.query()), body, requestId);
    return carriedOut(route, call)
        .handle(
            (response, failure) ->
                response == null
                    ? failed(failure, head, requestId)
                    : response.status() >= 400
                        ? response
                        : response
                            .with("Cache-Control", "no-store")
                            .with(RequestIds.HEADER, requestId));
  }

  private static StrictJson.Read missing() {
    return new StrictJson.Read.Malformed(
        Rejection.of(ErrorCode.INVALID_JSON, "The call needs a JSON body."));
  }

  private static CompletionStage<Response> carriedOut(Route route, Call call) {
    try {
      return route.operation().run(call);
    } catch (RuntimeException failure) {
      return CompletableFuture.failedFuture(failure);
    }
  }

  private static Response failed(@Nullable Throwable failure, RequestHead head, String requestId) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    Rejection rejection =
        switch (cause) {
          case NameTaken taken ->
              Rejection.of(ErrorCode.CONFLICT, "The name is taken by another one of yours.");
          case StorageUnavailable unavailable ->
              Rejection.of(ErrorCode.DATABASE_UNAVAILABLE)
                  .withRetryAfterSeconds(DATABASE_RETRY_SECONDS);
          case StorageOverloaded overloaded ->
              Rejection.of(ErrorCode.QUEUE_FULL, "Too many queries are waiting.")
                  .withRetryAfterSeconds(1);
          case TimeoutException late ->
              Rejection.of(
                      ErrorCode.DATABASE_UNAVAILABLE,
                      "The endpoint did not answer in time; the call may still have an effect.")
                  .withRetryAfterSeconds(DATABASE_RETRY_SECONDS);
          case null, default -> {
            log.error("Request {} {} failed", requestId, head.path(), cause);
            yield Rejection.of(ErrorCode.INTERNAL_ERROR);
          }
        };
    return ProblemResponse.of(rejection, requestId);
  }
}
