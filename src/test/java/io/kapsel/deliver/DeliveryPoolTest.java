package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Endpoint.Started;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.deliver.DeliveryPool.Deliver;
import io.kapsel.deliver.DeliveryPool.PoolSettings;
import io.kapsel.deliver.DeliveryPool.Report;
import io.kapsel.storage.ContentStore;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class DeliveryPoolTest {
  private static final DeliveryPool.Route ROUTE =
      new DeliveryPool.Route("http://example.com/", DeliverySettings.DEFAULT, false);

  private record Sent(EndpointId endpoint, CompletableFuture<Outcome> outcome) {}

  private final ActorTestKit kit = ActorTestKit.create();
  private final Store contents = new Store();
  private final BlockingQueue<Sent> sent = new LinkedBlockingQueue<>();

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void an_endpoint_that_was_recalled_often_takes_its_turn_once() throws Exception {
    ActorRef<DeliveryPool.Message> pool = pool(1);
    TestProbe<Report> busy = kit.createTestProbe();
    TestProbe<Report> flapping = kit.createTestProbe();
    TestProbe<Report> steady = kit.createTestProbe();
    deliver(pool, 1, busy, 1);
    Sent holdsThePermit = next();
    for (int i = 0; i < 20; i++) {
      deliver(pool, 2, flapping, 1);
      pool.tell(new DeliveryPool.Recall(flapping.ref()));
      flapping.receiveMessage();
      pool.tell(new DeliveryPool.Taken(flapping.ref()));
    }
    deliver(pool, 2, flapping, 3);
    deliver(pool, 3, steady, 3);
    Sent first = done(holdsThePermit);
    Sent second = done(first);
    assertNotEquals(first.endpoint(), second.endpoint());
    Sent third = done(second);
    Sent fourth = done(third);
    assertNotEquals(third.endpoint(), fourth.endpoint());
  }

  @Test
  void large_bodies_wait_for_room_and_none_is_forgotten() throws Exception {
    contents.bodyBytes.put(1L, 300);
    ActorRef<DeliveryPool.Message> pool = pool(100, 800);
    deliver(pool, 1, kit.createTestProbe(), 20);
    ArrayDeque<Sent> inFlight = new ArrayDeque<>();
    for (int i = 0; i < 2; i++) inFlight.add(next());
    for (int i = 2; i < 20; i++) {
      assertNull(sent.poll(20, TimeUnit.MILLISECONDS), "more than its share of the room");
      inFlight.add(done(inFlight.removeFirst()));
    }
  }

  @Test
  void large_bodies_at_a_destination_that_hangs_hold_up_nobody_else() throws Exception {
    contents.bodyBytes.put(1L, 300);
    contents.bodyBytes.put(2L, 100);
    ActorRef<DeliveryPool.Message> pool = pool(100, 800);
    deliver(pool, 1, kit.createTestProbe(), 20);
    for (int i = 0; i < 2; i++) assertEquals(endpoint(1), next().endpoint());
    deliver(pool, 2, kit.createTestProbe(), 3);
    Sent other = next();
    for (int i = 0; i < 2; i++) {
      assertEquals(endpoint(2), other.endpoint());
      other = done(other);
    }
  }

  @Test
  void a_body_larger_than_all_the_room_goes_alone() throws Exception {
    contents.bodyBytes.put(1L, 5_000);
    contents.bodyBytes.put(2L, 100);
    ActorRef<DeliveryPool.Message> pool = pool(100, 800);
    deliver(pool, 1, kit.createTestProbe(), 2);
    Sent large = next();
    deliver(pool, 2, kit.createTestProbe(), 1);
    assertNull(sent.poll(20, TimeUnit.MILLISECONDS), "there is no room left");
    Sent second = done(large);
    assertNotEquals(second.endpoint(), done(second).endpoint());
  }

  private Sent done(Sent attempt) throws InterruptedException {
    attempt.outcome().complete(Outcome.delivered(200, ""));
    return next();
  }

  private Sent next() throws InterruptedException {
    Sent next = sent.poll(10, TimeUnit.SECONDS);
    if (next == null) throw new AssertionError("nothing was sent");
    return next;
  }

  private ActorRef<DeliveryPool.Message> pool(int concurrency) {
    return pool(concurrency, 1 << 20);
  }

  private ActorRef<DeliveryPool.Message> pool(int concurrency, long bodiesBytesMax) {
    return kit.spawn(
        DeliveryPool.create(
            new PoolSettings(concurrency, 60_000, bodiesBytesMax),
            contents,
            dispatch -> {
              var outcome = new CompletableFuture<Outcome>();
              sent.add(new Sent(dispatch.webhook().endpoint(), outcome));
              return outcome;
            },
            InstantSource.system(),
            tenant -> 0,
            permits -> {}));
  }

  private static void deliver(
      ActorRef<DeliveryPool.Message> pool, int endpoint, TestProbe<Report> replyTo, int webhooks) {
    List<Started> started = new ArrayList<>();
    for (int i = 0; i < webhooks; i++)
      started.add(new Started(i, new WebhookId(1L << 32, endpoint * 1_000L + i), 1));
    pool.tell(
        new Deliver(
            endpoint(endpoint), new TenantId(1, 1), ROUTE, started, Long.MAX_VALUE, replyTo.ref()));
  }

  private static EndpointId endpoint(long number) {
    return new EndpointId(0, number);
  }

  /** Has every content, of the endpoint that the identifier's thousands tell. */
  private static final class Store implements ContentStore {
    final Map<Long, Integer> bodyBytes = new ConcurrentHashMap<>();

    @Override
    public CompletionStage<List<Webhook>> fetch(List<WebhookId> ids) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Contents> fetch(List<WebhookId> ids, long bytesMax) {
      List<Webhook> found = new ArrayList<>();
      List<WebhookId> later = new ArrayList<>();
      long room = bytesMax;
      for (WebhookId id : ids) {
        Webhook webhook = webhook(id);
        if (webhook.body().length() > room) {
          later.add(id);
        } else {
          room -= webhook.body().length();
          found.add(webhook);
        }
      }
      return CompletableFuture.completedFuture(new Contents(found, later));
    }

    private Webhook webhook(WebhookId id) {
      return new Webhook(
          id,
          endpoint(id.low() / 1_000),
          new TenantId(1, 1),
          "text/plain",
          List.of(),
          Body.wrap(new byte[bodyBytes.getOrDefault(id.low() / 1_000, 0)]),
          new byte[32],
          "",
          0);
    }

    @Override
    public CompletionStage<Void> store(Webhook webhook) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> remove(List<WebhookId> ids) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<List<Webhook>> withoutOutcome(
        WebhookId after, WebhookId until, int limit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<WebhookId> watermark() {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<@Nullable Void> advance(WebhookId watermark) {
      throw new UnsupportedOperationException();
    }
  }
}
