package io.kapsel.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Standing;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.endpoint.EndpointMessage;
import io.kapsel.endpoint.EndpointView;
import io.kapsel.endpoint.Endpoints;
import io.kapsel.http.Response;
import io.kapsel.json.Fields;
import io.kapsel.json.Problem;
import io.kapsel.storage.EventStatus;
import io.kapsel.storage.Events;
import io.kapsel.storage.Events.AttemptMade;
import io.kapsel.storage.Events.Event;
import io.kapsel.storage.Events.Payload;
import io.kapsel.storage.PostgresEndpointDirectory;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;

/** The operations on events. */
final class EventCalls {
  /** More than an endpoint's policy ever makes; retries by hand may make more. */
  private static final int ATTEMPTS_MAX = 200;

  /** Of each event in a list: the latest ones. */
  private static final int ATTEMPTS_LISTED_MAX = 10;

  private final Events events;
  private final Endpoints endpoints;
  private final PostgresEndpointDirectory directory;
  private final Cursors cursors;
  private final Consumer<WebhookId> forget;
  private final InstantSource clock;

  EventCalls(Ports ports, Cursors cursors) {
    this.events = ports.events();
    this.endpoints = ports.endpoints();
    this.directory = ports.directory();
    this.cursors = cursors;
    this.forget = ports.forget();
    this.clock = ports.clock();
  }

  List<Route> routes() {
    return List.of(
        Route.get("/v1/events", Access.READ, this::list),
        Route.get("/v1/events/{id}", Access.READ, this::get),
        Route.get("/v1/events/{id}/attempts", Access.READ, this::attempts),
        new Route(
            "GET", "/v1/events/{id}/payload", Access.READ, Route.Input.NONE, true, this::payload),
        Route.of("DELETE", "/v1/events/{id}/payload", Access.WRITE, Route.Input.NONE, this::erase),
        Route.get("/v1/events/{id}/explain", Access.READ, this::explain),
        Route.of("POST", "/v1/events/{id}/retry", Access.WRITE, Route.Input.OPTIONAL, this::retry));
  }

  // -------------------------------------------------------------------------------------- list

  private CompletionStage<Response> list(Call call) {
    Query query = call.query();
    int limit = query.limit();
    Optional<EndpointId> endpoint = query.id("endpoint_id", EndpointId::parse, "ep_…");
    Optional<EventStatus> status = query.choice("status", Arrays.asList(EventStatus.values()));
    long after = query.time("received_after", -1);
    long before = query.time("received_before", Long.MAX_VALUE);
    if (after >= before) query.problem("received_after", "Must be before received_before.");
    Optional<String> cursor = query.text("cursor");
    var wrong = query.end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    Optional<UUID> last = cursor.flatMap(text -> cursors.open(call, text));
    if (cursor.isPresent() && last.isEmpty()) return Call.now(call.reject(Cursors.INVALID));
    return events
        .list(
            call.tenant(),
            new Events.Filter(endpoint, status, after + 1, before),
            last.map(
                id -> new WebhookId(id.getMostSignificantBits(), id.getLeastSignificantBits())),
            limit)
        .thenCompose(
            page ->
                events
                    .attempts(page.events().stream().map(Event::id).toList(), ATTEMPTS_LISTED_MAX)
                    .thenApply(
                        attempts ->
                            Answers.page(
                                page.events().stream()
                                    .map(
                                        event ->
                                            EventJson.listed(
                                                event,
                                                attempts.getOrDefault(event.id(), List.of())))
                                    .toList(),
                                page.next()
                                    .map(
                                        id -> cursors.seal(call, new UUID(id.high(), id.low()))))));
  }

  // --------------------------------------------------------------------------------------- get

  private CompletionStage<Response> get(Call call) {
    return mine(
        call,
        event ->
            withAttempts(
                event,
                attempts ->
                    status(event)
                        .thenApply(
                            status ->
                                Answers.json(200, EventJson.shown(event, status, attempts)))));
  }

  /** What happens at the moment, and what was retried just now, the endpoint's actor knows. */
  private CompletionStage<String> status(Event event) {
    String known = event.status().text();
    if (event.status() == EventStatus.DELIVERED) {
      return CompletableFuture.completedFuture(known);
    }
    return endpoints
        .explain(event.endpoint(), event.id())
        .handle(
            (reply, failure) ->
                reply instanceof EndpointMessage.Explained explained
                    ? status(event, explained.standing().place())
                    : known);
  }

  private static String status(Event event, Standing.Place place) {
    return switch (place) {
      case IN_FLIGHT -> EventJson.DELIVERING;
      case WAITING -> isOver(event) ? EventStatus.PENDING.text() : event.status().text();
      case UNKNOWN, ENDED -> event.status().text();
    };
  }

  private static boolean isOver(Event event) {
    return event.status() != EventStatus.RECEIVED && event.status() != EventStatus.PENDING;
  }

  private CompletionStage<Response> attempts(Call call) {
    return mine(
        call,
        event ->
            withAttempts(
                event,
                attempts ->
                    Call.now(
                        Answers.page(
                            attempts.stream().map(EventJson::attempt).toList(),
                            Optional.empty()))));
  }

  private CompletionStage<Response> withAttempts(
      Event event, Function<List<AttemptMade>, CompletionStage<Response>> then) {
    return events
        .attempts(List.of(event.id()), ATTEMPTS_MAX)
        .thenCompose(attempts -> then.apply(attempts.getOrDefault(event.id(), List.of())));
  }

  private CompletionStage<Response> explain(Call call) {
    return mine(
        call,
        event ->
            withAttempts(
                event,
                attempts ->
                    event.status() == EventStatus.DELIVERED
                        ? Call.now(Answers.json(200, Explanation.ended(event, attempts)))
                        : endpoints
                            .explain(event.endpoint(), event.id())
                            .thenApply(
                                reply -> Answers.json(200, explained(event, attempts, reply)))));
  }

  private ObjectNode explained(
      Event event, List<AttemptMade> attempts, EndpointMessage.Reply reply) {
    boolean over = isOver(event);
    if (reply instanceof EndpointMessage.Explained(EndpointView view, Standing standing)) {
      if (over && standing.place() == Standing.Place.UNKNOWN) {
        return Explanation.ended(event, attempts);
      }
      if (view.status() != Status.DELETED) {
        return Explanation.of(event, attempts, view, standing, clock.millis());
      }
    }
    return over ? Explanation.ended(event, attempts) : Explanation.abandoned(event, attempts);
  }

  // ----------------------------------------------------------------------------------- payload

  private enum Format {
    RAW,
    JSON
  }

  private CompletionStage<Response> payload(Call call) {
    Format format =
        call.query().choice("format", Arrays.asList(Format.values())).orElse(Format.RAW);
    return mine(
        call,
        event ->
            events
                .payload(call.tenant(), event.id())
                .thenApply(
                    payload ->
                        payload
                            .filter(each -> !each.erased())
                            .map(each -> format == Format.RAW ? raw(each) : whole(event, each))
                            .orElseGet(
                                () ->
                                    call.reject(ErrorCode.NOT_FOUND, "The payload was erased."))));
  }

  /** Strangers wrote this: a browser must neither guess nor run it. */
  private static Response raw(Payload payload) {
    return new Response(200, List.of(), payload.body().unsafeBytes(), false)
        .with("Content-Type", payload.contentType())
        .with("X-Content-Type-Options", "nosniff")
        .with("Content-Disposition", "attachment")
        .with("Content-Security-Policy", "sandbox");
  }

  private static Response whole(Event event, Payload payload) {
    ObjectNode node = Answers.NODES.objectNode();
    node.put("event_id", event.id().toString());
    node.put("content_type", payload.contentType());
    var headers = node.putArray("headers");
    payload.headers().forEach(header -> headers.addArray().add(header.name()).add(header.value()));
    node.put("body_base64", Base64.getEncoder().encodeToString(payload.body().unsafeBytes()));
    return Answers.json(200, node);
  }

  private CompletionStage<Response> erase(Call call) {
    return mine(
        call,
        event ->
            events
                .erase(call.tenant(), event.id(), clock.millis())
                .thenApply(
                    erased -> {
                      forget.accept(event.id());
                      return erased ? Answers.nothing() : call.notFound();
                    }));
  }

  // ------------------------------------------------------------------------------------- retry

  private CompletionStage<Response> retry(Call call) {
    List<Problem> problems = new ArrayList<>(call.query().end());
    Fields.of(call.body(), "", problems).end();
    if (!problems.isEmpty()) return Call.now(call.reject(problems));
    return mine(
        call,
        event -> {
          if (event.status() == EventStatus.DELIVERED) {
            return conflict(call, "The event is delivered already.");
          }
          if (event.erased()) return conflict(call, "The payload was erased.");
          return directory
              .find(event.endpoint())
              .thenCompose(
                  entry ->
                      entry.isEmpty() || entry.get().status() == Status.DELETED
                          ? conflict(call, "The endpoint was deleted.")
                          : retried(call, event));
        });
  }

  private CompletionStage<Response> retried(Call call, Event event) {
    return events
        .laneKey(event.id())
        .thenCompose(
            laneKey ->
                endpoints.order(
                    event.endpoint(), new Endpoint.Retry(event.id(), laneKey, event.attempts())))
        .thenApply(
            reply ->
                reply instanceof EndpointMessage.Rejected rejected
                    ? call.reject(rejected.rejection())
                    : Answers.json(202, accepted(event)));
  }

  private static ObjectNode accepted(Event event) {
    ObjectNode node = Answers.NODES.objectNode();
    node.put("event_id", event.id().toString());
    node.put("endpoint_id", event.endpoint().toString());
    node.put("next_attempt_number", event.attempts() + 1);
    return node;
  }

  private static CompletionStage<Response> conflict(Call call, String detail) {
    return Call.now(call.reject(ErrorCode.CONFLICT, detail));
  }

  // ------------------------------------------------------------------------------------ shared

  /** The caller's event that the path names. */
  private CompletionStage<Response> mine(
      Call call, Function<Event, CompletionStage<Response>> then) {
    var wrong = call.query().end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    Optional<WebhookId> id = WebhookId.parse(call.id());
    CompletionStage<Optional<Event>> found =
        id.isEmpty()
            ? CompletableFuture.completedFuture(Optional.empty())
            : events.find(call.tenant(), id.get());
    return found.thenCompose(
        event -> event.isEmpty() ? Call.now(call.notFound()) : then.apply(event.get()));
  }
}
