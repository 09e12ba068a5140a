package io.kapsel.manage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.http.Response;
import io.kapsel.json.Fields;
import io.kapsel.json.Problem;
import io.kapsel.json.Rfc3339;
import io.kapsel.storage.EventStatus;
import io.kapsel.storage.PostgresEndpointDirectory;
import io.kapsel.storage.Replays;
import io.kapsel.storage.Replays.Replay;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;

/** The operations on replays. */
final class ReplayCalls {
  private static final String ID_PREFIX = "rep_";
  private static final List<EventStatus> REPLAYABLE =
      List.of(EventStatus.DELIVERED, EventStatus.FAILED, EventStatus.DEAD_LETTER);
  private static final List<EventStatus> USUAL =
      List.of(EventStatus.FAILED, EventStatus.DEAD_LETTER);

  private final Replays replays;
  private final PostgresEndpointDirectory directory;
  private final InstantSource clock;
  private final RandomGenerator random;

  ReplayCalls(Ports ports) {
    this.replays = ports.replays();
    this.directory = ports.directory();
    this.clock = ports.clock();
    this.random = ports.secureRandom();
  }

  List<Route> routes() {
    return List.of(
        Route.of("POST", "/v1/endpoints/{id}/replay", Access.WRITE, Route.Input.JSON, this::create),
        Route.get("/v1/replays/{id}", Access.READ, this::get));
  }

  private CompletionStage<Response> create(Call call) {
    List<Problem> problems = new ArrayList<>(call.query().end());
    Fields fields = Fields.of(call.body(), "", problems);
    long now = clock.millis();
    long since = fields.required("since").isPresent() ? time(fields, "since", 0) : 0;
    // What arrives later is not the past, and would be replayed for as long as it fails.
    long until = Math.min(time(fields, "until", now), now);
    List<EventStatus> statuses = statuses(fields, problems);
    fields.end();
    if (problems.isEmpty() && since >= until) {
      fields.problem("since", ErrorCode.INVALID_FIELD, "Must be before until and in the past.");
    }
    if (!problems.isEmpty()) return Call.now(call.reject(problems));
    return EndpointCalls.mine(directory, call)
        .thenCompose(
            entry ->
                entry.isEmpty()
                    ? Call.now(call.notFound())
                    : create(
                        call,
                        replay(entry.get().id(), call.tenant(), since, until, statuses, now)));
  }

  private Replay replay(
      EndpointId endpoint,
      TenantId tenant,
      long since,
      long until,
      List<EventStatus> statuses,
      long nowMillis) {
    return new Replay(
        Identifiers.create(nowMillis, random),
        tenant,
        endpoint,
        since,
        until,
        statuses,
        Replays.Status.RUNNING,
        Replay.start(since),
        0,
        0,
        nowMillis,
        0);
  }

  private CompletionStage<Response> create(Call call, Replay replay) {
    return replays
        .create(replay)
        .thenApply(
            created -> {
              if (!created) {
                return call.reject(
                    ErrorCode.CONFLICT, "Another replay of the endpoint is running.");
              }
              String id = Identifiers.text(ID_PREFIX, replay.id());
              ObjectNode node = Answers.NODES.objectNode();
              node.put("replay_id", id);
              return Answers.json(202, node).with("Location", "/v1/replays/" + id);
            });
  }

  private static long time(Fields fields, String name, long fallback) {
    if (fields.any(name).isEmpty()) return fallback;
    var time = Rfc3339.parse(fields.string(name, ""));
    if (time.isPresent() && time.getAsLong() >= 0) return time.getAsLong();
    fields.problem(
        name, ErrorCode.INVALID_FIELD, "Must be an RFC 3339 time such as 2026-11-23T21:08:00Z.");
    return fallback;
  }

  private static List<EventStatus> statuses(Fields fields, List<Problem> problems) {
    if (fields.any("statuses").isEmpty()) return USUAL;
    List<EventStatus> statuses = new ArrayList<>();
    List<JsonNode> items = fields.items("statuses", REPLAYABLE.size());
    for (int i = 0; i < items.size(); i++) {
      JsonNode item = items.get(i);
      Optional<EventStatus> status =
          REPLAYABLE.stream()
              .filter(each -> item.isTextual() && each.text().equals(item.textValue()))
              .findFirst();
      if (status.isPresent()) statuses.add(status.get());
      else {
        problems.add(
            new Problem(
                fields.pointerTo("statuses") + "/" + i,
                ErrorCode.INVALID_FIELD,
                "Must be delivered, failed or dead_letter."));
      }
    }
    if (items.isEmpty() && fields.any("statuses").filter(JsonNode::isEmpty).isPresent()) {
      fields.problem("statuses", ErrorCode.INVALID_FIELD, "Must have at least one status.");
    }
    return statuses;
  }

  private CompletionStage<Response> get(Call call) {
    var wrong = call.query().end();
    if (!wrong.isEmpty()) return Call.now(call.reject(wrong));
    Optional<UUID> id = Identifiers.parse(ID_PREFIX, call.id());
    if (id.isEmpty()) return Call.now(call.notFound());
    return replays
        .find(call.tenant(), id.get())
        .thenApply(
            found ->
                found.map(replay -> Answers.json(200, shown(replay))).orElseGet(call::notFound));
  }

  private static ObjectNode shown(Replay replay) {
    ObjectNode node = Answers.NODES.objectNode();
    node.put("id", Identifiers.text(ID_PREFIX, replay.id()));
    node.put("endpoint_id", replay.endpoint().toString());
    node.put("status", replay.status().text());
    Answers.time(node, "since", replay.sinceMillis());
    Answers.time(node, "until", replay.untilMillis());
    var statuses = node.putArray("statuses");
    replay.statuses().forEach(status -> statuses.add(status.text()));
    node.put("events_seen", replay.seen());
    node.put("events_replayed", replay.replayed());
    node.put("events_skipped", replay.seen() - replay.replayed());
    Answers.time(node, "seen_until", replay.seen() == 0 ? 0 : replay.position().createdAtMillis());
    Answers.time(node, "created_at", replay.createdAtMillis());
    Answers.time(node, "finished_at", replay.finishedAtMillis());
    return node;
  }
}
