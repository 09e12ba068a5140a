package io.kapsel.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.limit.Allowance;
import io.kapsel.core.limit.Quota;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.storage.QuotaUse;
import io.kapsel.storage.TenantLimits;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class IngestGateTest {
  private static final long SECOND = 1_000_000_000;
  private static final TenantId TENANT = new TenantId(1, 1);
  private static final TenantId OTHER = new TenantId(1, 2);
  private static final EndpointId ENDPOINT = new EndpointId(2, 1);

  private long now = 7 * SECOND;
  private double share = 1;
  private final Map<TenantId, TenantLimits> table = new TreeMap<>();
  private final List<List<TenantId>> queries = new ArrayList<>();
  private final Map<Long, Long> used = new TreeMap<>();
  private final List<Long> draws = new ArrayList<>();
  private Optional<CompletableFuture<QuotaUse.Draw>> slowDraw = Optional.empty();
  private Optional<CompletableFuture<Map<TenantId, TenantLimits>>> slowAnswer = Optional.empty();
  private final Meters meters = new LocalMeters(() -> now, () -> share);
  private final TenantTerms terms = terms(TenantTerms.Usual.UNLIMITED);
  private final IngestGate gate = new IngestGate(terms, meters, 100);

  private TenantTerms terms(TenantTerms.Usual usual) {
    return new TenantTerms(this::query, this::draw, meters, usual, () -> now, 100);
  }

  private CompletionStage<Map<TenantId, TenantLimits>> query(List<TenantId> tenants) {
    queries.add(tenants);
    if (slowAnswer.isPresent()) return slowAnswer.get();
    Map<TenantId, TenantLimits> found = new TreeMap<>(table);
    found.keySet().retainAll(tenants);
    return CompletableFuture.completedFuture(found);
  }

  private CompletionStage<QuotaUse.Draw> draw(TenantId tenant, Quota quota, long wanted) {
    draws.add(wanted);
    if (slowDraw.isPresent()) return slowDraw.get();
    return CompletableFuture.completedFuture(drawn(quota, wanted));
  }

  /** As the table does it, by this test's clock. */
  private QuotaUse.Draw drawn(Quota quota, long wanted) {
    long window = quota.windowSeconds();
    long ends = (now / SECOND / window + 1) * window;
    long granted = Math.clamp(quota.webhooks() - used.getOrDefault(ends, 0L), 0, wanted);
    used.merge(ends, granted, Long::sum);
    return new QuotaUse.Draw(granted, ends, Math.ceilDiv(ends * SECOND - now, 1_000_000));
  }

  private void grantQuota(long webhooks, int windowSeconds) {
    table.put(TENANT, new TenantLimits(0, 0, new Quota(webhooks, windowSeconds), 0, 0, false));
  }

  private Counting count() {
    CompletableFuture<Counting> counting = gate.count(TENANT);
    assertTrue(counting.isDone());
    return counting.join();
  }

  private int counted(int tries) {
    int counted = 0;
    for (int i = 0; i < tries; i++) if (count() instanceof Counting.Counted) counted++;
    return counted;
  }

  private void grant(TenantId tenant, double rate, int burst) {
    table.put(tenant, new TenantLimits(rate, burst, Quota.NONE, 0, 0, false));
  }

  private Optional<Rejection> admit(TenantId tenant, Allowance own) {
    CompletableFuture<Optional<Rejection>> ruling = gate.admit(tenant, ENDPOINT, own);
    assertTrue(ruling.isDone());
    return ruling.join();
  }

  private int admitted(TenantId tenant, Allowance own, int tries) {
    int admitted = 0;
    for (int i = 0; i < tries; i++) if (admit(tenant, own).isEmpty()) admitted++;
    return admitted;
  }

  private int admitted(TenantId tenant, int tries) {
    return admitted(tenant, Allowance.UNLIMITED, tries);
  }

  @Nested
  class ATenant {
    @Test
    void without_a_limit_is_not_limited() {
      assertEquals(10_000, admitted(TENANT, 10_000));
    }

    @Test
    void is_held_to_its_rate_and_told_so() {
      grant(TENANT, 0.5, 2);
      assertEquals(2, admitted(TENANT, 5));
      Rejection rejection = admit(TENANT, Allowance.UNLIMITED).orElseThrow();
      assertEquals(ErrorCode.RATE_LIMITED, rejection.code());
      assertEquals(2, rejection.retryAfterSeconds());
      Rejection.Policy violated = rejection.violated().orElseThrow();
      assertEquals(new Rejection.Policy("tenant", 2, 4), violated);
      now += 2 * SECOND + 2_000_000;
      assertEquals(1, admitted(TENANT, 5));
    }

    @Test
    void does_not_use_up_what_is_another_ones() {
      grant(TENANT, 1, 1);
      grant(OTHER, 1, 1);
      assertEquals(1, admitted(TENANT, 100));
      assertEquals(1, admitted(OTHER, 100));
    }

    @Test
    void gets_this_nodes_share() {
      grant(TENANT, 10, 10);
      share = 0.5;
      assertEquals(5, admitted(TENANT, 100));
      share = 0.2;
      assertEquals(0, admitted(TENANT, 100));
      now += SECOND;
      assertEquals(2, admitted(TENANT, 100));
    }

    @Test
    void without_a_limit_of_its_own_has_the_usual_one() {
      var usual = terms(new TenantTerms.Usual(new Allowance(1, 3), 4));
      var limited = new IngestGate(usual, meters, 100);
      int admitted = 0;
      for (int i = 0; i < 9; i++)
        if (limited.admit(TENANT, ENDPOINT, Allowance.UNLIMITED).join().isEmpty()) admitted++;
      assertEquals(3, admitted);
      assertEquals(4, usual.deliveryConcurrency(TENANT));
    }
  }

  @Nested
  class AnEndpoint {
    @Test
    void has_a_limit_of_its_own_before_the_tenants() {
      grant(TENANT, 1, 5);
      var own = new Allowance(1, 2);
      assertEquals(2, admitted(TENANT, own, 100));
      assertEquals("endpoint", admit(TENANT, own).orElseThrow().violated().orElseThrow().name());
      // What it refused has used up nothing of the tenant's.
      assertEquals(3, admitted(TENANT, 100));
    }

    @Test
    void that_is_changed_keeps_its_tokens() {
      assertEquals(2, admitted(TENANT, new Allowance(1, 2), 100));
      assertEquals(0, admitted(TENANT, new Allowance(1, 50), 100));
      now += 3 * SECOND;
      assertEquals(3, admitted(TENANT, new Allowance(1, 50), 100));
    }
  }

  @Nested
  class AQuota {
    @Test
    void is_told_at_the_door_once_it_is_used_up() {
      grantQuota(3, 60);
      assertEquals(3, counted(3));
      assertEquals(1, admitted(TENANT, 1));
      assertEquals(0, counted(1));
      Rejection rejection = admit(TENANT, Allowance.UNLIMITED).orElseThrow();
      assertEquals(ErrorCode.QUOTA_EXCEEDED, rejection.code());
      assertEquals(53, rejection.retryAfterSeconds());
      assertEquals(new Rejection.Policy("quota", 3, 60), rejection.violated().orElseThrow());
      assertTrue(
          count() instanceof Counting.Refused refused && refused.rejection().equals(rejection));
    }

    @Test
    void is_full_again_in_the_next_window() {
      grantQuota(3, 60);
      assertEquals(3, counted(10));
      now = 60 * SECOND - 1;
      assertEquals(0, counted(10));
      now = 60 * SECOND + 1_000_000;
      assertEquals(1, admitted(TENANT, 1));
      assertEquals(3, counted(10));
    }

    @Test
    void takes_back_what_was_not_accepted() {
      grantQuota(2, 60);
      Counting first = count();
      assertEquals(1, counted(10));
      first.giveBack();
      assertEquals(1, admitted(TENANT, 1));
      assertEquals(1, counted(10));
      assertEquals(0, counted(10));
    }

    @Test
    void of_a_window_that_is_over_comes_back_to_nobody() {
      grantQuota(1, 60);
      Counting first = count();
      now = 60 * SECOND;
      assertEquals(1, counted(10));
      first.giveBack();
      assertEquals(0, counted(10));
    }

    @Test
    void is_drawn_a_thousandth_at_a_time() {
      grantQuota(10_000, 60);
      assertEquals(95, counted(95));
      assertEquals(Collections.nCopies(10, 10L), draws);
    }

    @Test
    void that_is_used_up_is_asked_for_once_a_second() {
      grantQuota(1, 600);
      assertEquals(1, counted(1));
      for (int i = 0; i < 1_000; i++) {
        now += SECOND / 100;
        counted(1);
      }
      assertTrue(draws.size() <= 13, draws.size() + " draws");
    }

    @Test
    void that_is_raised_holds_soon() {
      grantQuota(1, 600);
      assertEquals(1, counted(5));
      grantQuota(3, 600);
      now += SECOND + 1;
      assertEquals(2, counted(5));
    }

    @Test
    void is_drawn_together_for_those_who_wait() {
      grantQuota(1_000, 60);
      assertEquals(1, counted(1));
      slowDraw = Optional.of(new CompletableFuture<>());
      List<CompletableFuture<Counting>> waiting = new ArrayList<>();
      for (int i = 0; i < 50; i++) waiting.add(gate.count(TENANT));
      CompletableFuture<QuotaUse.Draw> answer = slowDraw.get();
      slowDraw = Optional.empty();
      answer.complete(drawn(new Quota(1_000, 60), 1));
      assertTrue(
          waiting.stream()
              .allMatch(each -> each.isDone() && each.join() instanceof Counting.Counted));
      assertTrue(draws.size() <= 4, draws.toString());
    }

    @Test
    void fails_when_its_count_is_out_of_reach() {
      grantQuota(1, 60);
      slowDraw = Optional.of(CompletableFuture.failedFuture(new IllegalStateException("down")));
      assertTrue(gate.count(TENANT).isCompletedExceptionally());
      slowDraw = Optional.empty();
      assertEquals(1, counted(3));
    }
  }

  @Nested
  class Terms {
    @Test
    void that_changed_hold_after_a_second_whether_there_was_traffic_or_not() {
      grant(TENANT, 1, 1);
      assertEquals(1, admitted(TENANT, 10));
      grant(TENANT, 1_000, 1_000);
      now += SECOND + 1;
      assertEquals(1, admitted(TENANT, 1));
      now += SECOND;
      assertEquals(1_000, admitted(TENANT, 2_000));
      grant(TENANT, 1, 1);
      for (int i = 0; i < 100; i++) {
        now += SECOND / 100;
        admitted(TENANT, 1);
      }
      now += SECOND;
      assertEquals(1, admitted(TENANT, 100));
    }

    @Test
    void are_read_twice_a_second_at_most() {
      grant(TENANT, 1_000, 1_000);
      for (int i = 0; i < 1_000; i++) {
        now += SECOND / 100;
        admitted(TENANT, 1);
      }
      assertTrue(queries.size() <= 21, queries.size() + " queries");
    }

    @Test
    void that_came_late_are_as_old_as_their_question() {
      grant(TENANT, 1_000, 1_000);
      slowAnswer = Optional.of(new CompletableFuture<>());
      var first = gate.admit(TENANT, ENDPOINT, Allowance.UNLIMITED);
      now += SECOND - 1;
      slowAnswer.get().complete(new TreeMap<>(table));
      assertTrue(first.isDone());
      slowAnswer = Optional.of(new CompletableFuture<>());
      now += 2;
      assertFalse(gate.admit(TENANT, ENDPOINT, Allowance.UNLIMITED).isDone());
      assertEquals(2, queries.size());
    }

    @Test
    void of_many_tenants_are_read_together() {
      slowAnswer = Optional.of(new CompletableFuture<>());
      var first = gate.admit(TENANT, ENDPOINT, Allowance.UNLIMITED);
      List<CompletableFuture<Optional<Rejection>>> rest = new ArrayList<>();
      for (int i = 0; i < 50; i++)
        rest.add(gate.admit(new TenantId(3, i), ENDPOINT, Allowance.UNLIMITED));
      assertFalse(first.isDone());
      CompletableFuture<Map<TenantId, TenantLimits>> answer = slowAnswer.get();
      slowAnswer = Optional.empty();
      answer.complete(new TreeMap<>());
      assertTrue(first.isDone());
      assertTrue(rest.stream().allMatch(CompletableFuture::isDone));
      assertEquals(List.of(1, 50), queries.stream().map(List::size).toList());
    }

    @Test
    void hold_as_last_known_while_the_database_does_not_answer() {
      grant(TENANT, 1, 3);
      assertEquals(3, admitted(TENANT, 10));
      slowAnswer = Optional.of(CompletableFuture.failedFuture(new IllegalStateException("down")));
      now += 2 * SECOND;
      assertEquals(2, admitted(TENANT, 10));
      assertEquals(2, queries.size());
    }

    @Test
    void are_open_for_a_tenant_that_was_never_read() {
      slowAnswer = Optional.of(CompletableFuture.failedFuture(new IllegalStateException("down")));
      assertEquals(10, admitted(TENANT, 10));
    }

    @Test
    void say_how_many_deliveries_a_tenant_may_make_at_once() {
      table.put(TENANT, new TenantLimits(0, 0, Quota.NONE, 7, 0, false));
      assertEquals(7, terms.deliveryConcurrency(TENANT));
      table.put(TENANT, new TenantLimits(0, 0, Quota.NONE, 0, 0, false));
      now += SECOND + 1;
      assertEquals(0, terms.deliveryConcurrency(TENANT));
    }
  }
}
