package io.kapsel.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.limit.Allowance;
import io.kapsel.core.limit.Lease;
import io.kapsel.limit.SharedMeters.SharedSettings;
import io.kapsel.limit.TokenBank.Trouble;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Leases from a simulated bank, on a virtual clock. */
class SharedMetersTest {
  private static final long MILLIS = 1_000_000;
  private static final long SECOND = 1_000 * MILLIS;
  private static final SharedSettings SETTINGS = new SharedSettings(100, 1_000, 30_000, 100);

  private long now = 5 * SECOND;
  private final List<String> told = new ArrayList<>();
  private final SimulatedBank bank = new SimulatedBank(() -> now);
  private final SharedMeters node = node(0.5);

  private SharedMeters node(double share) {
    var meters =
        new SharedMeters(
            bank,
            new LocalMeters(() -> now, () -> share),
            () -> now,
            SETTINGS,
            new SharedMeters.Watch() {
              @Override
              public void degraded(Trouble trouble, String detail) {
                told.add(trouble.name());
              }

              @Override
              public void recovered() {
                told.add("WELL");
              }
            });
    meters.tick();
    return meters;
  }

  private Meter meter(double perSecond, long burst) {
    return node.open("a", new Allowance(perSecond, burst), null);
  }

  private static boolean passes(Meter meter) {
    CompletableFuture<Ruling> ruling = meter.take();
    assertTrue(ruling.isDone());
    return ruling.join() instanceof Ruling.Granted;
  }

  private static int passed(Meter meter, int tries) {
    int passed = 0;
    for (int i = 0; i < tries; i++) if (passes(meter)) passed++;
    return passed;
  }

  @Nested
  class WhileTheBankIsWell {
    @Test
    void no_more_passes_than_the_bank_grants_and_no_less() {
      Meter meter = meter(100, 50);
      assertEquals(50, passed(meter, 200));
      now += SECOND / 10;
      assertEquals(10, passed(meter, 200));
    }

    @Test
    void few_webhooks_wait_for_it() {
      Meter meter = meter(10_000, 10_000);
      assertEquals(5_000, passed(meter, 5_000));
      assertTrue(bank.asked < 30, "asked " + bank.asked + " times");
    }

    @Test
    void an_empty_bucket_is_not_asked_again_for_each_webhook() {
      Meter meter = meter(1, 1);
      assertEquals(1, passed(meter, 1_000));
      assertTrue(bank.asked <= 2, "asked " + bank.asked + " times");
      now += SECOND + 1;
      assertEquals(1, passed(meter, 1_000));
    }

    @Test
    void a_refusal_says_when_there_is_a_token_again() {
      Meter meter = meter(0.1, 1);
      assertTrue(passes(meter));
      now += 4 * SECOND;
      var refused = assertInstanceOf(Ruling.Refused.class, meter.take().join());
      assertEquals(6.0 * SECOND, (double) refused.waitNanos(), 0.01 * SECOND);
      now += 100 * MILLIS;
      assertInstanceOf(Ruling.Refused.class, meter.take().join());
      now += 6 * SECOND;
      assertTrue(passes(meter));
    }

    @Test
    void webhooks_wait_while_it_answers_and_are_then_granted_or_refused() {
      Meter meter = meter(10, 3);
      bank.answersLate();
      List<CompletableFuture<Ruling>> rulings = new ArrayList<>();
      for (int i = 0; i < 5; i++) rulings.add(meter.take());
      assertTrue(rulings.stream().noneMatch(CompletableFuture::isDone));
      bank.answersNow();
      assertTrue(rulings.stream().allMatch(CompletableFuture::isDone));
      assertEquals(3, rulings.stream().filter(Ruling::isGranted).count());
    }

    @Test
    void those_who_wait_are_bounded_and_the_rest_is_ruled_on_locally() {
      Meter meter = meter(10, 1_000);
      bank.answersLate();
      for (int i = 0; i < SETTINGS.waitingMax(); i++) assertFalse(meter.take().isDone());
      assertTrue(passes(meter));
    }

    @Test
    void a_token_that_is_not_used_is_given_up() {
      Meter meter = meter(1_000, 1_000);
      assertEquals(100, passed(meter, 100));
      now += Lease.LIFE_NANOS + 1;
      long before = bank.granted;
      assertTrue(passes(meter));
      assertEquals(before + 1, bank.granted);
    }

    @Test
    void a_changed_allowance_is_asked_for() {
      Meter meter = meter(1, 1);
      assertTrue(passes(meter));
      Meter changed = node.open("b", new Allowance(1, 5), meter);
      assertEquals(5, passed(changed, 10));
    }
  }

  @Nested
  class WhenTheBankIsInTrouble {
    @Test
    void those_who_wait_are_ruled_on_by_the_local_share() {
      Meter meter = meter(10, 10);
      bank.answersLate();
      List<CompletableFuture<Ruling>> rulings = new ArrayList<>();
      for (int i = 0; i < 9; i++) rulings.add(meter.take());
      bank.fails(Trouble.SLOW);
      bank.answersNow();
      assertEquals(5, rulings.stream().filter(Ruling::isGranted).count());
      assertEquals(List.of("WELL", "SLOW"), told);
    }

    @Test
    void it_is_told_once_and_the_bank_is_not_asked_meanwhile() {
      Meter meter = meter(10, 10);
      bank.fails(Trouble.DOWN);
      passed(meter, 100);
      int asked = bank.asked;
      now += SECOND / 2;
      passed(meter, 100);
      node.tick();
      assertEquals(List.of("WELL", "DOWN"), told);
      assertEquals(asked, bank.asked);
      assertEquals(1, bank.probed);
    }

    @Test
    void the_local_share_is_what_the_node_has_not_used_of_it() {
      Meter meter = meter(10, 20);
      assertEquals(8, passed(meter, 8));
      bank.fails(Trouble.DOWN);
      now += Lease.LIFE_NANOS + 1;
      // Half of ten a second, for a little more than one second, on the two that were left of ten.
      assertEquals(7, passed(meter, 100));
    }

    @Test
    void it_is_probed_until_it_is_well_again() {
      Meter meter = meter(10, 10);
      bank.fails(Trouble.DOWN);
      passed(meter, 1);
      for (int i = 0; i < 3; i++) {
        now += 1_001 * MILLIS;
        node.tick();
      }
      assertEquals(4, bank.probed);
      assertEquals(List.of("WELL", "DOWN"), told);
      bank.recovers();
      now += 1_001 * MILLIS;
      node.tick();
      assertEquals(List.of("WELL", "DOWN", "WELL"), told);
      assertTrue(node.isWell());
    }

    @Test
    void a_question_that_throws_is_trouble_as_well() {
      Meter meter = meter(10, 10);
      bank.behaves(
          honest -> {
            throw new IllegalStateException("as told");
          });
      assertEquals(5, passed(meter, 100));
      assertEquals(List.of("WELL", "DOWN"), told);
    }
  }

  @Nested
  class WhenTheBankLies {
    private void lies(SimulatedBank.Manners manners) {
      bank.behaves(manners);
      passed(meter(10, 10), 1);
      assertEquals(List.of("WELL", "LYING"), told);
    }

    @Test
    void granting_more_than_was_asked_for_is_found_out() {
      lies(honest -> honest.thenApply(grant -> new TokenBank.Grant(1_000_000, 0)));
    }

    @Test
    void granting_less_than_nothing_is_found_out() {
      lies(honest -> honest.thenApply(grant -> new TokenBank.Grant(-5, 0)));
    }

    @Test
    void waiting_for_less_than_nothing_is_found_out() {
      lies(honest -> honest.thenApply(grant -> new TokenBank.Grant(0, -1)));
    }

    @Test
    void a_wait_without_end_is_not_believed() {
      Meter meter = meter(1, 1);
      bank.behaves(honest -> honest.thenApply(grant -> new TokenBank.Grant(0, Long.MAX_VALUE)));
      var refused = assertInstanceOf(Ruling.Refused.class, meter.take().join());
      assertTrue(refused.waitNanos() <= SECOND + 2);
      bank.recovers();
      now += SECOND + 2;
      assertTrue(passes(meter));
    }

    @Test
    void granting_without_end_is_found_out_soon() {
      Meter meter = meter(10, 10);
      bank.behaves(honest -> CompletableFuture.completedFuture(new TokenBank.Grant(1, 0)));
      // What it could truthfully grant, and the local share.
      int passed = passed(meter, 100);
      assertTrue(passed >= 10 && passed <= 13, passed + " passed");
      assertEquals(List.of("WELL", "LYING"), told);
    }

    @Test
    void it_is_left_alone_for_longer() {
      lies(honest -> honest.thenApply(grant -> new TokenBank.Grant(-5, 0)));
      bank.recovers();
      now += 29 * SECOND;
      node.tick();
      assertFalse(node.isWell());
      now += 2 * SECOND;
      node.tick();
      assertTrue(node.isWell());
    }
  }

  /** The bound that {@link SharedMeters} states. */
  @Property(tries = 200)
  void all_nodes_together_stay_within_the_limit(
      @ForAll @IntRange(min = 1, max = 5_000) int rate,
      @ForAll @IntRange(min = 1, max = 5_000) int burst,
      @ForAll @IntRange(min = 1, max = 5) int nodes,
      @ForAll long seed) {
    new SharedMetersTest().checkTheBound(rate, burst, nodes, new Random(seed));
  }

  private void checkTheBound(int rate, int burst, int nodes, Random random) {
    List<Meter> meters = new ArrayList<>();
    for (int i = 0; i < nodes; i++)
      meters.add(node(1.0 / nodes).open("a", new Allowance(rate, burst), null));
    List<Long> taken = new ArrayList<>();
    double load = rate * (0.2 + 3 * random.nextDouble());
    for (int i = 0; i < 5_000; i++) {
      now += (long) (-Math.log(1 - random.nextDouble()) / load * SECOND);
      if (passes(meters.get(random.nextInt(nodes)))) taken.add(now);
    }
    assertTrue(bank.asked <= 5_000);
    double slack = rate * 2.0 * Lease.LIFE_NANOS / SECOND;
    for (int from = 0; from < taken.size(); from += 97)
      for (int to = from; to < taken.size(); to += 13) {
        double seconds = (double) (taken.get(to) - taken.get(from)) / SECOND;
        assertTrue(to - from + 1 <= burst + rate * seconds + slack + 1);
      }
  }

  /** Leases must not cost throughput where it is wanted: one busy node among idle ones. */
  @Property(tries = 50)
  void a_busy_node_gets_nearly_all_of_the_rate(
      @ForAll @IntRange(min = 50, max = 5_000) int rate,
      @ForAll @IntRange(max = 4) int idleNodes,
      @ForAll long seed) {
    new SharedMetersTest().checkTheBusyNode(rate, idleNodes, new Random(seed));
  }

  private void checkTheBusyNode(int rate, int idleNodes, Random random) {
    var allowance = new Allowance(rate, rate);
    Meter busy = node(1.0 / (idleNodes + 1)).open("a", allowance, null);
    List<Meter> idle = new ArrayList<>();
    for (int i = 0; i < idleNodes; i++)
      idle.add(node(1.0 / (idleNodes + 1)).open("a", allowance, null));
    int passed = 0;
    long begin = now;
    for (int i = 0; i < 20_000; i++) {
      now += (long) (SECOND / (3.0 * rate));
      if (passes(busy)) passed++;
      if (idleNodes > 0 && random.nextInt(3 * rate) == 0)
        passes(idle.get(random.nextInt(idleNodes)));
    }
    double brought = rate + rate * (double) (now - begin) / SECOND;
    assertTrue(passed >= 0.9 * brought, passed + " of " + brought);
  }
}
