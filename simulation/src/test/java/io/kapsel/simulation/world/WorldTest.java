package io.kapsel.simulation.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.simulation.toy.Misbehaviour;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class WorldTest {
  private World world;

  @BeforeEach
  void begin() {
    world = new World(new Randomness(1), Interleaving.Kind.UNIFORM, new Trace());
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void time_jumps_to_the_next_timer() {
    List<Long> fired = new ArrayList<>();
    world.later(5_000_000_000L, "second", () -> fired.add(world.millis()));
    world.later(1_000_000_000L, "first", () -> fired.add(world.millis()));
    world.runFor(10_000_000_000L);
    assertEquals(List.of(1_000L, 5_000L), fired);
    assertEquals(10_000, world.millis());
  }

  /** What Akka keeps in one holds the whole actor system: a campaign would run out of memory. */
  @Test
  void a_world_has_thread_locals_of_its_own() {
    world.close();
    ThreadLocal<String> local = new ThreadLocal<>();
    local.set("before");
    try (World another = new World(new Randomness(2), Interleaving.Kind.FIFO, new Trace())) {
      assertNull(local.get());
      local.set("inside");
      another.runFor(1);
      assertEquals("inside", local.get());
    }
    assertEquals("before", local.get());
  }

  @Test
  void nothing_of_a_dead_node_runs() {
    Node node = world.boot("n1");
    List<String> ran = new ArrayList<>();
    world.enqueue(node, "task", () -> ran.add("task"));
    world.schedule(node, 1_000, () -> ran.add("timer"));
    world.kill(node);
    world.enqueue(node, "late", () -> ran.add("late"));
    world.runFor(1_000_000_000L);
    assertEquals(List.of(), ran);
    assertEquals(2, world.boot("n1").incarnation());
  }

  @Test
  void a_paused_node_runs_its_tasks_afterwards() {
    Node node = world.boot("n1");
    node.pauseUntil(2_000_000_000L);
    List<Long> ran = new ArrayList<>();
    world.enqueue(node, "task", () -> ran.add(world.millis()));
    world.runFor(5_000_000_000L);
    assertEquals(List.of(2_000L), ran);
  }

  @Test
  void the_wall_clock_of_a_node_can_be_wrong() {
    Node node = world.boot("n1");
    node.skewWall(-60_000);
    long there = world.as(node, Misbehaviour::clock);
    long here = Misbehaviour.clock();
    assertEquals(60_000, here - there);
    assertTrue(here >= World.EPOCH_MILLIS);
  }

  static Stream<Runnable> misbehaviour() {
    return Stream.of(
        Misbehaviour::startThread,
        Misbehaviour::startVirtualThread,
        Misbehaviour::defaultExecutor,
        Misbehaviour::supplyOnCommonPool,
        Misbehaviour::threadPool);
  }

  @ParameterizedTest
  @MethodSource("misbehaviour")
  void threads_and_default_executors_are_refused_and_remembered(Runnable misbehaviour) {
    assertThrows(IllegalStateException.class, misbehaviour::run);
    assertEquals(1, world.offences().size());
  }

  @Test
  void a_foreign_thread_is_refused_and_remembered() throws InterruptedException {
    AtomicReference<Exception> refusal = new AtomicReference<>();
    Thread foreign =
        new Thread(
            () -> {
              try {
                World.inside();
              } catch (IllegalStateException e) {
                refusal.set(e);
              }
            },
            "foreign");
    foreign.start();
    foreign.join();
    assertTrue(String.valueOf(refusal.get()).contains("foreign"));
    assertEquals(1, world.offences().size());
  }

  @ParameterizedTest
  @EnumSource
  void every_policy_runs_everything_once_and_repeats_itself(Interleaving.Kind kind) {
    world.close();
    List<Integer> first = order(kind, 7);
    List<Integer> again = order(kind, 7);
    List<Integer> other = order(kind, 8);
    world = new World(new Randomness(1), kind, new Trace());
    assertEquals(100, first.stream().distinct().count());
    assertEquals(first, again);
    if (kind == Interleaving.Kind.FIFO) {
      assertEquals(first, other);
    } else {
      assertNotEquals(first, other);
    }
  }

  private static List<Integer> order(Interleaving.Kind kind, long seed) {
    List<Integer> order = new ArrayList<>();
    try (World own = new World(new Randomness(seed), kind, new Trace())) {
      for (int i = 0; i < 100; i++) {
        int number = i;
        own.enqueue(Node.OUTSIDE, "task " + i, () -> order.add(number));
      }
      own.runFor(1_000_000_000L);
    }
    return order;
  }

  @Test
  void removing_one_key_leaves_the_draws_of_the_others_alone() {
    Randomness randomness = new Randomness(3);
    long alone = randomness.stream("network", "a>b").nextLong();
    randomness.stream("network", "b>a").nextLong();
    assertEquals(alone, randomness.stream("network", "a>b").nextLong());
    assertFalse(alone == randomness.stream("network", "b>a").nextLong());
  }
}
