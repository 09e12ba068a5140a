package io.kapsel.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.endpoint.EndpointMessage;
import io.kapsel.ingest.Reconciler.ReconcilerSettings;
import io.kapsel.testing.NoContents;
import io.kapsel.testing.Waiting;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ReconcilerTest {
  private static final EndpointId FIRST = new EndpointId(0, 1);
  private static final EndpointId SECOND = new EndpointId(0, 2);

  private final ActorTestKit kit = ActorTestKit.create();
  private final Store store = new Store();
  private final Map<EndpointId, ErrorCode> declining = new ConcurrentHashMap<>();
  private final Set<EndpointId> silent = ConcurrentHashMap.newKeySet();
  private final Set<WebhookId> owned = new ConcurrentSkipListSet<>();
  private final AtomicLong lost = new AtomicLong();

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void what_nobody_owns_is_taken_up_and_what_is_owned_left_alone() {
    WebhookId known = store.add(FIRST, 1);
    WebhookId unknown = store.add(FIRST, 2);
    owned.add(known);
    reconcile();
    Waiting.until(() -> owned.contains(unknown));
    Waiting.until(() -> store.watermark.compareTo(unknown) >= 0);
    assertEquals(2, store.rows.size());
  }

  @Test
  void what_an_endpoint_declines_was_never_promised_and_holds_up_nobody() {
    WebhookId full = store.add(FIRST, 1);
    WebhookId next = store.add(SECOND, 2);
    declining.put(FIRST, ErrorCode.QUEUE_FULL);
    reconcile();
    Waiting.until(() -> owned.contains(next));
    Waiting.until(() -> store.watermark.compareTo(next) >= 0);
    Waiting.until(() -> !store.rows.containsKey(full));
    assertEquals(0, lost.get());
  }

  @Test
  void an_endpoint_that_does_not_answer_holds_up_no_other_and_is_asked_again() {
    WebhookId unanswered = store.add(FIRST, 1);
    WebhookId next = store.add(SECOND, 2);
    silent.add(FIRST);
    reconcile();
    Waiting.until(() -> owned.contains(next));
    assertTrue(store.watermark.compareTo(unanswered) < 0, "its webhook would never be looked at");
    silent.clear();
    Waiting.until(() -> owned.contains(unanswered));
    Waiting.until(() -> store.watermark.compareTo(next) >= 0);
  }

  private void reconcile() {
    kit.spawn(
        Reconciler.create(
            new ReconcilerSettings(Duration.ofMillis(10), Duration.ofMinutes(5), 10),
            store,
            new Reconciler.Owners(this::inquire, this::adopt),
            InstantSource.system(),
            lost::addAndGet));
  }

  private CompletionStage<EndpointMessage.Reply> inquire(EndpointId id, List<WebhookId> webhooks) {
    if (silent.contains(id)) return CompletableFuture.failedFuture(new RuntimeException("silent"));
    return CompletableFuture.completedFuture(
        new EndpointMessage.Unowned(webhooks.stream().filter(w -> !owned.contains(w)).toList()));
  }

  private CompletionStage<EndpointMessage.Reply> adopt(
      EndpointId id, List<Endpoint.Offered> webhooks) {
    List<Endpoint.Answer> answers = new ArrayList<>();
    for (Endpoint.Offered webhook : webhooks) {
      ErrorCode code = declining.get(id);
      if (code == null) owned.add(webhook.id());
      answers.add(
          code == null ? new Endpoint.Accepted() : new Endpoint.Declined(Rejection.of(code)));
    }
    return CompletableFuture.completedFuture(
        new EndpointMessage.Offered(0, answers, Optional.empty()));
  }

  /** Content without outcomes. */
  private static final class Store extends NoContents {
    final Map<WebhookId, Webhook> rows = new ConcurrentHashMap<>();
    volatile WebhookId watermark = new WebhookId(0, 0);

    WebhookId add(EndpointId endpoint, int number) {
      WebhookId id = new WebhookId((1_700_000_000_000L << 16) | 0x7000L, number);
      rows.put(
          id,
          new Webhook(
              id,
              endpoint,
              new TenantId(1, 1),
              "text/plain",
              List.of(),
              Body.EMPTY,
              new byte[32],
              "",
              0));
      return id;
    }

    @Override
    public CompletionStage<Stretch> withoutOutcome(WebhookId after, WebhookId until, int limit) {
      List<Webhook> found =
          new TreeSet<>(rows.keySet())
              .subSet(after, false, until, true).stream().limit(limit).map(rows::get).toList();
      return CompletableFuture.completedFuture(
          new Stretch(found, found.size() < limit ? until : found.getLast().id()));
    }

    @Override
    public CompletionStage<WebhookId> watermark() {
      return CompletableFuture.completedFuture(watermark);
    }

    @Override
    public CompletionStage<@Nullable Void> advance(WebhookId to) {
      watermark = to;
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> remove(List<WebhookId> ids) {
      ids.forEach(rows::remove);
      return CompletableFuture.completedFuture(null);
    }
  }
}
