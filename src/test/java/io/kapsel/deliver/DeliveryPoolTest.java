package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.deliver.DeliveryPool.PoolSettings;
import io.kapsel.deliver.DeliveryPool.Report;
import io.kapsel.testing.Waiting;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class DeliveryPoolTest {
  private static final TenantId TENANT = new TenantId(1, 1);
  private static final TenantId OTHER = new TenantId(1, 2);

  private final ActorTestKit kit = ActorTestKit.create();

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void an_endpoint_that_was_recalled_often_takes_its_turn_once() {
    PoolStage stage = pool(1, 1 << 20);
    TestProbe<Report> flapping = stage.probe(endpoint(2));
    stage.deliver(TENANT, 1, 1);
    next(stage);
    for (int i = 0; i < 20; i++) {
      stage.deliver(TENANT, 2, 1);
      stage.recall(TENANT, 2);
      flapping.receiveMessage();
      stage.pool.tell(new DeliveryPool.Taken(flapping.ref()));
    }
    stage.deliver(TENANT, 2, 3);
    stage.deliver(TENANT, 3, 3);
    EndpointId first = afterOneIsDone(stage);
    assertNotEquals(first, afterOneIsDone(stage));
    EndpointId third = afterOneIsDone(stage);
    assertNotEquals(third, afterOneIsDone(stage));
  }

  @Test
  void large_bodies_wait_for_room_and_none_is_forgotten() {
    PoolStage stage = pool(100, 800);
    stage.deliver(TENANT, 1, 20, 300);
    Waiting.until(() -> stage.flying(TENANT) == 2);
    for (int begun = 2; begun < 20; begun++) {
      stage.settled();
      assertEquals(2, stage.flying(TENANT), "more than its share of the room");
      stage.finish(TENANT, 1);
      Waiting.until(() -> stage.flying(TENANT) == 2);
    }
  }

  @Test
  void large_bodies_at_a_destination_that_hangs_hold_up_nobody_else() {
    PoolStage stage = pool(100, 800);
    stage.deliver(TENANT, 1, 20, 300);
    Waiting.until(() -> stage.flying(TENANT, 1) == 2);
    stage.deliver(TENANT, 2, 3, 100);
    for (int i = 0; i < 3; i++) {
      Waiting.until(() -> stage.flying(TENANT, 2) > 0);
      int last = stage.flying.size() - 1;
      stage.flying.remove(last).deliver();
    }
  }

  @Test
  void a_body_larger_than_all_the_room_goes_alone() {
    PoolStage stage = pool(100, 800);
    stage.deliver(TENANT, 1, 2, 5_000);
    EndpointId large = next(stage);
    stage.deliver(TENANT, 2, 1, 100);
    stage.settled();
    assertEquals(1, stage.flying(TENANT), "there is no room left");
    EndpointId second = afterOneIsDone(stage);
    assertNotEquals(second, afterOneIsDone(stage));
    assertEquals(endpoint(1), large);
  }

  @Test
  void a_pool_that_was_restarted_counts_only_its_own_attempts() {
    PoolStage stage = pool(10, 1 << 20);
    stage.deliver(TENANT, 1, 4);
    Waiting.until(() -> stage.flying(TENANT) == 4);
    stage.breakOnce();
    stage.deliver(TENANT, 1, 1);
    stage.deliver(TENANT, 1, 1);
    Waiting.until(() -> stage.flying(TENANT) == 5);
    stage.finish(TENANT, 5);
    for (int endpoint = 1; endpoint < 9; endpoint++) stage.deliver(TENANT, endpoint, 5);
    Waiting.until(() -> stage.flying(TENANT) >= 9);
    stage.deliver(OTHER, 1, 1);
    Waiting.until(() -> stage.flying(OTHER) == 1);
    assertEquals(9, stage.flying(TENANT));
  }

  @Test
  void what_was_recalled_while_its_content_was_read_is_not_sent() {
    PoolStage stage = pool(10, 800);
    TestProbe<Report> endpoint = stage.probe(endpoint(1));
    stage.holdFetches();
    // The second does not fit beside the first, and would wait for room.
    stage.deliver(TENANT, 1, 2, 90);
    Waiting.until(() -> stage.heldFetches() == 1);
    stage.recall(TENANT, 1);
    stage.completeFetches();
    int released = 0;
    while (released < 2) {
      released += endpoint.receiveMessage().released().size();
      stage.pool.tell(new DeliveryPool.Taken(endpoint.ref()));
    }
    stage.settled();
    assertEquals(0, stage.flying(TENANT));
  }

  /** The attempt in flight is delivered; whose the next one is. */
  private EndpointId afterOneIsDone(PoolStage stage) {
    stage.finish(TENANT, 1);
    return next(stage);
  }

  private EndpointId next(PoolStage stage) {
    Waiting.until(() -> stage.flying(TENANT) == 1);
    return stage.flying.getFirst().endpoint();
  }

  private PoolStage pool(int concurrency, long bodiesBytesMax) {
    return new PoolStage(kit, new PoolSettings(concurrency, 60_000, bodiesBytesMax));
  }

  private static EndpointId endpoint(long number) {
    return PoolStage.endpoint(TENANT, number);
  }
}
