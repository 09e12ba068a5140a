package io.kapsel.manage;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.http.Front;
import io.kapsel.http.MediaType;
import io.kapsel.http.ProblemResponse;
import io.kapsel.http.RequestHead;
import io.kapsel.http.RequestIds;
import io.kapsel.http.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Health, metrics and the description of the API: no key needed, nothing secret in them. */
public final class OperationsHttp implements Front.Operations {
  /** A Kubernetes probe waits for one second. */
  private static final long READINESS_MILLIS_MAX = 900;

  private static final long READINESS_NANOS_KEPT = TimeUnit.MILLISECONDS.toNanos(500);
  private static final int BODY_BYTES_MAX = 1_024;
  private static final String OPEN_METRICS = "application/openmetrics-text";
  private static final Response ALIVE = status("ok");

  /**
   * @param ready empty when this node can serve, else why not; asked at most twice a second
   * @param started empty when the start is complete
   * @param prometheus metrics as Prometheus text
   * @param openMetrics metrics as OpenMetrics text
   */
  public record Sources(
      Supplier<CompletionStage<Optional<Rejection>>> ready,
      Supplier<Optional<Rejection>> started,
      Supplier<String> prometheus,
      Supplier<String> openMetrics) {}

  private record Readiness(long atNanos, CompletableFuture<Optional<Rejection>> answer) {}

  private final Sources sources;
  private final byte[] openApi;
  private final AtomicReference<@Nullable Readiness> readiness = new AtomicReference<>();
  private final Map<String, Function<RequestHead, CompletionStage<Response>>> routes;

  public OperationsHttp(Sources sources) {
    this.sources = sources;
    this.openApi = openApi();
    this.routes =
        Map.of(
            "/health", head -> done(ALIVE),
            "/health/live", head -> done(ALIVE),
            "/health/ready", this::ready,
            "/ready", this::ready,
            "/health/startup", head -> done(health(head, sources.started().get(), "started")),
            "/metrics", head -> done(metrics(head)),
            "/openapi.yaml", head -> done(new Response(200, Response.YAML, openApi, false)));
  }

  private static byte[] openApi() {
    try (InputStream in = OperationsHttp.class.getResourceAsStream("/openapi.yaml")) {
      if (in == null) throw new IllegalStateException("openapi.yaml is not packaged");
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public boolean owns(String path) {
    return routes.containsKey(path);
  }

  @Override
  public Admission admit(RequestHead head, @Nullable String remoteAddress) {
    var route = routes.get(head.path());
    if (route == null) throw new IllegalArgumentException("not an operation: " + head.path());
    if (!head.method().equals("GET") && !head.method().equals("HEAD")) {
      return new Admission.Refuse(
          ProblemResponse.of(Rejection.of(ErrorCode.METHOD_NOT_ALLOWED), RequestIds.of(head))
              .with("Allow", "GET, HEAD"));
    }
    return new Admission.Read(BODY_BYTES_MAX, request -> route.apply(head));
  }

  private CompletionStage<Response> ready(RequestHead head) {
    return readiness().thenApply(refused -> health(head, refused, "ready"));
  }

  /** One question at a time, and its answer for everybody who asks in the next half second. */
  private CompletableFuture<Optional<Rejection>> readiness() {
    while (true) {
      Readiness known = readiness.get();
      long now = System.nanoTime();
      if (known != null
          && (!known.answer().isDone() || now - known.atNanos() < READINESS_NANOS_KEPT)) {
        return known.answer();
      }
      var asked = new CompletableFuture<Optional<Rejection>>();
      if (!readiness.compareAndSet(known, new Readiness(now, asked))) continue;
      var unused =
          sources
              .ready()
              .get()
              .toCompletableFuture()
              .copy()
              .orTimeout(READINESS_MILLIS_MAX, TimeUnit.MILLISECONDS)
              .whenComplete((answer, failure) -> asked.complete(failure == null ? answer : late()));
      return asked;
    }
  }

  private static Optional<Rejection> late() {
    return Optional.of(
        Rejection.of(ErrorCode.DATABASE_UNAVAILABLE, "The node did not answer in time.")
            .withRetryAfterSeconds(1));
  }

  private static Response health(RequestHead head, Optional<Rejection> refused, String well) {
    return refused
        .map(rejection -> ProblemResponse.of(rejection, RequestIds.of(head)))
        .orElseGet(() -> status(well));
  }

  private static Response status(String status) {
    return Response.text(200, "application/json", "{\"status\":\"" + status + "\"}")
        .with("Cache-Control", "no-store");
  }

  private Response metrics(RequestHead head) {
    String accept = head.list("Accept");
    boolean open = accept.contains(OPEN_METRICS) && MediaType.isAccepted(accept, OPEN_METRICS);
    return open
        ? Response.text(
            200, OPEN_METRICS + "; version=1.0.0; charset=utf-8", sources.openMetrics().get())
        : Response.text(
            200, "text/plain; version=0.0.4; charset=utf-8", sources.prometheus().get());
  }

  private static CompletionStage<Response> done(Response response) {
    return CompletableFuture.completedFuture(response);
  }
}
