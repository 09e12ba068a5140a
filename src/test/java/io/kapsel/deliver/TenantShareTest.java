package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.typesafe.config.ConfigFactory;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Endpoint.Started;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.storage.ContentStore;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who gets the permits, when destinations answer only as told. */
class TenantShareTest {
  private static final TenantId A = new TenantId(1, 1);
  private static final TenantId B = new TenantId(1, 2);
  private static final TenantId LAST = new TenantId(1, 3);
  private static final int CONCURRENCY = 90;

  private static ActorTestKit kit;

  private record Flying(TenantId tenant, EndpointId endpoint, CompletableFuture<Outcome> outcome) {}

  private final List<Flying> flying = new CopyOnWriteArrayList<>();
  private final List<TenantId> begun = new CopyOnWriteArrayList<>();
  private final Map<TenantId, Integer> limits = new ConcurrentHashMap<>();
  private final AtomicLong sequence = new AtomicLong();
  private final Map<EndpointId, TestProbe<DeliveryPool.Report>> probes = new TreeMap<>();
  private ActorRef<DeliveryPool.Message> pool = start();

  @BeforeAll
  static void startKit() {
    kit =
        ActorTestKit.create(
            ConfigFactory.parseString("akka.loglevel=WARNING").withFallback(ConfigFactory.load()));
  }

  @AfterAll
  static void stopKit() {
    kit.shutdownTestKit();
  }

  @AfterEach
  void stop() {
    kit.stop(pool);
  }

  private ActorRef<DeliveryPool.Message> start() {
    return kit.spawn(
        DeliveryPool.create(
            new DeliveryPool.PoolSettings(CONCURRENCY, 20_000, 1 << 20),
            new Store(),
            this::fly,
            InstantSource.system(),
            tenant -> limits.getOrDefault(tenant, 0),
            permits -> {}));
  }

  private final Map<WebhookId, Webhook> stored = new ConcurrentHashMap<>();

  private final class Store implements ContentStore {
    @Override
    public CompletionStage<List<Webhook>> fetch(List<WebhookId> ids) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Contents> fetch(List<WebhookId> ids, long bytesMax) {
      return CompletableFuture.completedFuture(
          new Contents(ids.stream().map(stored::get).toList(), List.of()));
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

  private CompletableFuture<Outcome> fly(Destination.Dispatch dispatch) {
    Webhook webhook = dispatch.webhook();
    var flight = new Flying(webhook.tenant(), webhook.endpoint(), new CompletableFuture<>());
    begun.add(webhook.tenant());
    flying.add(flight);
    return flight.outcome();
  }

  private void deliver(TenantId tenant, long endpoint, int attempts) {
    EndpointId id = new EndpointId(tenant.low(), endpoint);
    TestProbe<DeliveryPool.Report> probe = probe(id);
    List<Started> started = new ArrayList<>();
    for (int i = 0; i < attempts; i++) {
      long number = sequence.incrementAndGet();
      WebhookId webhook = new WebhookId(9, number);
      stored.put(
          webhook,
          new Webhook(
              webhook,
              id,
              tenant,
              "text/plain",
              List.of(),
              Body.wrap(new byte[0]),
              new byte[32],
              "",
              0));
      started.add(new Started(number, webhook, 1));
    }
    pool.tell(
        new DeliveryPool.Deliver(
            id,
            tenant,
            new DeliveryPool.Route("http://a", DeliverySettings.DEFAULT, false),
            started,
            Long.MAX_VALUE,
            probe.ref()));
  }

  private TestProbe<DeliveryPool.Report> probe(EndpointId id) {
    return probes.computeIfAbsent(id, each -> kit.createTestProbe(DeliveryPool.Report.class));
  }

  private int flying(TenantId tenant) {
    return (int) flying.stream().filter(each -> each.tenant().equals(tenant)).count();
  }

  private long flying(TenantId tenant, long endpoint) {
    return flying.stream()
        .filter(each -> each.endpoint().equals(new EndpointId(tenant.low(), endpoint)))
        .count();
  }

  /** The pool has done everything it was told before: what it is told last flies last. */
  private void settled() {
    int before = flying(LAST);
    deliver(LAST, sequence.incrementAndGet(), 1);
    Waiting.until(() -> flying(LAST) > before);
  }

  private void finish(TenantId tenant, int count) {
    int left = count;
    for (Flying each : List.copyOf(flying)) {
      if (left == 0 || !each.tenant().equals(tenant)) continue;
      left--;
      flying.remove(each);
      each.outcome().complete(Outcome.delivered(200, ""));
    }
  }

  @Test
  void a_tenants_limit_holds_over_all_its_endpoints() {
    limits.put(A, 10);
    for (int endpoint = 0; endpoint < 20; endpoint++) deliver(A, endpoint, 5);
    deliver(B, 1, 20);
    Waiting.until(() -> flying(A) == 10 && flying(B) == 20);
    settled();
    assertEquals(10, flying(A));
    finish(A, 4);
    Waiting.until(() -> begun.stream().filter(A::equals).count() == 14);
    settled();
    assertEquals(10, flying(A));
  }

  @Test
  void a_limit_that_is_raised_is_used_at_once_or_a_moment_later() {
    limits.put(A, 2);
    for (int endpoint = 0; endpoint < 50; endpoint++) deliver(A, endpoint, 1);
    Waiting.until(() -> flying(A) == 2);
    limits.put(A, 30);
    Waiting.until(() -> flying(A) == 30);
  }

  @Test
  void within_its_limit_a_tenants_dead_endpoint_leaves_room_for_its_others() {
    limits.put(A, 9);
    deliver(A, 1, 100);
    Waiting.until(() -> flying(A) > 0);
    settled();
    deliver(A, 2, 1);
    Waiting.until(() -> flying(A, 2) == 1);
    assertEquals(6, flying(A, 1));
  }

  @Test
  void one_tenant_leaves_a_ninth_of_the_node_to_the_others() {
    for (int endpoint = 0; endpoint < 100; endpoint++) deliver(A, endpoint, 10);
    Waiting.until(() -> flying(A) == 80);
    settled();
    assertEquals(80, flying(A));
    deliver(B, 1, 3);
    Waiting.until(() -> flying(B) == 3);
  }

  @Test
  void tenants_take_turns_however_many_endpoints_they_have() {
    for (int endpoint = 0; endpoint < 200; endpoint++) deliver(A, endpoint, 5);
    Waiting.until(() -> flying(A) == 80);
    for (int endpoint = 0; endpoint < 4; endpoint++) deliver(B, endpoint, 20);
    settled();
    int before = begun.size();
    // Each permit that comes back goes to whose turn it is.
    for (int round = 0; round < 40; round++) {
      int done = begun.size();
      finish(A, 1);
      finish(B, 1);
      Waiting.until(() -> begun.size() > done || flying(A) + flying(B) >= 80);
    }
    settled();
    List<TenantId> since = begun.subList(before, begun.size());
    long forB = since.stream().filter(B::equals).count();
    assertTrue(forB >= since.size() / 2, forB + " of " + since.size());
  }

  @Test
  void what_is_recalled_does_not_hold_up_the_others() {
    limits.put(A, 1);
    deliver(A, 1, 1);
    Waiting.until(() -> flying(A) == 1);
    deliver(A, 2, 5);
    deliver(A, 3, 1);
    settled();
    TestProbe<DeliveryPool.Report> recalled = probe(new EndpointId(A.low(), 2));
    pool.tell(new DeliveryPool.Recall(recalled.ref()));
    finish(A, 1);
    Waiting.until(() -> flying(A, 3) == 1);
    assertEquals(5, recalled.receiveMessage().released().size());
  }
}
