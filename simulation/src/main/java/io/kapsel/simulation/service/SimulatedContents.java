package io.kapsel.simulation.service;

import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.storage.Database;
import io.kapsel.simulation.world.Node;
import io.kapsel.storage.ContentStore;
import io.kapsel.storage.StorageOverloaded;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** One node's way to the table of contents. */
final class SimulatedContents implements ContentStore {
  /** As in production, what was just stored need not be read back. */
  private static final int RECENT_MAX = 64;

  /** The table itself: it outlives the nodes. */
  static final class Rows {
    private final TreeMap<WebhookId, Webhook> contents = new TreeMap<>();
    private WebhookId watermark = new WebhookId(0, 0);

    @Nullable Webhook find(WebhookId id) {
      return contents.get(id);
    }

    int size() {
      return contents.size();
    }
  }

  private final Node node;
  private final Database database;
  private final Rows rows;
  private final HistoryRows history;
  private final Recorder recorder;
  private final int queuedMax;
  private final Map<WebhookId, Webhook> recent = new LinkedHashMap<>();
  private int queued;

  SimulatedContents(
      Node node,
      Database database,
      Rows rows,
      HistoryRows history,
      Recorder recorder,
      int queuedMax) {
    this.node = node;
    this.database = database;
    this.rows = rows;
    this.history = history;
    this.recorder = recorder;
    this.queuedMax = queuedMax;
  }

  @Override
  public CompletionStage<Void> store(Webhook webhook) {
    if (queued >= queuedMax)
      return CompletableFuture.failedFuture(new StorageOverloaded("the content queue is full"));
    queued++;
    String label = Bodies.webhookOf(webhook.body());
    CompletableFuture<Void> stored =
        request(
            true,
            "store " + webhook.id(),
            label,
            () -> {
              if (rows.contents.putIfAbsent(webhook.id(), webhook) == null) {
                recorder.name(webhook.id(), label);
                recorder.see(
                    new Observation.ContentStored(
                        recorder.now(),
                        node.id(),
                        recorder.nameOf(webhook.endpoint()),
                        label,
                        webhook.id().toString(),
                        Bodies.hash(webhook.body())));
              }
              return null;
            });
    return stored.whenComplete(
        (done, failure) -> {
          queued--;
          if (failure == null) remember(webhook);
        });
  }

  private void remember(Webhook webhook) {
    recent.put(webhook.id(), webhook);
    if (recent.size() > RECENT_MAX) {
      var oldest = recent.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
  }

  @Override
  public CompletionStage<List<Webhook>> fetch(List<WebhookId> ids) {
    recorder.see(
        new Observation.ContentRequested(
            recorder.now(), node.id(), ids.stream().map(WebhookId::toString).toList()));
    List<Webhook> found = new ArrayList<>();
    List<WebhookId> missing = new ArrayList<>();
    for (WebhookId id : ids) {
      Webhook known = recent.remove(id);
      if (known == null) missing.add(id);
      else found.add(known);
    }
    if (missing.isEmpty()) return CompletableFuture.completedFuture(found);
    return request(
        false,
        "fetch " + missing.size() + " contents",
        recorder.nameOf(missing.get(0)),
        () -> {
          for (WebhookId id : missing) {
            Webhook stored = rows.contents.get(id);
            if (stored != null) found.add(stored);
          }
          return found;
        });
  }

  @Override
  public CompletionStage<Contents> fetch(List<WebhookId> ids, long bytesMax) {
    return fetch(ids)
        .thenApply(
            found -> {
              List<Webhook> fitting = new ArrayList<>();
              List<WebhookId> later = new ArrayList<>();
              long bytes = 0;
              for (Webhook webhook : found) {
                bytes += webhook.body().length();
                if (fitting.isEmpty() || bytes <= bytesMax) fitting.add(webhook);
                else later.add(webhook.id());
              }
              return new Contents(fitting, later);
            });
  }

  @Override
  public CompletionStage<Void> remove(List<WebhookId> ids) {
    for (WebhookId id : ids) recent.remove(id);
    return request(
        true,
        "remove " + ids.size() + " contents",
        recorder.nameOf(ids.get(0)),
        () -> {
          for (WebhookId id : ids) {
            if (rows.contents.remove(id) != null)
              recorder.see(
                  new Observation.ContentRemoved(recorder.now(), node.id(), id.toString()));
          }
          return null;
        });
  }

  @Override
  public CompletionStage<Stretch> withoutOutcome(WebhookId after, WebhookId until, int limit) {
    return request(
        false,
        "contents without outcome",
        "reconciler",
        () -> {
          List<Webhook> found = new ArrayList<>();
          if (after.compareTo(until) >= 0) return new Stretch(found, until);
          for (Webhook webhook : rows.contents.subMap(after, false, until, true).values()) {
            if (found.size() == limit) break;
            if (!history.knows(webhook.id())) found.add(withoutContent(webhook));
          }
          return new Stretch(found, found.size() < limit ? until : found.getLast().id());
        });
  }

  private static Webhook withoutContent(Webhook webhook) {
    return new Webhook(
        webhook.id(),
        webhook.endpoint(),
        webhook.tenant(),
        webhook.contentType(),
        List.of(),
        Body.EMPTY,
        webhook.bodySha256(),
        webhook.idempotencyKey(),
        webhook.laneKey());
  }

  @Override
  public CompletionStage<WebhookId> watermark() {
    return request(false, "watermark", "reconciler", () -> rows.watermark);
  }

  @Override
  public CompletionStage<@Nullable Void> advance(WebhookId watermark) {
    return this.<WebhookId>request(
            true,
            "advance to " + watermark,
            "reconciler",
            () -> {
              rows.watermark = watermark;
              return watermark;
            })
        .thenApply(done -> null);
  }

  private <T> CompletableFuture<T> request(
      boolean write, String what, String key, Callable<@Nullable T> operation) {
    return Requests.of(database, node, Database.Table.CONTENT, write, what, key, operation);
  }
}
