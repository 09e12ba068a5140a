package io.kapsel.storage;

import static io.kapsel.storage.Samples.NOON;
import static io.kapsel.storage.Samples.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.Verdict;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.storage.Events.Event;
import io.kapsel.storage.Events.Filter;
import io.kapsel.storage.Events.Page;
import io.kapsel.storage.Events.Payload;
import io.kapsel.testing.PostgresForTests;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.junit.jupiter.api.Test;

@DisplayNameGeneration(DisplayNameGenerator.ReplaceUnderscores.class)
class EventsTest {
  private static final long DAY = 86_400_000L;

  private final Samples samples = new Samples();
  private final Map<EndpointId, TenantId> tenants = new HashMap<>();
  private DatabaseSettings settings;
  private Database database;
  private PostgresContentStore contents;
  private PostgresHistoryStore history;
  private Events events;

  @BeforeEach
  void open() {
    settings = PostgresForTests.freshDatabase();
    database = Database.open(settings);
    InstantSource noon = InstantSource.fixed(Instant.ofEpochMilli(NOON));
    try (var partitions = new Partitions(database, PartitionSettings.DEFAULT, noon)) {
      partitions.create();
    }
    contents = new PostgresContentStore(database, Samples.PATIENT_CONTENTS);
    history = new PostgresHistoryStore(database, Samples.PATIENT_HISTORY);
    events = new Events(database);
  }

  @AfterEach
  void close() {
    history.close();
    contents.close();
    database.close();
  }

  @Test
  void finds_an_event_as_soon_as_its_content_is_stored_and_only_for_its_tenant() {
    Webhook webhook = samples.webhook(123);
    await(contents.store(webhook));

    Event event = await(events.find(webhook.tenant(), webhook.id())).orElseThrow();
    assertEquals(
        new Event(
            webhook.id(),
            webhook.endpoint(),
            EventStatus.RECEIVED,
            0,
            0,
            0,
            webhook.idempotencyKey(),
            "application/json",
            123,
            HexFormat.of().formatHex(webhook.bodySha256()),
            false),
        event);
    assertEquals(Optional.empty(), await(events.find(samples.newTenant(), webhook.id())));
    assertEquals(Optional.empty(), await(events.find(webhook.tenant(), samples.id(NOON))));
  }

  @Test
  void gives_the_payload_as_received_to_its_tenant_only() {
    Webhook webhook = samples.webhook(123);
    await(contents.store(webhook));

    Payload payload = await(events.payload(webhook.tenant(), webhook.id())).orElseThrow();
    assertEquals(
        new Payload("application/json", webhook.headers(), webhook.body(), false), payload);
    assertEquals(Optional.empty(), await(events.payload(samples.newTenant(), webhook.id())));
  }

  @Test
  void gives_the_latest_attempts_of_each_event() {
    Webhook one = samples.webhook(1);
    Webhook other = samples.webhook(1);
    for (int number = 1; number <= 5; number++) {
      await(
          history.record(
              one.endpoint(),
              List.of(
                  PostgresHistoryStoreTest.ended(one.id(), number, Verdict.RETRY, NOON + 1),
                  PostgresHistoryStoreTest.ended(other.id(), number, Verdict.RETRY, NOON + 1))));
    }

    var attempts = await(events.attempts(List.of(one.id(), other.id(), samples.id(NOON)), 3));
    for (WebhookId id : List.of(one.id(), other.id())) {
      assertEquals(
          List.of(3, 4, 5),
          attempts.getOrDefault(id, List.of()).stream().map(Events.AttemptMade::number).toList());
    }
    assertEquals(2, attempts.size());
  }

  @Test
  void lists_newest_first_page_by_page_over_days_and_endpoints() {
    EndpointId one = endpoint(samples.tenant);
    EndpointId two = endpoint(samples.tenant);
    EndpointId foreign = endpoint(samples.newTenant());
    var expected = new ArrayList<WebhookId>();
    for (int i = 0; i < 60; i++) {
      // Three days of partitions and one before them, in the default partition.
      long millis = NOON + DAY - i * (DAY / 15);
      expected.add(store(i % 3 == 0 ? one : two, millis));
      store(foreign, millis);
    }

    assertEquals(expected, walk(Filter.NONE, 7));
    assertEquals(expected, walk(Filter.NONE, 60));
    assertEquals(every(expected, 0, 3), walk(filter(Optional.of(one), Optional.empty()), 7));
  }

  @Test
  void lists_only_the_asked_range_of_time() {
    EndpointId endpoint = endpoint(samples.tenant);
    var ids = new ArrayList<WebhookId>();
    for (int i = 0; i < 20; i++) ids.add(store(endpoint, NOON - i * 1_000L));

    var range = new Filter(Optional.empty(), Optional.empty(), NOON - 9_000, NOON - 4_000);
    assertEquals(ids.subList(5, 10), walk(range, 2));
    var from = new Filter(Optional.of(endpoint), Optional.empty(), NOON - 2_000, Long.MAX_VALUE);
    assertEquals(ids.subList(0, 3), walk(from, 2));
  }

  @Test
  void lists_by_status_for_one_endpoint_and_for_the_tenant() {
    EndpointId one = endpoint(samples.tenant);
    EndpointId two = endpoint(samples.tenant);
    var byStatus = new EnumMap<EventStatus, List<WebhookId>>(EventStatus.class);
    for (int i = 0; i < 100; i++) {
      EndpointId owner = i % 2 == 0 ? one : two;
      WebhookId id = store(owner, NOON - i * 60_000L);
      EventStatus status = List.of(EventStatus.values()).get(i / 2 % 5);
      if (owner.equals(one)) byStatus.computeIfAbsent(status, unseen -> new ArrayList<>()).add(id);
      verdict(status).ifPresent(verdict -> end(owner, id, verdict));
    }
    for (EventStatus status : EventStatus.values()) {
      assertEquals(
          byStatus.get(status),
          walk(filter(Optional.of(one), Optional.of(status)), 3),
          status.text());
      assertEquals(
          20, walk(filter(Optional.empty(), Optional.of(status)), 3).size(), status.text());
    }
  }

  @Test
  void a_tenant_with_more_endpoints_than_can_be_merged_gets_the_same_list() {
    PostgresForTests.execute(
        settings,
        "insert into endpoint select gen_random_uuid(), '%s', 'other ' || i, 'active', 1, '{}', now(), now() from generate_series(1, %d) i"
            .formatted(Columns.uuid(samples.tenant), EventList.MERGED_ENDPOINTS_MAX));
    EndpointId endpoint = endpoint(samples.tenant);
    EndpointId foreign = endpoint(samples.newTenant());
    var expected = new ArrayList<WebhookId>();
    var dead = new ArrayList<WebhookId>();
    for (int i = 0; i < 40; i++) {
      expected.add(store(endpoint, NOON - i * 1_000L));
      store(foreign, NOON - i * 1_000L - 1);
      if (i % 8 == 0) {
        end(endpoint, expected.get(i), Verdict.DEAD_LETTER);
        dead.add(expected.get(i));
      }
    }
    assertEquals(expected, walk(Filter.NONE, 7));
    assertEquals(dead, walk(filter(Optional.empty(), Optional.of(EventStatus.DEAD_LETTER)), 2));
  }

  @Test
  void what_no_index_answers_is_looked_for_in_stretches_and_found_in_the_end() {
    EndpointId endpoint = endpoint(samples.tenant);
    int rows = 2 * EventList.STRETCH_ROWS + 500;
    var stages = new ArrayList<CompletionStage<Void>>();
    WebhookId oldest = store(endpoint, NOON - rows);
    end(endpoint, oldest, Verdict.DELIVERED);
    for (int i = 1; i < rows; i++) {
      Webhook webhook = samples.webhook(samples.id(NOON - rows + i), endpoint, 1);
      stages.add(contents.store(webhook));
      if (i % 1_000 == 0) stages.forEach(Samples::await);
    }
    stages.forEach(Samples::await);

    Filter delivered = filter(Optional.of(endpoint), Optional.of(EventStatus.DELIVERED));
    Page first = await(events.list(samples.tenant, delivered, Optional.empty(), 10));
    assertEquals(List.of(), first.events());
    assertTrue(first.next().isPresent());
    assertEquals(List.of(oldest), walk(delivered, 10));
  }

  @Test
  void a_foreign_endpoint_lists_nothing() {
    EndpointId foreign = endpoint(samples.newTenant());
    store(foreign, NOON);

    assertEquals(List.of(), walk(filter(Optional.of(foreign), Optional.empty()), 10));
  }

  private List<WebhookId> walk(Filter filter, int limit) {
    var ids = new ArrayList<WebhookId>();
    Optional<WebhookId> before = Optional.empty();
    do {
      Page page = await(events.list(samples.tenant, filter, before, limit));
      assertTrue(page.events().size() <= limit);
      page.events().forEach(event -> ids.add(event.id()));
      before = page.next();
    } while (before.isPresent());
    return ids;
  }

  private static Filter filter(Optional<EndpointId> endpoint, Optional<EventStatus> status) {
    return new Filter(endpoint, status, 0, Long.MAX_VALUE);
  }

  private static List<WebhookId> every(List<WebhookId> ids, int first, int step) {
    var picked = new ArrayList<WebhookId>();
    for (int i = first; i < ids.size(); i += step) picked.add(ids.get(i));
    return Collections.unmodifiableList(picked);
  }

  private EndpointId endpoint(TenantId tenant) {
    EndpointId id = samples.newEndpoint();
    tenants.put(id, tenant);
    PostgresForTests.execute(
        settings,
        "insert into endpoint values ('%s', '%s', '%s', 'active', 1, '{}', now(), now())"
            .formatted(Columns.uuid(id), Columns.uuid(tenant), id));
    return id;
  }

  private WebhookId store(EndpointId endpoint, long millis) {
    Webhook webhook =
        samples.webhook(
            samples.id(millis), endpoint, tenants.getOrDefault(endpoint, samples.tenant), 1);
    await(contents.store(webhook));
    return webhook.id();
  }

  private void end(EndpointId endpoint, WebhookId id, Verdict verdict) {
    await(
        history.record(
            endpoint, List.of(PostgresHistoryStoreTest.ended(id, 1, verdict, NOON + 1))));
  }

  private static Optional<Verdict> verdict(EventStatus status) {
    return Optional.ofNullable(
        Map.of(
                EventStatus.PENDING, Verdict.RETRY,
                EventStatus.DELIVERED, Verdict.DELIVERED,
                EventStatus.FAILED, Verdict.FAILED,
                EventStatus.DEAD_LETTER, Verdict.DEAD_LETTER)
            .get(status));
  }
}
