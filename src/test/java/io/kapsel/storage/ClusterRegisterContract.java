package io.kapsel.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/**
 * What {@code Membership} relies on of a register. Production's on PostgreSQL and the simulator's
 * keep the same contract; else the simulator would form clusters where production does not.
 */
public interface ClusterRegisterContract {
  int NODES = 20;

  /** One table and, where time passes by itself, one clock. */
  interface Bench {
    ClusterRegister register();

    <T> T await(CompletionStage<T> answer);

    /** By so much the database's clock goes on. */
    void pass(long seconds);
  }

  Bench bench();

  private static void alive(Bench bench, String address) {
    var unused = bench.await(bench.register().alive(address));
  }

  private static void gone(Bench bench, String address) {
    var unused = bench.await(bench.register().gone(address));
  }

  private static List<String> found(Bench bench, String address) {
    return bench.await(bench.register().found(address));
  }

  @Test
  default void the_first_to_ask_is_alone_and_the_next_hears_of_it() {
    Bench bench = bench();
    assertEquals(List.of(), found(bench, "a"));
    assertEquals(List.of("a"), found(bench, "b"));
    assertEquals(List.of(), found(bench, "a"));
  }

  @Test
  default void members_count_in_the_order_of_their_addresses() {
    Bench bench = bench();
    alive(bench, "c");
    alive(bench, "b");
    alive(bench, "b");
    assertEquals(List.of("b", "c"), found(bench, "a"));
  }

  @Test
  default void a_member_hears_of_the_other_living_ones() {
    Bench bench = bench();
    alive(bench, "a");
    bench.pass(20);
    alive(bench, "b");
    assertEquals(List.of("a", "b"), bench.await(bench.register().alive("c")));
    bench.pass(15);
    assertEquals(List.of("b"), bench.await(bench.register().alive("c")));
  }

  @Test
  default void a_node_that_was_killed_does_not_wait_for_itself() {
    Bench bench = bench();
    alive(bench, "a");
    assertEquals(List.of(), found(bench, "a"));
  }

  @Test
  default void who_was_not_heard_of_for_long_is_dead() {
    Bench bench = bench();
    alive(bench, "b");
    bench.pass(20);
    alive(bench, "a");
    bench.pass(15);
    assertEquals(List.of("a"), found(bench, "c"));
    bench.pass(20);
    assertEquals(List.of(), found(bench, "c"));
  }

  @Test
  default void a_node_that_is_heard_of_again_is_alive_again() {
    Bench bench = bench();
    alive(bench, "a");
    bench.pass(86_400);
    alive(bench, "a");
    assertEquals(List.of("a"), found(bench, "b"));
  }

  @Test
  default void who_has_founded_counts_for_as_long_as_who_is_alive() {
    Bench bench = bench();
    assertEquals(List.of(), found(bench, "a"));
    bench.pass(15);
    assertEquals(List.of("a"), found(bench, "b"));
    bench.pass(20);
    assertEquals(List.of(), found(bench, "b"));
  }

  @Test
  default void who_is_gone_does_not_count_and_others_do() {
    Bench bench = bench();
    gone(bench, "a");
    alive(bench, "a");
    alive(bench, "b");
    gone(bench, "a");
    assertEquals(List.of("b"), found(bench, "c"));
  }

  @Test
  default void of_many_that_ask_at_once_only_one_is_alone() {
    Bench bench = bench();
    List<CompletionStage<List<String>>> answers = new ArrayList<>();
    for (int i = 0; i < NODES; i++) answers.add(bench.register().found("node-" + i));
    assertEquals(1, answers.stream().filter(answer -> bench.await(answer).isEmpty()).count());
  }
}
