package io.kapsel.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.limit.Quota;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.storage.QuotaUse.Draw;
import io.kapsel.testing.PostgresForTests;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class QuotaUseTest {
  /** Ends in decades. */
  private static final int WINDOW_SECONDS = Integer.MAX_VALUE;

  private final TenantId tenant = new TenantId(1, 1);
  private DatabaseSettings settings;
  private Database database;
  private QuotaUse use;

  @BeforeEach
  void open() {
    settings = PostgresForTests.freshDatabase();
    database = Database.open(settings);
    use = new QuotaUse(database);
    var unused = await(new Tenants(database).create(tenant, "a", TenantLimits.NONE, 1));
  }

  @AfterEach
  void close() {
    database.close();
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private long draw(long quota, long wanted) {
    return await(use.draw(tenant, new Quota(quota, WINDOW_SECONDS), wanted)).webhooks();
  }

  @Test
  void what_is_left_is_drawn_and_then_nothing() {
    assertEquals(7, draw(10, 7));
    assertEquals(3, draw(10, 7));
    assertEquals(0, draw(10, 7));
  }

  @Test
  void a_first_draw_is_no_more_than_the_quota() {
    assertEquals(10, draw(10, 11));
    assertEquals(0, draw(10, 1));
  }

  @Test
  void a_quota_that_changed_counts_what_was_used_before() {
    assertEquals(7, draw(10, 7));
    assertEquals(0, draw(5, 1));
    assertEquals(1, draw(8, 3));
    assertEquals(92, draw(100, 1_000));
  }

  @Test
  void many_at_once_never_get_more_than_the_quota() {
    List<CompletionStage<Draw>> draws = new ArrayList<>();
    for (int i = 0; i < 200; i++)
      draws.add(use.draw(tenant, new Quota(100, WINDOW_SECONDS), 1 + i % 3));
    assertEquals(100, draws.stream().mapToLong(each -> await(each).webhooks()).sum());
  }

  @Test
  void windows_are_multiples_of_their_length_since_1970() {
    Draw draw = await(use.draw(tenant, new Quota(1, Quota.DAY_SECONDS), 1));
    assertEquals(0, draw.windowEndsSeconds() % Quota.DAY_SECONDS);
    assertTrue(draw.endsInMillis() > 0 && draw.endsInMillis() <= Quota.DAY_SECONDS * 1_000L);
    long ends = draw.windowEndsSeconds() * 1_000 - System.currentTimeMillis();
    assertTrue(Math.abs(ends - draw.endsInMillis()) < 60_000, ends + " " + draw);
  }

  @Test
  void a_window_that_is_over_leaves_a_full_quota() {
    assertEquals(10, draw(10, 10));
    PostgresForTests.execute(
        settings, "update quota_use set window_ends = window_ends - interval '1 day'");
    assertEquals(4, draw(10, 4));
    assertEquals(6, draw(10, 10));
  }
}
