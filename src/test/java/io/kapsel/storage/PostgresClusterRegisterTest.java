package io.kapsel.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.testing.PostgresForTests;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PostgresClusterRegisterTest implements ClusterRegisterContract {
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

  @Override
  public Bench bench() {
    return new Bench() {
      @Override
      public ClusterRegister register() {
        return register;
      }

      @Override
      public <T> T await(CompletionStage<T> answer) {
        return answer.toCompletableFuture().join();
      }

      @Override
      public void pass(long seconds) {
        PostgresForTests.execute(
            settings,
            "update cluster_node set alive_at = alive_at - interval '%d s'".formatted(seconds));
      }
    };
  }

  private String rows() {
    return PostgresForTests.query(
        settings, "select string_agg(address, ' ' order by address) from cluster_node");
  }

  @Test
  void who_founds_removes_the_dead_and_who_must_join_writes_nothing() {
    Bench bench = bench();
    var a = bench.await(register.alive("a"));
    var others = bench.await(register.found("b"));
    assertEquals("a", rows());
    bench.pass(40);
    var none = bench.await(register.found("b"));
    assertEquals("b", rows());
    assertEquals(List.of(List.of(), List.of("a"), List.of()), List.of(a, others, none));
  }

  @Test
  void a_time_from_before_the_servers_clock_was_set_back_keeps_nobody_out() {
    Bench bench = bench();
    assertEquals(List.of(), bench.await(register.alive("a")));
    bench.pass(-3_600);
    assertEquals(List.of(), bench.await(register.found("b")));
  }
}
