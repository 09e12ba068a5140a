package io.kapsel.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.kapsel.testing.PostgresForTests;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.junit.jupiter.api.Test;

@DisplayNameGeneration(DisplayNameGenerator.ReplaceUnderscores.class)
class BatchLaneTest {
  private Database database;

  private record Item(CompletableFuture<Void> done) implements BatchLane.Item {
    @Override
    public long bytes() {
      return 1;
    }

    @Override
    public void succeed() {
      done.complete(null);
    }

    @Override
    public void fail(RuntimeException cause) {
      done.completeExceptionally(cause);
    }
  }

  @BeforeEach
  void open() {
    database = Database.open(PostgresForTests.freshDatabase());
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void work_that_breaks_down_while_it_is_repeated_fails_and_the_lane_goes_on() throws Exception {
    var runs = new AtomicInteger();
    BatchLane.Work<Item> work =
        (connection, batch) -> {
          switch (runs.incrementAndGet()) {
            case 1 -> throw new SQLException("the connection was lost", "08006");
            case 2 -> throw new IllegalStateException("a bug");
            default -> {}
          }
        };
    try (var lane = new BatchLane<>("lane", settings(), database, work)) {
      ExecutionException failure =
          assertThrows(ExecutionException.class, () -> offer(lane).get(10, TimeUnit.SECONDS));
      assertInstanceOf(StorageUnavailable.class, failure.getCause());
      offer(lane).get(10, TimeUnit.SECONDS);
      assertEquals(3, runs.get());
    }
  }

  @Test
  void a_node_that_stands_still_within_a_transaction_does_not_hold_up_the_others_for_long()
      throws Exception {
    try (Connection suspended = database.connect();
        Connection other = database.connect();
        var first = suspended.createStatement();
        var second = other.createStatement()) {
      String insert = "insert into service_value (name, value) values ('the same', '')";
      suspended.setAutoCommit(false);
      first.execute(insert);
      // Waits for the suspended one's transaction, and fails if that is ever committed.
      second.execute(insert);
      assertThrows(SQLException.class, suspended::commit);
    }
  }

  private static CompletableFuture<Void> offer(BatchLane<Item> lane) {
    var item = new Item(new CompletableFuture<>());
    lane.offer(item);
    return item.done();
  }

  private static BatchLaneSettings settings() {
    return new BatchLaneSettings(1, 10, 1_000, 100, 1_000, 0, 60_000);
  }
}
