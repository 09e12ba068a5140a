package io.kapsel.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.kapsel.testing.PostgresForTests;
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

  private static CompletableFuture<Void> offer(BatchLane<Item> lane) {
    var item = new Item(new CompletableFuture<>());
    lane.offer(item);
    return item.done();
  }

  private static BatchLaneSettings settings() {
    return new BatchLaneSettings(1, 10, 1_000, 100, 1_000, 0, 60_000);
  }
}
