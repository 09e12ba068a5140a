package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.Behaviors;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Endpoint.Started;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.testing.NoContents;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/** A delivery pool whose contents are in memory and whose destinations answer only as told. */
final class PoolStage {
  private static final TenantId BARRIER = new TenantId(9, 9);

  /** One attempt under way. */
  record Flying(TenantId tenant, EndpointId endpoint, CompletableFuture<Outcome> outcome) {
    void deliver() {
      outcome.complete(Outcome.delivered(200, ""));
    }
  }

  /** Whoever began an attempt, in order. */
  final List<TenantId> begun = new CopyOnWriteArrayList<>();

  final List<Flying> flying = new CopyOnWriteArrayList<>();
  final Map<TenantId, Integer> limits = new ConcurrentHashMap<>();
  final Map<EndpointId, TestProbe<DeliveryPool.Report>> probes = new ConcurrentHashMap<>();
  final ActorRef<DeliveryPool.Message> pool;
  private final ActorTestKit kit;
  private final Map<WebhookId, Webhook> stored = new ConcurrentHashMap<>();
  private final AtomicBoolean broken = new AtomicBoolean();
  private final List<Runnable> fetches = new CopyOnWriteArrayList<>();
  private volatile boolean fetchesAreHeld;
  private long sequence;

  PoolStage(ActorTestKit kit, DeliveryPool.PoolSettings settings) {
    this.kit = kit;
    this.pool =
        kit.spawn(
            Behaviors.supervise(
                    DeliveryPool.create(
                        settings,
                        new Shelf(),
                        this::fly,
                        InstantSource.system(),
                        this::limit,
                        permits -> {}))
                .onFailure(SupervisorStrategy.restart()));
  }

  static EndpointId endpoint(TenantId tenant, long number) {
    return new EndpointId(tenant.low(), number);
  }

  /** The endpoint's actor, as the pool sees it. */
  TestProbe<DeliveryPool.Report> probe(EndpointId id) {
    return probes.computeIfAbsent(id, each -> kit.createTestProbe(DeliveryPool.Report.class));
  }

  /** Asks for so many attempts of a tenant's endpoint. */
  void deliver(TenantId tenant, long endpoint, int attempts) {
    deliver(tenant, endpoint, attempts, 0);
  }

  void deliver(TenantId tenant, long endpoint, int attempts, int bodyBytes) {
    deliver(tenant, endpoint, attempts, bodyBytes, Long.MAX_VALUE);
  }

  /** The pool has done everything it was told before: it gives back last what it was told last. */
  void settled() {
    deliver(BARRIER, 1, 1, 0, 0);
    TestProbe<DeliveryPool.Report> barrier = probe(endpoint(BARRIER, 1));
    assertEquals(1, barrier.receiveMessage(Duration.ofSeconds(15)).released().size());
    pool.tell(new DeliveryPool.Taken(barrier.ref()));
  }

  private void deliver(
      TenantId tenant, long endpoint, int attempts, int bodyBytes, long sendByMillis) {
    EndpointId id = endpoint(tenant, endpoint);
    List<Started> started = new ArrayList<>();
    for (int i = 0; i < attempts; i++) {
      WebhookId webhook = new WebhookId(1L << 32, ++sequence);
      Body body = Body.wrap(new byte[bodyBytes]);
      stored.put(
          webhook,
          new Webhook(webhook, id, tenant, "text/plain", List.of(), body, new byte[32], "", 0));
      started.add(new Started(sequence, webhook, 1));
    }
    var route = new DeliveryPool.Route("http://a", DeliverySettings.DEFAULT, false);
    pool.tell(new DeliveryPool.Deliver(id, tenant, route, started, sendByMillis, probe(id).ref()));
  }

  void recall(TenantId tenant, long endpoint) {
    pool.tell(new DeliveryPool.Recall(probe(endpoint(tenant, endpoint)).ref()));
  }

  int flying(TenantId tenant) {
    return (int) flying.stream().filter(each -> each.tenant().equals(tenant)).count();
  }

  int flying(TenantId tenant, long endpoint) {
    EndpointId id = endpoint(tenant, endpoint);
    return (int) flying.stream().filter(each -> each.endpoint().equals(id)).count();
  }

  /** The oldest attempts of a tenant are delivered. */
  void finish(TenantId tenant, int count) {
    List<Flying> done =
        flying.stream().filter(each -> each.tenant().equals(tenant)).limit(count).toList();
    flying.removeAll(done);
    done.forEach(Flying::deliver);
  }

  /** Contents that are asked for from now on do not come yet. */
  void holdFetches() {
    fetchesAreHeld = true;
  }

  int heldFetches() {
    return fetches.size();
  }

  void completeFetches() {
    fetchesAreHeld = false;
    fetches.forEach(Runnable::run);
    fetches.clear();
  }

  /** The pool fails at the next attempt it is asked for, and is restarted. */
  void breakOnce() {
    broken.set(true);
  }

  private int limit(TenantId tenant) {
    if (broken.getAndSet(false)) throw new IllegalStateException("broken on purpose");
    return limits.getOrDefault(tenant, 0);
  }

  private CompletableFuture<Outcome> fly(Destination.Dispatch dispatch) {
    Webhook webhook = dispatch.webhook();
    var flight = new Flying(webhook.tenant(), webhook.endpoint(), new CompletableFuture<>());
    begun.add(webhook.tenant());
    flying.add(flight);
    return flight.outcome();
  }

  private final class Shelf extends NoContents {
    @Override
    public CompletionStage<Contents> fetch(List<WebhookId> ids, long bytesMax) {
      List<Webhook> found = new ArrayList<>();
      List<WebhookId> later = new ArrayList<>();
      long room = bytesMax;
      for (WebhookId id : ids) {
        Webhook webhook = Objects.requireNonNull(stored.get(id));
        if (webhook.body().length() > room) {
          later.add(id);
        } else {
          room -= webhook.body().length();
          found.add(webhook);
        }
      }
      var contents = new Contents(found, later);
      if (!fetchesAreHeld) return CompletableFuture.completedFuture(contents);
      CompletableFuture<Contents> held = new CompletableFuture<>();
      fetches.add(() -> held.complete(contents));
      return held;
    }
  }
}
