package io.kapsel.manage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.http.Response;
import io.kapsel.json.Fields;
import io.kapsel.json.Problem;
import io.kapsel.json.Rfc3339;
import io.kapsel.storage.ApiKeys;
import io.kapsel.storage.ApiKeys.ApiKey;
import io.kapsel.storage.ApiKeys.Scope;
import io.kapsel.storage.Tenants;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** The operations on API keys, of a tenant's administrator or of the operator for a tenant. */
final class KeyCalls {
  private static final int NAME_CHARS_MAX = 200;
  private static final String ID_PREFIX = "key_";
  private static final String TENANT = "tenant_id";

  private final ApiKeys keys;
  private final Tenants tenants;
  private final Cursors cursors;
  private final InstantSource clock;
  private final RandomGenerator secureRandom;

  KeyCalls(Ports ports, Cursors cursors) {
    this.keys = ports.keys();
    this.tenants = ports.tenants();
    this.cursors = cursors;
    this.clock = ports.clock();
    this.secureRandom = ports.secureRandom();
  }

  List<Route> routes() {
    return List.of(
        Route.of("POST", "/v1/api-keys", Access.KEYS, Route.Input.JSON, this::create),
        Route.get("/v1/api-keys", Access.KEYS, this::list),
        Route.of("DELETE", "/v1/api-keys/{id}", Access.KEYS, Route.Input.NONE, this::revoke));
  }

  private CompletionStage<Response> create(Call call) {
    Optional<TenantId> named = named(call);
    List<Problem> problems = new ArrayList<>(call.query().end());
    Fields fields = Fields.of(call.body(), "", problems);
    String name = fields.requiredText("name", NAME_CHARS_MAX);
    Set<Scope> scopes = scopes(fields, problems);
    long expiresAt = expiry(fields);
    fields.end();
    if (!problems.isEmpty()) return Call.now(call.reject(problems));
    return forTenant(
        call,
        named,
        tenant -> {
          long now = clock.millis();
          Secret secret = ApiKeys.newSecret(secureRandom);
          ApiKey key =
              new ApiKey(
                  Identifiers.create(now, secureRandom),
                  tenant,
                  name,
                  scopes,
                  ApiKeys.lastCharacters(secret),
                  now,
                  expiresAt,
                  0);
          return keys.create(key, secret)
              .thenApply(
                  created -> {
                    ObjectNode node = shown(key);
                    node.put("secret", secret.value());
                    return Answers.json(201, node);
                  });
        });
  }

  private static Set<Scope> scopes(Fields fields, List<Problem> problems) {
    Set<Scope> scopes = EnumSet.noneOf(Scope.class);
    Optional<JsonNode> list = fields.required("scopes");
    if (list.isPresent() && list.get().isArray() && list.get().isEmpty()) {
      fields.problem("scopes", ErrorCode.INVALID_FIELD, "Must have at least one scope.");
    }
    List<JsonNode> items = fields.items("scopes", Scope.values().length);
    for (int i = 0; i < items.size(); i++) {
      String text = items.get(i).isTextual() ? items.get(i).textValue() : "";
      Optional<Scope> scope =
          EnumSet.allOf(Scope.class).stream().filter(each -> each.text().equals(text)).findFirst();
      if (scope.isPresent()) scopes.add(scope.get());
      else {
        problems.add(
            new Problem("/scopes/" + i, ErrorCode.INVALID_FIELD, "Must be read, write or admin."));
      }
    }
    return scopes;
  }

  private long expiry(Fields fields) {
    if (fields.any("expires_at").isEmpty()) return 0;
    var time = Rfc3339.parse(fields.string("expires_at", ""));
    if (time.isPresent() && time.getAsLong() > clock.millis()) return time.getAsLong();
    fields.problem(
        "expires_at",
        ErrorCode.INVALID_FIELD,
        "Must be an RFC 3339 time in the future, such as 2027-01-31T00:00:00Z.");
    return 0;
  }

  private CompletionStage<Response> list(Call call) {
    Query query = call.query();
    Optional<TenantId> named = named(call);
    int limit = query.limit();
    Optional<String> cursor = query.text("cursor");
    var wrong = query.end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    Optional<UUID> before = cursor.flatMap(text -> cursors.open(call, text));
    if (cursor.isPresent() && before.isEmpty()) return Call.now(call.reject(Cursors.INVALID));
    return forTenant(
        call,
        named,
        tenant ->
            keys.list(tenant, before, limit + 1)
                .thenApply(
                    found ->
                        Answers.page(call, cursors, found, limit, KeyCalls::shown, ApiKey::id)));
  }

  private CompletionStage<Response> revoke(Call call) {
    Optional<TenantId> named = named(call);
    var wrong = call.query().end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    Optional<UUID> id = Identifiers.parse(ID_PREFIX, call.id());
    if (id.isEmpty()) return Call.now(call.notFound());
    return forTenant(
        call,
        named,
        tenant ->
            keys.revoke(tenant, id.get(), clock.millis())
                .thenApply(revoked -> revoked ? Answers.nothing() : call.notFound()));
  }

  /** The tenant that the operator acts for; a tenant's key always acts for its own. */
  private static Optional<TenantId> named(Call call) {
    if (call.caller() instanceof Caller.OfTenant) return Optional.of(call.tenant());
    Optional<TenantId> id = call.query().id(TENANT, TenantId::parse, "ten_…");
    if (id.isEmpty() && call.query().text(TENANT).isEmpty()) {
      call.query().problem(TENANT, "The operator key needs the tenant whose keys are meant.");
    }
    return id;
  }

  private CompletionStage<Response> forTenant(
      Call call, Optional<TenantId> named, Function<TenantId, CompletionStage<Response>> then) {
    TenantId tenant = named.orElseThrow();
    if (call.caller() instanceof Caller.OfTenant) return then.apply(tenant);
    return tenants
        .find(tenant)
        .thenCompose(found -> found.isEmpty() ? Call.now(call.notFound()) : then.apply(tenant));
  }

  private static ObjectNode shown(ApiKey key) {
    ObjectNode node = Answers.NODES.objectNode();
    node.put("id", Identifiers.text(ID_PREFIX, key.id()));
    node.put("name", key.name());
    ArrayNode scopes = node.putArray("scopes");
    key.scopes().forEach(scope -> scopes.add(scope.text()));
    node.put("last_characters", key.lastCharacters());
    Answers.time(node, "created_at", key.createdAtMillis());
    Answers.time(node, "expires_at", key.expiresAtMillis());
    Answers.time(node, "revoked_at", key.revokedAtMillis());
    return node;
  }
}
