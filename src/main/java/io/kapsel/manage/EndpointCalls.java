package io.kapsel.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.endpoint.DeliverySettings.SigningSecret;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.StandardWebhooksSigner;
import io.kapsel.endpoint.ConfigJson;
import io.kapsel.endpoint.ConfigRules;
import io.kapsel.endpoint.EndpointMessage;
import io.kapsel.endpoint.EndpointView;
import io.kapsel.endpoint.Endpoints;
import io.kapsel.http.Response;
import io.kapsel.storage.EndpointDirectory;
import io.kapsel.storage.PostgresEndpointDirectory;
import io.kapsel.storage.Tenants;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** The operations on endpoints. */
final class EndpointCalls {
  private static final List<Status> LISTED = List.of(Status.ACTIVE, Status.PAUSED, Status.DISABLED);

  private final PostgresEndpointDirectory directory;
  private final Endpoints endpoints;
  private final Tenants tenants;
  private final ConfigRules rules;
  private final Cursors cursors;
  private final EndpointJson json;
  private final InstantSource clock;
  private final RandomGenerator secureRandom;

  EndpointCalls(Ports ports, Cursors cursors) {
    this.directory = ports.directory();
    this.endpoints = ports.endpoints();
    this.tenants = ports.tenants();
    this.rules = ports.rules();
    this.cursors = cursors;
    this.json = new EndpointJson(ports.publicUrl());
    this.clock = ports.clock();
    this.secureRandom = ports.secureRandom();
  }

  List<Route> routes() {
    return List.of(
        Route.of("POST", "/v1/endpoints", Access.WRITE, Route.Input.JSON, this::create),
        Route.get("/v1/endpoints", Access.READ, this::list),
        Route.get("/v1/endpoints/{id}", Access.READ, this::get),
        Route.of("DELETE", "/v1/endpoints/{id}", Access.WRITE, Route.Input.NONE, this::delete));
  }

  // ------------------------------------------------------------------------------------ create

  private CompletionStage<Response> create(Call call) {
    var wrong = call.query().end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    return tenants
        .find(call.tenant())
        .thenCompose(
            tenant -> {
              boolean consented =
                  tenant.map(each -> each.limits().allowPrivateDestination()).orElse(false);
              return switch (ConfigJson.create(call.body(), rules, consented)) {
                case ConfigJson.Read.Invalid invalid -> Call.now(call.reject(invalid.problems()));
                case ConfigJson.Read.Valid valid -> create(call, valid.config());
              };
            });
  }

  private CompletionStage<Response> create(Call call, EndpointConfig wanted) {
    Optional<Secret> made =
        wanted.delivery().signingEnabled() && wanted.delivery().signingSecrets().isEmpty()
            ? Optional.of(StandardWebhooksSigner.createSecret(secureRandom))
            : Optional.empty();
    EndpointConfig config =
        made.map(secret -> wanted.withSigningSecrets(List.of(new SigningSecret(secret, 0))))
            .orElse(wanted);
    long now = clock.millis();
    EndpointId id = EndpointId.create(now, secureRandom);
    return directory
        .reserve(id, call.tenant(), config, now)
        .thenCompose(
            reserved ->
                reserved
                    ? created(call, id, config, made)
                    : Call.now(
                        call.reject(
                            ErrorCode.CONFLICT,
                            "The tenant has as many endpoints as the operator allows.")));
  }

  private CompletionStage<Response> created(
      Call call, EndpointId id, EndpointConfig config, Optional<Secret> made) {
    return endpoints
        .order(id, new Endpoint.Create(call.tenant(), config))
        .thenApply(
            reply ->
                viewed(
                    call,
                    reply,
                    view -> {
                      ObjectNode node = json.shown(call, view);
                      made.ifPresent(secret -> node.put("signing_secret", secret.value()));
                      return Answers.json(201, node)
                          .with("Location", "/v1/endpoints/" + id)
                          .with("ETag", Versions.tag(view.version()));
                    }));
  }

  // ---------------------------------------------------------------------------------- get, list

  private CompletionStage<Response> get(Call call) {
    var wrong = call.query().end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    return looked(call, view -> Call.now(shown(call, view)));
  }

  private Response shown(Call call, EndpointView view) {
    return Answers.json(200, json.shown(call, view)).with("ETag", Versions.tag(view.version()));
  }

  private CompletionStage<Response> list(Call call) {
    Query query = call.query();
    int limit = query.limit();
    Optional<Status> status = query.choice("status", LISTED);
    Optional<String> name = query.text("name");
    Optional<String> cursor = query.text("cursor");
    var wrong = query.end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    Optional<UUID> before = cursor.flatMap(text -> cursors.open(call, text));
    if (cursor.isPresent() && before.isEmpty()) return Call.now(call.reject(Cursors.INVALID));
    return directory
        .list(
            call.tenant(),
            new PostgresEndpointDirectory.Filter(status, name),
            before.map(EndpointCalls::endpointId),
            limit + 1)
        .thenApply(
            found ->
                Answers.page(
                    call,
                    cursors,
                    found,
                    limit,
                    entry -> json.listed(call, entry),
                    entry -> new UUID(entry.id().high(), entry.id().low())));
  }

  private static EndpointId endpointId(UUID id) {
    return new EndpointId(id.getMostSignificantBits(), id.getLeastSignificantBits());
  }

  // ------------------------------------------------------------------------------------- delete

  private CompletionStage<Response> delete(Call call) {
    return ordered(call, new Endpoint.SetStatus(Status.DELETED), view -> Answers.nothing());
  }

  // ------------------------------------------------------------------------------------- shared

  /** Gives an order to the endpoint that the call names, when it is at the version asked for. */
  private CompletionStage<Response> ordered(
      Call call, Endpoint.Command command, Function<EndpointView, Response> answer) {
    var wrong = call.query().end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    return looked(
        call,
        view ->
            Versions.unmet(call, view.version())
                .map(unmet -> Call.now(call.reject(unmet)))
                .orElseGet(
                    () ->
                        endpoints
                            .order(view.id(), command)
                            .thenApply(reply -> viewed(call, reply, answer))));
  }

  /** Looks at the endpoint that the call names. */
  private CompletionStage<Response> looked(
      Call call, Function<EndpointView, CompletionStage<Response>> then) {
    return mine(directory, call)
        .thenCompose(
            entry ->
                entry.isEmpty()
                    ? Call.now(call.notFound())
                    : endpoints
                        .look(entry.get().id())
                        .thenCompose(
                            reply ->
                                reply instanceof EndpointMessage.Viewed viewed
                                    ? then.apply(viewed.view())
                                    : Call.now(rejected(call, reply))));
  }

  /** The living endpoint of the caller that the path names. */
  static CompletionStage<Optional<EndpointDirectory.Entry>> mine(
      EndpointDirectory directory, Call call) {
    Optional<EndpointId> id = EndpointId.parse(call.id());
    if (id.isEmpty()) return CompletableFuture.completedFuture(Optional.empty());
    return directory
        .find(id.get())
        .thenApply(
            found ->
                found.filter(
                    entry ->
                        entry.tenant().equals(call.tenant()) && entry.status() != Status.DELETED));
  }

  private static Response viewed(
      Call call, EndpointMessage.Reply reply, Function<EndpointView, Response> answer) {
    return reply instanceof EndpointMessage.Viewed viewed
        ? answer.apply(viewed.view())
        : rejected(call, reply);
  }

  private static Response rejected(Call call, EndpointMessage.Reply reply) {
    if (reply instanceof EndpointMessage.Rejected(Rejection rejection)) {
      return call.reject(rejection);
    }
    throw new IllegalStateException("not an answer to an order: " + reply);
  }
}
