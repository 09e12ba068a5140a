package io.kapsel.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.testing.PostgresForTests;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PostgresClusterRegisterTest {
  private static final int NODES = 20;

  private DatabaseSettings settings;
  private Database database;
  private PostgresClusterRegister register;

  @BeforeEach
  void open() {
    settings = PostgresForTests.freshDatabase();
    database = Database.open(settings);
    register = new PostgresClusterRegister(database);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private void alive(String address) {
    var unused = await(register.alive(address));
  }

  /** By so much the server's clock has gone on, or back, since this was written. */
  private void age(String address, String interval) {
    PostgresForTests.execute(
        settings,
        "update cluster_node set alive_at = alive_at - interval '%s' where address = '%s'"
            .formatted(interval, address));
  }

  private String rows() {
    return PostgresForTests.query(
        settings, "select string_agg(address, ' ' order by address) from cluster_node");
  }

  @Test
  void the_first_to_ask_is_alone_and_the_next_hears_of_it() {
    assertEquals(List.of(), await(register.found("a")));
    assertEquals(List.of("a"), await(register.found("b")));
    assertEquals(List.of(), await(register.found("a")));
    assertEquals("a", rows());
  }

  @Test
  void members_count_in_the_order_of_their_addresses() {
    alive("c");
    alive("b");
    alive("b");
    assertEquals(List.of("b", "c"), await(register.found("a")));
  }

  @Test
  void a_member_hears_of_the_other_living_ones() {
    alive("a");
    alive("b");
    assertEquals(List.of("a", "b"), await(register.alive("c")));
    age("a", "31 s");
    assertEquals(List.of("b"), await(register.alive("c")));
  }

  @Test
  void a_node_that_was_killed_does_not_wait_for_itself() {
    alive("a");
    assertEquals(List.of(), await(register.found("a")));
  }

  @Test
  void who_was_not_heard_of_for_long_is_dead_and_removed() {
    alive("a");
    alive("b");
    age("a", "25 s");
    age("b", "35 s");
    assertEquals(List.of("a"), await(register.found("c")));
    age("a", "10 s");
    assertEquals(List.of(), await(register.found("c")));
    assertEquals("c", rows());
  }

  @Test
  void a_node_that_is_heard_of_again_is_alive_again() {
    alive("a");
    age("a", "1 day");
    alive("a");
    assertEquals(List.of("a"), await(register.found("b")));
  }

  @Test
  void a_time_from_before_the_servers_clock_was_set_back_keeps_nobody_out() {
    alive("a");
    age("a", "-1 hour");
    assertEquals(List.of(), await(register.found("b")));
  }

  @Test
  void who_is_gone_does_not_count() {
    alive("a");
    var unused = await(register.gone("a"));
    assertEquals(List.of(), await(register.found("b")));
  }

  @Test
  void of_many_that_ask_at_once_only_one_is_alone() {
    List<CompletionStage<List<String>>> answers = new ArrayList<>();
    for (int i = 0; i < NODES; i++) answers.add(register.found("node-" + i));
    assertEquals(1, answers.stream().filter(answer -> await(answer).isEmpty()).count());
  }
}
