package io.kapsel;

import static io.kapsel.KapselForTests.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.limit.Quota;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.IntakeSettings;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.SignatureSettings.Scheme;
import io.kapsel.storage.TenantLimits;
import io.kapsel.testing.RedisForTests;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestClassOrder;

/**
 * Limits of the real service, with a real Redis that dies: last, for its buckets begin all but
 * empty then.
 */
@TestClassOrder(ClassOrderer.OrderAnnotation.class)
final class LimitsIT {
  private static final ApiDescription DESCRIPTION = new ApiDescription();

  private static RedisForTests redis;
  private static KapselForTests kapsel;

  private final ScriptedDestination destination =
      new ScriptedDestination(ScriptedDestination.status(200));

  @BeforeAll
  static void start() {
    redis = RedisForTests.start();
    kapsel =
        KapselForTests.start(
            Map.of(
                "redis.url", redis.url().value(),
                "redis.retry", "100ms",
                "redis.connect-timeout", "200ms"));
    awaitRedis(1);
  }

  @AfterAll
  static void stop() {
    kapsel.close();
    redis.close();
  }

  @AfterEach
  void release() {
    destination.close();
    grant(TenantLimits.NONE);
  }

  private static void grant(TenantLimits limits) {
    kapsel.grant(limits);
  }

  private static TenantLimits rate(double perSecond, int burst) {
    return new TenantLimits(perSecond, burst, Quota.NONE, 0, 0, false);
  }

  private static void awaitRedis(int up) {
    await("kapsel_redis_up " + up, () -> metrics().contains("kapsel_redis_up " + up + ".0"));
  }

  private static String metrics() {
    return kapsel.get("/metrics").body();
  }

  private EndpointConfig config() {
    return config(SignatureSettings.NONE);
  }

  private EndpointConfig config(SignatureSettings signature) {
    return new EndpointConfig(
        "test-" + System.nanoTime(),
        destination.url(),
        signature,
        IdempotencySettings.DEFAULT,
        RetryPolicy.DEFAULT,
        CircuitPolicy.DEFAULT,
        DeliverySettings.DEFAULT,
        false);
  }

  private EndpointId endpoint() {
    return kapsel.create(config());
  }

  /** Of what earlier tests have granted no more than a second is left, and no large burst. */
  private static void awaitMany(EndpointId id) {
    await(
        "no limit of an earlier test",
        () -> IntStream.range(0, 10).allMatch(i -> kapsel.ingest(id, "{}").statusCode() == 200));
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @Nested
  class TheTenantsRate {
    @Test
    void past_it_the_answer_says_what_is_allowed_and_when() {
      EndpointId id = endpoint();
      grant(rate(0.05, 2));
      await(
          "the limit",
          () -> header(kapsel.ingest(id, "{}"), "RateLimit-Policy").equals("\"tenant\";q=2;w=40"));
      HttpResponse<String> refused = kapsel.ingest(id, "{}");
      assertEquals(429, refused.statusCode());
      assertEquals("application/problem+json", header(refused, "Content-Type"));
      int seconds = Integer.parseInt(header(refused, "Retry-After"));
      assertTrue(seconds >= 1 && seconds <= 20, "Retry-After: " + seconds);
      assertEquals("\"tenant\";r=0;t=" + seconds, header(refused, "RateLimit"));
      assertTrue(refused.body().contains("\"code\":\"E1004\""), refused::body);
      assertTrue(refused.body().contains("\"retryable\":true"), refused::body);
      assertTrue(refused.body().contains("\"violated-policies\":[\"tenant\"]"), refused::body);
      DESCRIPTION.checkProblem(refused.body());
      await(
          "the count",
          () -> metrics().contains("webhook_ingestion_total{outcome=\"refused\",code=\"E1004\"}"));
    }

    @Test
    void counts_no_unknown_endpoint() {
      EndpointId id = endpoint();
      grant(rate(0.001, 5));
      await("the limit", () -> kapsel.ingest(id, "{}").statusCode() == 429);
      assertEquals(404, kapsel.ingest(new EndpointId(1, 1), "{}").statusCode());
    }

    @Test
    void once_it_is_raised_holds_soon() {
      EndpointId id = endpoint();
      grant(rate(0.001, 1));
      await("the limit", () -> kapsel.ingest(id, "{}").statusCode() == 429);
      grant(rate(1_000, 1_000));
      await("the new limit", () -> kapsel.ingest(id, "{}").statusCode() == 200);
    }
  }

  @Nested
  class TheQuota {
    /** In a window that ends in decades. */
    private EndpointId endpointWithin(long webhooks, EndpointConfig config) {
      var quota = new Quota(webhooks, Integer.MAX_VALUE);
      var limits = new TenantLimits(0, 0, quota, 0, 0, false);
      return kapsel.create(kapsel.tenant("t-" + System.nanoTime(), limits), config);
    }

    @Test
    void past_it_the_answer_says_until_when() {
      EndpointId id = endpointWithin(3, config());
      for (int i = 0; i < 3; i++) assertEquals(200, kapsel.ingest(id, "{}").statusCode());
      for (int i = 0; i < 3; i++) {
        HttpResponse<String> refused = kapsel.ingest(id, "{}");
        assertEquals(429, refused.statusCode());
        assertTrue(refused.body().contains("\"code\":\"E1013\""), refused::body);
        assertTrue(refused.body().contains("\"retryable\":true"), refused::body);
        assertTrue(refused.body().contains("\"violated-policies\":[\"quota\"]"), refused::body);
        DESCRIPTION.checkProblem(refused.body());
        assertEquals("\"quota\";q=3;w=2147483647", header(refused, "RateLimit-Policy"));
        String seconds = header(refused, "Retry-After");
        assertTrue(Integer.parseInt(seconds) > 1, seconds);
        assertEquals("\"quota\";r=0;t=" + seconds, header(refused, "RateLimit"));
      }
    }

    @Test
    void counts_what_is_accepted_and_nothing_else() {
      List<Secret> secrets = List.of(new Secret("a secret of the sender's"));
      EndpointId id = endpointWithin(2, config(SignatureSettings.of(Scheme.GITLAB_TOKEN, secrets)));
      for (int i = 0; i < 5; i++)
        assertEquals(401, kapsel.ingest(id, "{}", "X-Gitlab-Token", "wrong").statusCode());
      String[] signed = {"X-Gitlab-Token", secrets.get(0).value(), "Idempotency-Key", "first"};
      HttpResponse<String> first = kapsel.ingest(id, "{}", signed);
      for (int i = 0; i < 5; i++) {
        assertEquals(first.body(), kapsel.ingest(id, "{}", signed).body());
        assertEquals(422, kapsel.ingest(id, "[]", signed).statusCode());
      }
      signed[3] = "second";
      assertEquals(200, kapsel.ingest(id, "{}", signed).statusCode());
      signed[3] = "third";
      HttpResponse<String> refused = kapsel.ingest(id, "{}", signed);
      assertTrue(refused.body().contains("\"code\":\"E1013\""), refused::body);
    }
  }

  @Nested
  class TheEndpointsRate {
    @Test
    void is_its_own() {
      IntakeSettings intake =
          new IntakeSettings(List.of("application/json"), false, false, List.of());
      EndpointId limited = kapsel.create(config().withIntake(intake.withRate(0.001, 2)));
      EndpointId other = endpoint();
      awaitMany(other);
      assertEquals(200, kapsel.ingest(limited, "{}").statusCode());
      assertEquals(200, kapsel.ingest(limited, "{}").statusCode());
      HttpResponse<String> refused = kapsel.ingest(limited, "{}");
      assertEquals(429, refused.statusCode());
      assertEquals("\"endpoint\";q=2;w=2000", header(refused, "RateLimit-Policy"));
      assertEquals(200, kapsel.ingest(other, "{}").statusCode());
    }
  }

  @Nested
  class DeliveriesAtOnce {
    @Test
    void of_a_tenant_are_limited_over_its_endpoints() {
      grant(new TenantLimits(0, 0, Quota.NONE, 3, 0, false));
      awaitTerms();
      AtomicInteger arrived = new AtomicInteger();
      AtomicInteger now = new AtomicInteger();
      AtomicInteger most = new AtomicInteger();
      Semaphore pass = new Semaphore(0);
      destination.becomes(
          (exchange, received) -> {
            arrived.incrementAndGet();
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            pass.acquireUninterruptibly();
            now.decrementAndGet();
            ScriptedDestination.status(200).handle(exchange, received);
          });
      EndpointId one = endpoint();
      EndpointId other = endpoint();
      for (int i = 0; i < 10; i++) {
        kapsel.accepted(one, "{}");
        kapsel.accepted(other, "{}");
      }
      for (int done = 0; done < 17; done++) {
        int begun = done + 3;
        await("the next of three", () -> arrived.get() == begun);
        pass.release();
      }
      pass.release(3);
      await("all", () -> arrived.get() == 20 && now.get() == 0);
      assertEquals(3, most.get());
    }

    /** The pool goes by what it was last told; a webhook that is let in tells it. */
    private void awaitTerms() {
      EndpointId probe = endpoint();
      long until = System.nanoTime() + 1_100_000_000L;
      await(
          "terms of less than a second ago",
          () -> {
            kapsel.accepted(probe, "{}");
            return System.nanoTime() > until;
          });
      await("all delivered", () -> kapsel.look(probe).live().queueDepth() == 0);
    }
  }

  @Nested
  @Order(Integer.MAX_VALUE)
  class WhenRedisDies {
    @Test
    void webhooks_are_still_taken_and_the_node_stays_ready_and_comes_back() {
      EndpointId id = endpoint();
      grant(rate(10_000, 10_000));
      awaitMany(id);
      redis.kill();
      for (int i = 0; i < 50; i++) assertEquals(200, kapsel.ingest(id, "{}").statusCode());
      awaitRedis(0);
      assertEquals(200, kapsel.get("/ready").statusCode());
      assertTrue(
          metrics()
              .lines()
              .anyMatch(
                  line ->
                      line.matches(
                          "kapsel_redis_degradations_total\\{reason=\"(down|slow)\"} [1-9].*")),
          LimitsIT::metrics);
      redis.startAgain();
      awaitRedis(1);
      assertEquals(200, kapsel.ingest(id, "{}").statusCode());
    }
  }

  @Nested
  class DuplicatesAtTheSameTime {
    @Test
    void get_one_answer_and_are_delivered_once() throws InterruptedException, ExecutionException {
      EndpointId id = endpoint();
      CountDownLatch start = new CountDownLatch(1);
      TreeSet<String> answers = new TreeSet<>();
      try (var senders = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<HttpResponse<String>>> sent = new ArrayList<>();
        for (int i = 0; i < 40; i++)
          sent.add(
              senders.submit(
                  () -> {
                    start.await();
                    return kapsel.ingest(id, "{\"a\":1}", "Idempotency-Key", "same");
                  }));
        start.countDown();
        for (Future<HttpResponse<String>> each : sent) {
          assertEquals(200, each.get().statusCode());
          answers.add(each.get().body());
        }
      }
      assertEquals(1, answers.size(), answers::toString);
      kapsel.accepted(id, "{}", "Idempotency-Key", "another");
      await("both", () -> destination.received().size() >= 2);
      await("nothing left", () -> kapsel.look(id).live().queueDepth() == 0);
      assertEquals(2, destination.received().size());
    }
  }
}
