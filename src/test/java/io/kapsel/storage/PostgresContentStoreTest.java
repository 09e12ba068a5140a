package io.kapsel.storage;

import static io.kapsel.storage.Samples.NOON;
import static io.kapsel.storage.Samples.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.testing.PostgresForTests;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.junit.jupiter.api.Test;

@DisplayNameGeneration(DisplayNameGenerator.ReplaceUnderscores.class)
class PostgresContentStoreTest {
  private static final int MIB = 1 << 20;

  private final Samples samples = new Samples();
  private DatabaseSettings settings;
  private Database database;
  private PostgresContentStore store;

  @BeforeEach
  void open() {
    settings = PostgresForTests.freshDatabase();
    database = Database.open(settings);
    store = new PostgresContentStore(database, Samples.PATIENT_CONTENTS);
  }

  @AfterEach
  void close() {
    store.close();
    database.close();
  }

  @Test
  void returns_what_was_stored_byte_for_byte() {
    Webhook webhook = samples.webhook(1_000);
    await(store.store(webhook));

    assertSame(webhook, only(await(store.fetch(List.of(webhook.id())))));
    assertSame(webhook, only(await(store.fetch(List.of(webhook.id())))));
  }

  @Test
  void first_fetch_comes_from_memory_and_later_ones_from_the_table() {
    Webhook webhook = samples.webhook(1_000);
    await(store.store(webhook));
    PostgresForTests.execute(settings, "update webhook set content_type = 'from/table'");

    assertEquals("application/json", only(await(store.fetch(List.of(webhook.id())))).contentType());
    assertEquals("from/table", only(await(store.fetch(List.of(webhook.id())))).contentType());
  }

  @Test
  void holds_an_empty_body_without_headers() {
    Webhook sample = samples.webhook(0);
    var bare =
        new Webhook(
            sample.id(),
            sample.endpoint(),
            sample.tenant(),
            "",
            List.of(),
            sample.body(),
            sample.bodySha256(),
            "",
            0);
    await(store.store(bare));
    await(store.fetch(List.of(bare.id())));

    assertSame(bare, only(await(store.fetch(List.of(bare.id())))));
  }

  @Test
  void bodies_of_ten_mebibytes_are_unremarkable() {
    var webhooks = Stream.generate(() -> samples.webhook(10 * MIB)).limit(3).toList();
    var small = Stream.generate(() -> samples.webhook(300_000)).limit(3).toList();
    var stages = new ArrayList<CompletionStage<Void>>();
    for (int i = 0; i < 3; i++) {
      stages.add(store.store(webhooks.get(i)));
      stages.add(store.store(small.get(i)));
    }
    stages.forEach(Samples::await);
    PostgresForTests.execute(settings, "analyze webhook");
    for (Webhook webhook : webhooks) await(store.fetch(List.of(webhook.id())));

    List<Webhook> found = await(store.fetch(webhooks.stream().map(Webhook::id).toList()));
    assertEquals(3, found.size());
    found.sort(Comparator.comparing(Webhook::id));
    var expected = new ArrayList<>(webhooks);
    expected.sort(Comparator.comparing(Webhook::id));
    for (int i = 0; i < 3; i++) assertSame(expected.get(i), found.get(i));
  }

  @Test
  void reads_no_more_large_bodies_than_there_is_room_for() {
    var large = Stream.generate(() -> samples.webhook(100_000)).limit(4).toList();
    Webhook small = samples.webhook(100);
    var ids = new ArrayList<WebhookId>();
    for (Webhook webhook : large) {
      await(store.store(webhook));
      ids.add(webhook.id());
    }
    await(store.store(small));
    ids.add(small.id());
    await(store.fetch(ids));

    ContentStore.Contents fitting = await(store.fetch(ids, 250_000));
    assertEquals(3, fitting.found().size());
    assertEquals(ids.subList(2, 4), fitting.later());
    ContentStore.Contents onlySmall = await(store.fetch(ids, 1));
    assertEquals(List.of(small.id()), onlySmall.found().stream().map(Webhook::id).toList());
    assertEquals(4, onlySmall.later().size());
  }

  @Test
  void storing_twice_keeps_the_first_and_stores_the_rest_of_the_batch() {
    Webhook known = samples.webhook(100);
    await(store.store(known));
    var batch = new ArrayList<Webhook>(List.of(known));
    for (int i = 0; i < 50; i++) batch.add(samples.webhook(100));

    batch.stream().map(store::store).toList().forEach(Samples::await);

    assertEquals("51", PostgresForTests.query(settings, "select count(*) from webhook"));
  }

  @Test
  void one_webhook_that_cannot_be_stored_does_not_take_its_batch_with_it() {
    PostgresForTests.execute(
        settings, "alter table webhook add constraint poison check (content_type <> 'poison')");
    Webhook sample = samples.webhook(10);
    var poison =
        new Webhook(
            sample.id(),
            sample.endpoint(),
            sample.tenant(),
            "poison",
            List.of(),
            sample.body(),
            sample.bodySha256(),
            "",
            0);
    var good = Stream.generate(() -> samples.webhook(10)).limit(40).toList();
    var stages = new ArrayList<>(good.subList(0, 20).stream().map(store::store).toList());
    CompletionStage<Void> refused = store.store(poison);
    stages.addAll(good.subList(20, 40).stream().map(store::store).toList());

    stages.forEach(Samples::await);
    assertThrows(StorageUnavailable.class, () -> await(refused));
    assertEquals("40", PostgresForTests.query(settings, "select count(*) from webhook"));
  }

  @Test
  void removed_content_is_gone_from_memory_and_table() {
    Webhook kept = samples.webhook(10);
    Webhook removed = samples.webhook(10);
    await(store.store(kept));
    await(store.store(removed));

    await(store.remove(List.of(removed.id(), samples.id(NOON))));

    List<Webhook> found = await(store.fetch(List.of(kept.id(), removed.id())));
    assertSame(kept, only(found));
  }

  @Test
  void erased_content_is_left_out() {
    Webhook webhook = samples.webhook(10);
    await(store.store(webhook));
    await(store.fetch(List.of(webhook.id())));
    PostgresForTests.execute(settings, "update webhook set erased_at = now()");

    assertEquals(List.of(), await(store.fetch(List.of(webhook.id()))));
  }

  @Test
  void fetches_of_many_callers_each_get_their_own() {
    var webhooks = new ArrayList<Webhook>();
    for (int i = 0; i < 300; i++) webhooks.add(samples.webhook(NOON + i, 50));
    webhooks.stream().map(store::store).toList().forEach(Samples::await);
    for (Webhook webhook : webhooks) await(store.fetch(List.of(webhook.id())));

    var fetches = new ArrayList<CompletionStage<List<Webhook>>>();
    for (int i = 0; i < 300; i += 3) {
      fetches.add(store.fetch(webhooks.subList(i, i + 3).stream().map(Webhook::id).toList()));
    }
    for (int i = 0; i < fetches.size(); i++) {
      List<Webhook> found = await(fetches.get(i));
      for (int j = 0; j < 3; j++) assertSame(webhooks.get(3 * i + j), found.get(j));
    }
  }

  @Test
  void finds_what_has_no_outcome_in_the_range_in_order_and_at_most_the_limit() {
    var webhooks = new ArrayList<Webhook>();
    for (int i = 0; i < 10; i++) webhooks.add(samples.webhook(NOON + 1_000L * i, 50));
    var shuffled = new ArrayList<>(webhooks);
    Collections.shuffle(shuffled, new java.util.Random(3));
    shuffled.stream().map(store::store).toList().forEach(Samples::await);
    WebhookId finished = webhooks.get(4).id();
    PostgresForTests.execute(
        settings,
        "insert into webhook_outcome (webhook_id, endpoint_id, attempts, status) select id,"
            + " endpoint_id, 1, 'delivered' from webhook where id::text ="
            + " '%s'".formatted(new java.util.UUID(finished.high(), finished.low())));

    ContentStore.Stretch stretch =
        await(store.withoutOutcome(webhooks.get(1).id(), webhooks.get(8).id(), 4));
    assertEquals(webhooks.get(6).id(), stretch.reached());
    List<Webhook> found = stretch.webhooks();
    assertEquals(
        List.of(2, 3, 5, 6).stream().map(i -> webhooks.get(i).id()).toList(),
        found.stream().map(Webhook::id).toList());
    Webhook head = found.get(0);
    assertEquals(webhooks.get(2).idempotencyKey(), head.idempotencyKey());
    assertEquals(webhooks.get(2).laneKey(), head.laneKey());
    assertEquals(webhooks.get(2).endpoint(), head.endpoint());
    assertArrayEquals(webhooks.get(2).bodySha256(), head.bodySha256());
    assertEquals(0, head.body().length());
  }

  @Test
  void looks_through_a_bounded_stretch_for_what_has_no_outcome() {
    var webhooks = new ArrayList<Webhook>();
    for (int i = 0; i < 45; i++) webhooks.add(samples.webhook(NOON + 1_000L * i, 50));
    webhooks.stream().map(store::store).toList().forEach(Samples::await);
    PostgresForTests.execute(
        settings,
        "insert into webhook_outcome (webhook_id, endpoint_id, attempts, status) select id,"
            + " endpoint_id, 1, 'delivered' from webhook");
    WebhookId last = webhooks.get(44).id();

    WebhookId reached = new WebhookId(0, 0);
    var stretches = new ArrayList<WebhookId>();
    while (!reached.equals(last)) {
      ContentStore.Stretch stretch = await(store.withoutOutcome(reached, last, 1));
      assertEquals(List.of(), stretch.webhooks());
      reached = stretch.reached();
      stretches.add(reached);
    }
    assertEquals(List.of(webhooks.get(19).id(), webhooks.get(39).id(), last), stretches);
  }

  @Test
  void a_full_queue_refuses_at_once_and_what_was_taken_is_stored() throws SQLException {
    var small =
        new ContentStoreSettings(
            new BatchLaneSettings(1, 8, MIB, 16, MIB, 0, 30_000),
            ContentStoreSettings.DEFAULT.reading(),
            MIB,
            600_000,
            1_000);
    var stages = new ArrayList<CompletionStage<Void>>();
    try (var narrow = new PostgresContentStore(database, small)) {
      try (Connection blocker = PostgresForTests.connect(settings);
          var statement = blocker.createStatement()) {
        blocker.setAutoCommit(false);
        statement.execute("lock table webhook in exclusive mode");
        while (stages.size() < 100) stages.add(narrow.store(samples.webhook(10)));
        long refused = stages.stream().filter(PostgresContentStoreTest::isOverloaded).count();
        assertTrue(refused >= 100 - 8 - 8 - 16, "refused: " + refused);
        blocker.rollback();
      }
      long stored = 0;
      for (CompletionStage<Void> stage : stages) {
        if (isOverloaded(stage)) continue;
        await(stage);
        stored++;
      }
      assertTrue(stored >= 16);
      assertEquals(
          Long.toString(stored), PostgresForTests.query(settings, "select count(*) from webhook"));
    }
  }

  @Test
  void a_database_that_does_not_answer_fails_webhooks_soon_and_is_used_again_later()
      throws SQLException {
    try (var impatient = new PostgresContentStore(database, ContentStoreSettings.DEFAULT)) {
      try (Connection blocker = PostgresForTests.connect(settings);
          var statement = blocker.createStatement()) {
        blocker.setAutoCommit(false);
        statement.execute("lock table webhook in exclusive mode");
        long start = System.nanoTime();
        CompletionStage<Void> inHand = impatient.store(samples.webhook(10));
        assertThrows(StorageUnavailable.class, () -> await(inHand));
        assertThrows(StorageUnavailable.class, () -> await(impatient.store(samples.webhook(10))));
        assertTrue(System.nanoTime() - start < 10_000_000_000L);
        blocker.rollback();
      }
      Samples.until("stored again", () -> isStored(impatient.store(samples.webhook(10))));
    }
  }

  @Test
  void what_is_queued_at_close_is_stored() {
    var stages = Stream.generate(() -> store.store(samples.webhook(500))).limit(2_000).toList();
    store.close();

    stages.forEach(Samples::await);
    assertEquals("2000", PostgresForTests.query(settings, "select count(*) from webhook"));
    var late = store.store(samples.webhook(1));
    assertThrows(StorageUnavailable.class, () -> await(late));
  }

  private static boolean isOverloaded(CompletionStage<Void> stage) {
    var future = stage.toCompletableFuture();
    return future.isCompletedExceptionally() && future.exceptionNow() instanceof StorageOverloaded;
  }

  private static boolean isStored(CompletionStage<Void> stage) {
    try {
      await(stage);
      return true;
    } catch (StorageUnavailable e) {
      return false;
    }
  }

  private static Webhook only(List<Webhook> webhooks) {
    assertEquals(1, webhooks.size());
    return webhooks.get(0);
  }

  private static void assertSame(Webhook expected, Webhook actual) {
    assertEquals(expected.id(), actual.id());
    assertEquals(expected.endpoint(), actual.endpoint());
    assertEquals(expected.tenant(), actual.tenant());
    assertEquals(expected.contentType(), actual.contentType());
    assertEquals(expected.headers(), actual.headers());
    assertArrayEquals(expected.body().unsafeBytes(), actual.body().unsafeBytes());
    assertArrayEquals(expected.bodySha256(), actual.bodySha256());
    assertEquals(expected.idempotencyKey(), actual.idempotencyKey());
    assertEquals(expected.laneKey(), actual.laneKey());
  }
}
