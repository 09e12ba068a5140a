package io.kapsel.manage;

import com.fasterxml.jackson.databind.JsonNode;
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
import io.kapsel.json.Fields;
import io.kapsel.json.Problem;
import io.kapsel.storage.EndpointDirectory;
import io.kapsel.storage.PostgresEndpointDirectory;
import io.kapsel.storage.Tenants;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** The operations on endpoints. */
final class EndpointCalls {
  private static final List<Status> LISTED = List.of(Status.ACTIVE, Status.PAUSED, Status.DISABLED);

  /** Of a patch without If-Match, while others change the endpoint. */
  private static final int PATCH_TRIES = 5;

  private final PostgresEndpointDirectory directory;
  private final Endpoints endpoints;
  private final Tenants tenants;
  private final ConfigRules rules;
  private final Cursors cursors;
  private final EndpointJson json;
  private final InstantSource clock;
  private final RandomGenerator secureRandom;
  private final Samples samples;

  EndpointCalls(Ports ports, Cursors cursors) {
    this.directory = ports.directory();
    this.endpoints = ports.endpoints();
    this.tenants = ports.tenants();
    this.rules = ports.rules();
    this.cursors = cursors;
    this.json = new EndpointJson(ports.publicUrl());
    this.clock = ports.clock();
    this.secureRandom = ports.secureRandom();
    this.samples =
        new Samples(
            ports.sender(), ports.clock(), ports.secureRandom(), ports.limits().samplesMax());
  }

  List<Route> routes() {
    return List.of(
        Route.of("POST", "/v1/endpoints", Access.WRITE, Route.Input.JSON, this::create),
        Route.get("/v1/endpoints", Access.READ, this::list),
        Route.get("/v1/endpoints/{id}", Access.READ, this::get),
        Route.of("PATCH", "/v1/endpoints/{id}", Access.WRITE, Route.Input.MERGE_PATCH, this::patch),
        Route.of("DELETE", "/v1/endpoints/{id}", Access.WRITE, Route.Input.NONE, this::delete),
        action("pause", this::pause),
        action("resume", this::resume),
        action("enable", this::enable),
        action("disable", this::disable),
        action("rotate-secret", this::rotateSecret),
        action("reset-circuit", this::resetCircuit),
        action("test", this::test),
        Route.get("/v1/endpoints/{id}/state", Access.READ, this::state));
  }

  private static Route action(String name, Route.Operation operation) {
    return Route.of(
        "POST", "/v1/endpoints/{id}/" + name, Access.WRITE, Route.Input.OPTIONAL, operation);
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
    Optional<Secret> made = missingSecret(wanted);
    EndpointConfig config = withSecret(wanted, made);
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

  /** Whoever wants signatures and has no secret gets one. */
  private Optional<Secret> missingSecret(EndpointConfig config) {
    return config.delivery().signingEnabled() && config.delivery().signingSecrets().isEmpty()
        ? Optional.of(StandardWebhooksSigner.createSecret(secureRandom))
        : Optional.empty();
  }

  private static EndpointConfig withSecret(EndpointConfig config, Optional<Secret> made) {
    return made.map(secret -> config.withSigningSecrets(List.of(new SigningSecret(secret, 0))))
        .orElse(config);
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
                      ObjectNode node = shownWith(call, view, made);
                      return Answers.json(201, node)
                          .with("Location", "/v1/endpoints/" + id)
                          .with("ETag", Versions.tag(view.version()));
                    }));
  }

  /** A made secret is shown here and never again. */
  private ObjectNode shownWith(Call call, EndpointView view, Optional<Secret> made) {
    ObjectNode node = json.shown(call, view);
    made.ifPresent(secret -> node.put("signing_secret", secret.value()));
    return node;
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

  // -------------------------------------------------------------------------------------- patch

  private CompletionStage<Response> patch(Call call) {
    var wrong = call.query().end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    return tenants
        .find(call.tenant())
        .thenCompose(
            tenant -> {
              boolean consented =
                  tenant.map(each -> each.limits().allowPrivateDestination()).orElse(false);
              return looked(call, view -> patch(call, view, consented, PATCH_TRIES));
            });
  }

  private CompletionStage<Response> patch(
      Call call, EndpointView view, boolean consented, int triesLeft) {
    switch (ConfigJson.patch(view.config(), call.body(), rules, consented)) {
      case ConfigJson.Read.Invalid invalid -> {
        return Call.now(call.reject(invalid.problems()));
      }
      case ConfigJson.Read.Valid valid -> {
        Optional<Rejection> unmet = Versions.unmet(call, view.version());
        if (unmet.isPresent()) return Call.now(call.reject(unmet.get()));
        Optional<Secret> made = missingSecret(valid.config());
        return configured(view, withSecret(valid.config(), made))
            .thenCompose(
                reply ->
                    changedMeanwhile(reply) && triesLeft > 1
                        ? looked(call, now -> patch(call, now, consented, triesLeft - 1))
                        : Call.now(
                            viewed(
                                call,
                                reply,
                                after ->
                                    Answers.json(200, shownWith(call, after, made))
                                        .with("ETag", Versions.tag(after.version())))));
      }
    }
  }

  private static boolean changedMeanwhile(EndpointMessage.Reply reply) {
    return reply instanceof EndpointMessage.Rejected(Rejection rejection)
        && rejection.code() == ErrorCode.PRECONDITION_FAILED;
  }

  /** The directory has to grant a new name before the endpoint's actor may have it. */
  private CompletionStage<EndpointMessage.Reply> configured(
      EndpointView view, EndpointConfig config) {
    var configure = new Endpoint.Configure(config, view.version());
    if (config.name().equals(view.config().name())) return endpoints.order(view.id(), configure);
    return directory
        .rename(view.id(), config.name())
        .thenCompose(renamed -> endpoints.order(view.id(), configure))
        .thenCompose(
            reply ->
                reply instanceof EndpointMessage.Rejected
                    ? directory.rename(view.id(), view.config().name()).thenApply(renamed -> reply)
                    : CompletableFuture.completedFuture(reply));
  }

  // ------------------------------------------------------------------------------------ actions

  private CompletionStage<Response> delete(Call call) {
    return ordered(call, new Endpoint.SetStatus(Status.DELETED), view -> Answers.nothing());
  }

  private CompletionStage<Response> pause(Call call) {
    return commanded(call, new Endpoint.SetStatus(Status.PAUSED));
  }

  private CompletionStage<Response> resume(Call call) {
    return bodiless(
        call,
        () ->
            looked(
                call,
                view ->
                    view.status() == Status.DISABLED
                        ? Call.now(
                            call.reject(
                                ErrorCode.CONFLICT, "The endpoint is disabled; enable it first."))
                        : ordered(call, view, new Endpoint.SetStatus(Status.ACTIVE))));
  }

  private CompletionStage<Response> enable(Call call) {
    return bodiless(
        call,
        () ->
            looked(
                call,
                view ->
                    view.status() == Status.PAUSED
                        ? Call.now(
                            call.reject(
                                ErrorCode.CONFLICT, "The endpoint is paused; resume it instead."))
                        : ordered(call, view, new Endpoint.SetStatus(Status.ACTIVE))));
  }

  private CompletionStage<Response> disable(Call call) {
    return commanded(call, new Endpoint.SetStatus(Status.DISABLED));
  }

  private CompletionStage<Response> resetCircuit(Call call) {
    return commanded(call, new Endpoint.ResetCircuit());
  }

  private CompletionStage<Response> rotateSecret(Call call) {
    Secret made = StandardWebhooksSigner.createSecret(secureRandom);
    return bodiless(
        call,
        () ->
            ordered(
                call,
                new Endpoint.RotateSecret(new SigningSecret(made, 0)),
                view ->
                    Answers.json(200, shownWith(call, view, Optional.of(made)))
                        .with("ETag", Versions.tag(view.version()))));
  }

  private CompletionStage<Response> commanded(Call call, Endpoint.Command command) {
    return bodiless(call, () -> ordered(call, command, view -> shown(call, view)));
  }

  /** An action takes no fields, so whoever sends some is mistaken. */
  private static CompletionStage<Response> bodiless(
      Call call, Supplier<CompletionStage<Response>> action) {
    List<Problem> problems = new ArrayList<>();
    Fields.of(call.body(), "", problems).end();
    return problems.isEmpty() ? action.get() : Call.now(call.reject(problems));
  }

  // -------------------------------------------------------------------------------- state, test

  private CompletionStage<Response> state(Call call) {
    var wrong = call.query().end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    return looked(
        call, view -> Call.now(Answers.json(200, EndpointJson.state(view, clock.millis()))));
  }

  private CompletionStage<Response> test(Call call) {
    List<Problem> problems = new ArrayList<>(call.query().end());
    Fields fields = Fields.of(call.body(), "", problems);
    Optional<JsonNode> payload = fields.any("payload");
    fields.end();
    if (!problems.isEmpty()) return Call.now(call.reject(problems));
    return looked(call, view -> samples.send(call, view, payload));
  }

  // ------------------------------------------------------------------------------------- shared

  /** Gives an order to the endpoint that the call names, when it is at the version asked for. */
  private CompletionStage<Response> ordered(
      Call call, Endpoint.Command command, Function<EndpointView, Response> answer) {
    var wrong = call.query().end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    return looked(call, view -> ordered(call, view, command, answer));
  }

  private CompletionStage<Response> ordered(
      Call call, EndpointView view, Endpoint.Command command) {
    return ordered(call, view, command, after -> shown(call, after));
  }

  private CompletionStage<Response> ordered(
      Call call,
      EndpointView view,
      Endpoint.Command command,
      Function<EndpointView, Response> answer) {
    Optional<Rejection> unmet = Versions.unmet(call, view.version());
    if (unmet.isPresent()) return Call.now(call.reject(unmet.get()));
    return endpoints.order(view.id(), command).thenApply(reply -> viewed(call, reply, answer));
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
