package io.kapsel.deliver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import com.typesafe.config.ConfigFactory;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.testing.Waiting;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets the permits, when destinations answer only as told. */
class TenantShareTest {
  private static final TenantId A = new TenantId(1, 1);
  private static final TenantId B = new TenantId(1, 2);
  private static final int CONCURRENCY = 1_000;

  private static ActorTestKit kit;

  private PoolStage stage = of(CONCURRENCY);

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
    kit.stop(stage.pool);
  }

  private static PoolStage of(int concurrency) {
    return new PoolStage(kit, new DeliveryPool.PoolSettings(concurrency, 20_000, 1 << 20));
  }

  @Test
  void a_tenants_limit_holds_over_all_its_endpoints() {
    stage.limits.put(A, 10);
    for (int endpoint = 0; endpoint < 20; endpoint++) stage.deliver(A, endpoint, 5);
    stage.deliver(B, 1, 20);
    Waiting.until(() -> stage.flying(A) == 10 && stage.flying(B) == 20);
    stage.settled();
    assertEquals(10, stage.flying(A));
    stage.finish(A, 4);
    Waiting.until(() -> stage.begun.stream().filter(A::equals).count() == 14);
    stage.settled();
    assertEquals(10, stage.flying(A));
  }

  @Test
  void a_limit_that_is_raised_is_used_at_once_or_a_moment_later() {
    stage.limits.put(A, 2);
    for (int endpoint = 0; endpoint < 50; endpoint++) stage.deliver(A, endpoint, 1);
    Waiting.until(() -> stage.flying(A) == 2);
    stage.limits.put(A, 30);
    Waiting.until(() -> stage.flying(A) == 30);
  }

  @Test
  void within_its_limit_a_tenants_dead_endpoint_leaves_room_for_its_others() {
    stage.limits.put(A, 9);
    stage.deliver(A, 1, 100);
    Waiting.until(() -> stage.flying(A) > 0);
    stage.settled();
    stage.deliver(A, 2, 1);
    Waiting.until(() -> stage.flying(A, 2) == 1);
    assertEquals(6, stage.flying(A, 1));
  }

  @Test
  void one_tenant_alone_uses_all_but_a_twentieth_of_the_node() {
    for (int endpoint = 0; endpoint < 100; endpoint++) stage.deliver(A, endpoint, 20);
    Waiting.until(() -> stage.flying(A) == 950);
    stage.settled();
    assertEquals(950, stage.flying(A));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 10, 40, 1_000})
  void a_late_tenant_does_not_wait_for_one_that_hangs(int concurrency) {
    kit.stop(stage.pool);
    stage = of(concurrency);
    int reserve = Math.max(1, concurrency / 20);
    for (int endpoint = 0; endpoint < 100; endpoint++) stage.deliver(A, endpoint, 20);
    Waiting.until(() -> stage.flying(A) == concurrency - reserve);
    stage.deliver(B, 1, concurrency);
    Waiting.until(() -> stage.flying(B) >= (reserve + 1) / 2);
  }

  @Test
  void several_late_tenants_find_something_although_all_before_them_hang() {
    for (int endpoint = 0; endpoint < 100; endpoint++) stage.deliver(A, endpoint, 20);
    Waiting.until(() -> stage.flying(A) == 950);
    for (int late = 10; late < 16; late++) {
      TenantId tenant = new TenantId(1, late);
      stage.deliver(tenant, 1, CONCURRENCY);
      Waiting.until(() -> stage.flying(tenant) > 0);
    }
  }

  @Test
  void tenants_take_turns_however_many_endpoints_they_have() {
    for (int endpoint = 0; endpoint < 200; endpoint++) stage.deliver(A, endpoint, 10);
    Waiting.until(() -> stage.flying(A) == 950);
    for (int endpoint = 0; endpoint < 4; endpoint++) stage.deliver(B, endpoint, 200);
    stage.settled();
    int before = stage.begun.size();
    // Each permit that comes back goes to whose turn it is.
    stage.finish(A, 300);
    Waiting.until(() -> stage.flying(A) + stage.flying(B) == 950);
    List<TenantId> since = stage.begun.subList(before, stage.begun.size());
    long forB = since.stream().filter(B::equals).count();
    assertTrue(forB >= since.size() / 2, forB + " of " + since.size());
  }

  @Test
  void what_is_recalled_does_not_hold_up_the_others() {
    stage.limits.put(A, 1);
    stage.deliver(A, 1, 1);
    Waiting.until(() -> stage.flying(A) == 1);
    stage.deliver(A, 2, 5);
    stage.deliver(A, 3, 1);
    stage.settled();
    TestProbe<DeliveryPool.Report> recalled = stage.probe(PoolStage.endpoint(A, 2));
    stage.recall(A, 2);
    stage.finish(A, 1);
    Waiting.until(() -> stage.flying(A, 3) == 1);
    assertEquals(5, recalled.receiveMessage().released().size());
  }
}
