package io.kapsel;

import static io.kapsel.KapselForTests.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.storage.DatabaseSettings;
import io.kapsel.testing.PostgresForTests;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three packaged services on one database that begins empty, all three under load. Every test
 * leaves the cluster whole.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ClusterProcessIT {
  private static final int NODES = 3;
  private static final int ENDPOINTS = 12;
  private static final int SENDERS_PER_NODE = 4;

  private final List<PackagedKapsel> nodes = new ArrayList<>();
  private final List<String> endpoints = new CopyOnWriteArrayList<>();
  private ScriptedDestination destination;

  /** Event ids of what was answered with 200. */
  private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();

  private final Set<Integer> statuses = new ConcurrentSkipListSet<>();
  private final AtomicInteger sent = new AtomicInteger();

  @BeforeAll
  void start(@TempDir Path directory) throws IOException {
    destination = new ScriptedDestination(ScriptedDestination.status(200));
    DatabaseSettings database = PostgresForTests.emptyDatabase();
    List<Integer> ports = new ArrayList<>();
    for (int i = 0; i < NODES; i++) ports.add(PackagedKapsel.freePort());
    String seeds = ports.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(","));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<CompletableFuture<PackagedKapsel>> starting = new ArrayList<>();
      for (int port : ports)
        starting.add(
            CompletableFuture.supplyAsync(
                () ->
                    new PackagedKapsel(
                        directory.resolve("data-" + port),
                        Map.of(
                            "KAPSEL_DATABASE_URL", database.url(),
                            "KAPSEL_DATABASE_USER", database.user(),
                            "KAPSEL_DATABASE_PASSWORD", database.password().value(),
                            "KAPSEL_CLUSTER_PORT", String.valueOf(port),
                            "KAPSEL_CLUSTER_SEED_NODES", seeds)),
                threads));
      for (var node : starting) nodes.add(node.join());
    }
    for (int i = 0; i < ENDPOINTS; i++) endpoints.add(create(i));
  }

  @AfterAll
  void stop() {
    nodes.parallelStream().forEach(PackagedKapsel::close);
    destination.close();
  }

  @Test
  void nothing_is_lost_with_a_node_that_is_killed_and_it_serves_again_when_it_is_back()
      throws Exception {
    try (Load load = new Load()) {
      load.awaitMore(100);
      PackagedKapsel victim = nodes.get(1);
      victim.kill();
      awaitServing(List.of(nodes.get(0), nodes.get(2)));
      victim.startAgain();
      awaitServing(nodes);
      load.awaitMore(100);
    }
    awaitDelivered();
  }

  @Test
  void a_node_that_was_frozen_until_the_others_gave_it_up_ends_with_a_failure() throws Exception {
    try (Load load = new Load()) {
      load.awaitMore(100);
      PackagedKapsel frozen = nodes.get(2);
      // A node that owns nothing, as after its restart, would be frozen for a moment only: new
      // endpoints go to the node with the fewest.
      for (int i = 0; i < ENDPOINTS; i++) endpoints.add(create(endpoints.size()));
      awaitServing(nodes);
      frozen.freeze();
      try {
        awaitServing(List.of(nodes.get(0), nodes.get(1)));
      } finally {
        frozen.thaw();
      }
      assertNotEquals(0, frozen.awaitEnd(), "an orchestrator must start it again");
      frozen.startAgain();
      awaitServing(nodes);
    }
    awaitDelivered();
  }

  @Test
  void a_rolling_restart_loses_nothing_and_answers_nothing_but_200_and_503() throws Exception {
    statuses.clear();
    try (Load load = new Load()) {
      for (PackagedKapsel node : nodes) {
        load.awaitMore(100);
        long toldAt = System.nanoTime();
        assertEquals(0, node.terminate());
        long endedAt = System.nanoTime();
        node.startAgain();
        awaitServing(List.of(node));
        System.out.printf(
            "stopped in %d ms, serving again after %d ms%n",
            (endedAt - toldAt) / 1_000_000, (System.nanoTime() - endedAt) / 1_000_000);
      }
    }
    assertTrue(Set.of(200, 503).containsAll(statuses), statuses.toString());
    awaitDelivered();
  }

  private String create(int number) throws IOException {
    String ordering = List.of("parallel", "fifo", "keyed").get(number % 3);
    HttpResponse<String> created =
        nodes
            .get(number % NODES)
            .postJson(
                "/v1/endpoints",
                """
                {"name":"cluster-%d","url":"%s","idempotency":{"strategy":"header"},
                 "retry":{"base_delay_ms":100},"delivery":{"ordering":"%s"%s}}"""
                    .formatted(
                        number,
                        destination.url(),
                        ordering,
                        ordering.equals("keyed") ? ",\"ordering_key\":\"$.lane\"" : ""));
    assertEquals(201, created.statusCode(), created.body());
    return created.body().replaceFirst("(?s).*\"id\":\"([^\"]+)\".*", "$1");
  }

  /** Each of these nodes is ready and takes webhooks for every endpoint, wherever that lives. */
  private void awaitServing(List<PackagedKapsel> expected) {
    for (PackagedKapsel node : expected) {
      await("ready", () -> status(() -> node.get("/ready")) == 200);
      for (String endpoint : endpoints) await("serving " + endpoint, () -> post(node, endpoint));
    }
  }

  private interface Call {
    HttpResponse<String> make() throws IOException;
  }

  private static int status(Call call) {
    try {
      return call.make().statusCode();
    } catch (IOException unanswered) {
      return 0;
    }
  }

  private boolean post(PackagedKapsel node, String endpoint) {
    int number = sent.incrementAndGet();
    try {
      HttpResponse<String> answer =
          node.ingest(
              endpoint, "key-" + number, "{\"number\":" + number + ",\"lane\":" + number % 5 + "}");
      statuses.add(answer.statusCode());
      if (answer.statusCode() != 200) return false;
      acknowledged.add(PackagedKapsel.eventIds(answer.body()).getFirst());
      return true;
    } catch (IOException unanswered) {
      // The node was ended before it answered: nothing was promised.
      return false;
    }
  }

  private void awaitDelivered() {
    await(
        "every acknowledged webhook at the destination",
        () -> {
          Map<String, Integer> delivered = new HashMap<>();
          for (var received : destination.received())
            delivered.merge(received.event(), 1, Integer::sum);
          return delivered.keySet().containsAll(acknowledged);
        });
  }

  /** Posts to every node, from many threads, until it is closed. */
  private final class Load implements AutoCloseable {
    private final AtomicBoolean over = new AtomicBoolean();
    private final List<Thread> senders = new ArrayList<>();

    Load() {
      for (PackagedKapsel node : nodes)
        for (int i = 0; i < SENDERS_PER_NODE; i++)
          senders.add(Thread.ofVirtual().start(() -> run(node)));
    }

    private void run(PackagedKapsel node) {
      while (!over.get()) post(node, endpoints.get(sent.get() % ENDPOINTS));
    }

    void awaitMore(int webhooks) {
      int enough = acknowledged.size() + webhooks;
      await("enough webhooks", () -> acknowledged.size() >= enough);
    }

    @Override
    public void close() {
      over.set(true);
      await("the last answers", () -> senders.stream().noneMatch(Thread::isAlive));
    }
  }
}
