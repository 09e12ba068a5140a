package io.kapsel.simulation.shrink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.simulation.report.SampleRun;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class ShrinkerTest {
  private static final Result FAILING = SampleRun.busy(7, 3, true);

  /** Needs faults 2 and 4, twenty webhooks, a small queue, and one second of the second fault. */
  private static boolean fails(Scenario candidate) {
    Plan plan = Objects.requireNonNull(candidate.plan());
    Options options = Options.of(candidate.seed(), candidate.profile(), candidate.overrides());
    return plan.faults().stream().anyMatch(fault -> fault.id() == 2 && fault.forMillis() >= 1_000)
        && plan.faults().stream().anyMatch(fault -> fault.id() == 4)
        && options.whole(Option.WEBHOOKS) >= 20
        && options.whole(Option.POOL_CONCURRENCY) < 50;
  }

  private static Scenario start() {
    return FAILING
        .scenario()
        .with(FAILING.plan())
        .with(Option.WEBHOOKS.key(), "200")
        .with(Option.POOL_CONCURRENCY.key(), "2");
  }

  private static Scenario shrink(List<String> said, Predicate<Scenario> fails) {
    return Shrinker.shrink(start(), fails, said::add);
  }

  @Test
  void finds_the_least_that_fails() {
    List<String> said = new ArrayList<>();
    Scenario least = shrink(said, ShrinkerTest::fails);
    assertTrue(fails(least));
    Plan plan = Objects.requireNonNull(least.plan());
    assertEquals(List.of(2, 4), plan.faults().stream().map(Fault::id).toList());
    assertEquals(0, plan.faults().get(1).forMillis());
    assertIsNear(1_000, plan.faults().get(0).forMillis());
    Options options = Options.of(least.seed(), least.profile(), least.overrides());
    assertIsNear(20, options.whole(Option.WEBHOOKS));
    assertEquals(1, options.whole(Option.NODES));
    assertEquals("2", options.text(Option.POOL_CONCURRENCY));
    assertEquals("FIFO", options.text(Option.INTERLEAVING));
    assertEquals("100000", options.text(Option.QUEUE_MAX));
    assertTrue(said.getFirst().contains("faults: 2 of 5"), said::toString);
    assertTrue(
        said.stream().anyMatch(line -> line.contains("needed: pool.concurrency")), said::toString);
  }

  private static void assertIsNear(long least, long found) {
    assertTrue(found >= least && found <= least + 1 + least / 20, "found " + found);
  }

  @Test
  void is_deterministic() {
    List<String> first = new ArrayList<>();
    List<String> second = new ArrayList<>();
    assertEquals(shrink(first, ShrinkerTest::fails), shrink(second, ShrinkerTest::fails));
    assertEquals(first, second);
  }

  @Test
  void leaves_alone_what_does_not_fail_when_smaller() {
    assertEquals(start(), shrink(new ArrayList<>(), start()::equals));
  }
}
