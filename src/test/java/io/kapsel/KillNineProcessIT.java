package io.kapsel;

import static io.kapsel.KapselForTests.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged service under load, killed again and again. {@code -Dkapsel.kills=20} kills it more
 * often.
 */
final class KillNineProcessIT {
  private static final int KILLS = Integer.getInteger("kapsel.kills", 4);
  private static final int SENDERS = 16;
  private static final int ENDPOINTS = 12;
  private static final int ACKNOWLEDGED_PER_ROUND = 400;

  @TempDir Path directory;

  /** Body by event id, of every webhook that was answered with 200. */
  private final Map<String, String> acknowledged = new ConcurrentHashMap<>();

  private final AtomicInteger sent = new AtomicInteger();

  @Test
  void every_acknowledged_webhook_is_delivered_after_any_number_of_kills() throws Exception {
    try (var destination = new ScriptedDestination(ScriptedDestination.status(200));
        var kapsel = new PackagedKapsel(directory.resolve("data"))) {
      List<String> endpoints = new ArrayList<>();
      for (int i = 0; i < ENDPOINTS; i++) endpoints.add(create(kapsel, i, destination.url()));
      for (int round = 0; round < KILLS; round++) {
        boolean withDatabase = round % 2 == 1;
        loadUntil(
            kapsel,
            endpoints,
            acknowledged.size() + ACKNOWLEDGED_PER_ROUND,
            withDatabase ? kapsel::killWithDatabase : kapsel::kill);
        kapsel.startAgain();
      }
      awaitDelivered(destination);
      for (String id : acknowledged.keySet()) {
        HttpResponse<String> event = kapsel.get("/v1/events/" + id);
        assertEquals(200, event.statusCode(), event.body());
      }
      String metrics = kapsel.get("/metrics").body();
      assertTrue(metrics.contains("\nkapsel_lost_events_total 0.0"), metrics);
      System.out.printf(
          "%d kills, %d sent, %d acknowledged, %d deliveries, 0 lost%n",
          KILLS, sent.get(), acknowledged.size(), destination.received().size());
    }
  }

  @Test
  void a_terminated_service_finishes_what_it_began_and_exits_with_0() throws Exception {
    try (var destination = new ScriptedDestination(ScriptedDestination.status(200));
        var kapsel = new PackagedKapsel(directory.resolve("data"))) {
      List<String> endpoints = List.of(create(kapsel, 1, destination.url()));
      AtomicInteger exit = new AtomicInteger(-1);
      loadUntil(kapsel, endpoints, 200, () -> exit.set(kapsel.terminate()));
      assertEquals(0, exit.get());
      kapsel.startAgain();
      awaitDelivered(destination);
    }
  }

  private static String create(PackagedKapsel kapsel, int number, String url) throws IOException {
    String ordering = List.of("parallel", "fifo", "keyed").get(number % 3);
    HttpResponse<String> created =
        kapsel.postJson(
            "/v1/endpoints",
            """
            {"name":"killed-%d","url":"%s","idempotency":{"strategy":"header"},
             "retry":{"base_delay_ms":100},"delivery":{"ordering":"%s"%s}}"""
                .formatted(
                    number,
                    url,
                    ordering,
                    ordering.equals("keyed") ? ",\"ordering_key\":\"$.lane\"" : ""));
    assertEquals(201, created.statusCode(), created.body());
    return created.body().replaceFirst("(?s).*\"id\":\"([^\"]+)\".*", "$1");
  }

  /** Posts from many threads at once, and ends the service in the midst of it. */
  private void loadUntil(
      PackagedKapsel kapsel, List<String> endpoints, int acknowledgedMin, Runnable end) {
    AtomicBoolean over = new AtomicBoolean();
    List<Thread> senders = new ArrayList<>();
    for (int i = 0; i < SENDERS; i++)
      senders.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    while (!over.get()) post(kapsel, endpoints);
                  }));
    await("enough webhooks", () -> acknowledged.size() >= acknowledgedMin);
    end.run();
    over.set(true);
    for (Thread sender : senders) join(sender);
  }

  private void post(PackagedKapsel kapsel, List<String> endpoints) {
    int number = sent.incrementAndGet();
    String body = "{\"number\":" + number + ",\"lane\":" + number % 5 + "}";
    try {
      HttpResponse<String> answer =
          kapsel.ingest(endpoints.get(number % endpoints.size()), "key-" + number, body);
      if (answer.statusCode() == 200)
        acknowledged.put(PackagedKapsel.eventIds(answer.body()).getFirst(), body);
    } catch (IOException unanswered) {
      // Killed before the answer: nothing was promised.
    }
  }

  private void awaitDelivered(ScriptedDestination destination) {
    await(
        "every acknowledged webhook at the destination",
        () -> {
          Map<String, String> delivered = new HashMap<>();
          for (var received : destination.received())
            delivered.put(received.event(), received.body());
          return delivered.entrySet().containsAll(acknowledged.entrySet());
        });
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
