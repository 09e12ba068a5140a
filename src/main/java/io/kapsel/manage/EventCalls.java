package io.kapsel.manage;

import io.kapsel.core.webhook.WebhookId;
import io.kapsel.http.Response;
import io.kapsel.storage.Events;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** The operations on events. */
final class EventCalls {
  /** More than an endpoint's policy ever makes; retries by hand may make more. */
  private static final int ATTEMPTS_MAX = 200;

  private final Events events;

  EventCalls(Ports ports) {
    this.events = ports.events();
  }

  List<Route> routes() {
    return List.of(Route.get("/v1/events/{id}", Access.READ, this::get));
  }

  private CompletionStage<Response> get(Call call) {
    return mine(
        call,
        event ->
            events
                .attempts(List.of(event.id()), ATTEMPTS_MAX)
                .thenApply(
                    attempts ->
                        Answers.json(
                            200,
                            EventJson.shown(
                                event,
                                event.status().text(),
                                attempts.getOrDefault(event.id(), List.of())))));
  }

  /** The caller's event that the path names. */
  private CompletionStage<Response> mine(
      Call call, Function<Events.Event, CompletionStage<Response>> then) {
    var wrong = call.query().end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    Optional<WebhookId> id = WebhookId.parse(call.id());
    CompletionStage<Optional<Events.Event>> found =
        id.isEmpty()
            ? CompletableFuture.completedFuture(Optional.empty())
            : events.find(call.tenant(), id.get());
    return found.thenCompose(
        event -> event.isEmpty() ? Call.now(call.notFound()) : then.apply(event.get()));
  }
}
