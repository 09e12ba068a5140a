package io.kapsel.manage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.limit.Quota;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.http.Response;
import io.kapsel.json.Fields;
import io.kapsel.json.MergePatch;
import io.kapsel.json.Problem;
import io.kapsel.storage.PostgresEndpointDirectory;
import io.kapsel.storage.TenantLimits;
import io.kapsel.storage.Tenants;
import io.kapsel.storage.Tenants.Tenant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** The operator's operations on tenants. */
final class TenantCalls {
  private static final int NAME_CHARS_MAX = 200;
  private static final double RATE_MAX = 1_000_000;
  private static final double RATE_MIN = 0.001;
  private static final long COUNT_MAX = 1_000_000;
  private static final long QUOTA_MAX = 1_000_000_000_000L;

  /** Shorter is a rate; longer than the longest month is nobody's plan. */
  private static final int QUOTA_WINDOW_SECONDS_MIN = 60;

  private static final int QUOTA_WINDOW_SECONDS_MAX = 31 * Quota.DAY_SECONDS;

  private final Tenants tenants;
  private final PostgresEndpointDirectory directory;
  private final Cursors cursors;
  private final InstantSource clock;
  private final RandomGenerator secureRandom;

  /** What a document says about a tenant. */
  private record Wanted(String name, TenantLimits limits) {}

  TenantCalls(Ports ports, Cursors cursors) {
    this.tenants = ports.tenants();
    this.directory = ports.directory();
    this.cursors = cursors;
    this.clock = ports.clock();
    this.secureRandom = ports.secureRandom();
  }

  List<Route> routes() {
    return List.of(
        Route.of("POST", "/v1/tenants", Access.OPERATOR, Route.Input.JSON, this::create),
        Route.get("/v1/tenants", Access.OPERATOR, this::list),
        Route.get("/v1/tenants/{id}", Access.OPERATOR, this::get),
        Route.of(
            "PATCH", "/v1/tenants/{id}", Access.OPERATOR, Route.Input.MERGE_PATCH, this::patch),
        Route.of("DELETE", "/v1/tenants/{id}", Access.OPERATOR, Route.Input.NONE, this::delete));
  }

  private CompletionStage<Response> create(Call call) {
    List<Problem> problems = new ArrayList<>(call.query().end());
    Wanted wanted = read(call.body(), problems);
    if (!problems.isEmpty()) return Call.now(call.reject(problems));
    long now = clock.millis();
    return tenants
        .create(TenantId.create(now, secureRandom), wanted.name(), wanted.limits(), now)
        .thenApply(tenant -> shown(201, tenant).with("Location", "/v1/tenants/" + tenant.id()));
  }

  private static Wanted read(JsonNode document, List<Problem> problems) {
    Fields fields = Fields.of(document, "", problems);
    String name = fields.requiredText("name", NAME_CHARS_MAX);
    Fields limits = fields.object("limits");
    var read =
        new TenantLimits(
            limits.decimal("ingest_rate_per_second", 0, RATE_MIN, RATE_MAX),
            (int) limits.integer("ingest_burst", 0, 1, COUNT_MAX),
            quota(limits),
            (int) limits.integer("delivery_concurrency", 0, 1, COUNT_MAX),
            (int) limits.integer("max_endpoints", 0, 1, COUNT_MAX),
            limits.flag("allow_private_destination", false));
    limits.end();
    fields.end();
    return new Wanted(name, read);
  }

  private static Quota quota(Fields limits) {
    long webhooks = limits.integer("ingest_quota", 0, 1, QUOTA_MAX);
    long windowSeconds =
        limits.duration(
            "ingest_quota_window_seconds",
            Quota.DAY_SECONDS,
            QUOTA_WINDOW_SECONDS_MIN,
            QUOTA_WINDOW_SECONDS_MAX);
    return webhooks == 0 ? Quota.NONE : new Quota(webhooks, (int) windowSeconds);
  }

  private CompletionStage<Response> list(Call call) {
    Query query = call.query();
    int limit = query.limit();
    Optional<String> cursor = query.text("cursor");
    var wrong = query.end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    Optional<UUID> before = cursor.flatMap(text -> cursors.open(call, text));
    if (cursor.isPresent() && before.isEmpty()) return Call.now(call.reject(Cursors.INVALID));
    return tenants
        .list(
            before.map(
                id -> new TenantId(id.getMostSignificantBits(), id.getLeastSignificantBits())),
            limit + 1)
        .thenApply(
            found ->
                Answers.page(
                    call,
                    cursors,
                    found,
                    limit,
                    TenantCalls::shown,
                    tenant -> new UUID(tenant.id().high(), tenant.id().low())));
  }

  private CompletionStage<Response> get(Call call) {
    return named(call, tenant -> Call.now(shown(200, tenant)));
  }

  private CompletionStage<Response> patch(Call call) {
    return named(
        call,
        tenant -> {
          List<Problem> problems = new ArrayList<>();
          Wanted wanted = read(MergePatch.applied(changeable(tenant), call.body()), problems);
          if (!problems.isEmpty()) return Call.now(call.reject(problems));
          Optional<Rejection> unmet = Versions.unmet(call, tenant.version());
          if (unmet.isPresent()) return Call.now(call.reject(unmet.get()));
          var changed =
              new Tenant(
                  tenant.id(),
                  wanted.name(),
                  wanted.limits(),
                  tenant.version(),
                  tenant.createdAtMillis(),
                  tenant.updatedAtMillis());
          return tenants
              .update(changed, clock.millis())
              .thenApply(
                  updated ->
                      updated
                          .map(after -> shown(200, after))
                          .orElseGet(
                              () ->
                                  call.reject(
                                      ErrorCode.PRECONDITION_FAILED,
                                      "The tenant has changed meanwhile.")));
        });
  }

  private CompletionStage<Response> delete(Call call) {
    return named(
        call,
        tenant -> {
          Optional<Rejection> unmet = Versions.unmet(call, tenant.version());
          if (unmet.isPresent()) return Call.now(call.reject(unmet.get()));
          return directory
              .count(tenant.id(), 1)
              .thenCompose(
                  endpoints ->
                      endpoints > 0
                          ? Call.now(
                              call.reject(
                                  ErrorCode.CONFLICT,
                                  "The tenant has endpoints; delete them first."))
                          : tenants
                              .delete(tenant.id(), clock.millis())
                              .thenApply(deleted -> deleted ? Answers.nothing() : call.notFound()));
        });
  }

  /** The tenant that the path names. */
  private CompletionStage<Response> named(
      Call call, Function<Tenant, CompletionStage<Response>> then) {
    var wrong = call.query().end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    Optional<TenantId> id = TenantId.parse(call.id());
    CompletionStage<Optional<Tenant>> found =
        id.isEmpty() ? CompletableFuture.completedFuture(Optional.empty()) : tenants.find(id.get());
    return found.thenCompose(
        tenant -> tenant.isEmpty() ? Call.now(call.notFound()) : then.apply(tenant.get()));
  }

  private static Response shown(int status, Tenant tenant) {
    return Answers.json(status, shown(tenant)).with("ETag", Versions.tag(tenant.version()));
  }

  private static ObjectNode shown(Tenant tenant) {
    ObjectNode node = Answers.NODES.objectNode();
    node.put("id", tenant.id().toString());
    node.setAll(changeable(tenant));
    node.put("version", tenant.version());
    Answers.time(node, "created_at", tenant.createdAtMillis());
    Answers.time(node, "updated_at", tenant.updatedAtMillis());
    return node;
  }

  private static ObjectNode changeable(Tenant tenant) {
    TenantLimits limits = tenant.limits();
    ObjectNode node = Answers.NODES.objectNode();
    node.put("name", tenant.name());
    ObjectNode shown = node.putObject("limits");
    if (limits.ingestRatePerSecond() == 0) shown.putNull("ingest_rate_per_second");
    else shown.put("ingest_rate_per_second", limits.ingestRatePerSecond());
    limit(shown, "ingest_burst", limits.ingestBurst());
    Quota quota = limits.ingestQuota();
    if (quota.isLimited()) {
      shown.put("ingest_quota", quota.webhooks());
      shown.put("ingest_quota_window_seconds", quota.windowSeconds());
    } else {
      shown.putNull("ingest_quota");
      shown.putNull("ingest_quota_window_seconds");
    }
    limit(shown, "delivery_concurrency", limits.deliveryConcurrency());
    limit(shown, "max_endpoints", limits.maxEndpoints());
    shown.put("allow_private_destination", limits.allowPrivateDestination());
    return node;
  }

  private static void limit(ObjectNode node, String name, int limit) {
    if (limit == 0) node.putNull(name);
    else node.put(name, limit);
  }
}
