package io.kapsel.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.limit.Allowance;
import io.kapsel.core.webhook.Secret;
import io.kapsel.limit.LocalMeters;
import io.kapsel.limit.Meter;
import io.kapsel.limit.Ruling;
import io.kapsel.limit.SharedMeters;
import io.kapsel.limit.TokenBank.Grant;
import io.kapsel.limit.TokenBank.Trouble;
import io.kapsel.limit.TokenBank.Unreliable;
import io.kapsel.testing.RedisForTests;
import io.kapsel.testing.StallingProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** A real Redis that is killed, frozen, flushed and lied for. */
class RedisBankIT {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final int TIMEOUT_MILLIS = 300;
  private static final AtomicInteger accounts = new AtomicInteger();

  private static RedisForTests redis;

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final List<String> told = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void start() {
    redis = RedisForTests.start();
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  @AfterEach
  void closeAll() throws Exception {
    while (!opened.isEmpty()) opened.pop().close();
  }

  private <T extends AutoCloseable> T open(T resource) {
    opened.push(resource);
    return resource;
  }

  private static String account() {
    return "account-" + accounts.incrementAndGet();
  }

  private RedisBank bank(Secret url) {
    return open(new RedisBank(new RedisBank.BankSettings(url, TIMEOUT_MILLIS, 500, 1_000)));
  }

  private RedisBank bank() {
    return bank(redis);
  }

  private RedisBank bank(RedisForTests server) {
    RedisBank bank = bank(server.url());
    await("an answer", () -> succeeds(bank));
    return bank;
  }

  private static boolean succeeds(RedisBank bank) {
    try {
      bank.probe().toCompletableFuture().join();
      return true;
    } catch (CompletionException notYet) {
      return false;
    }
  }

  private static Grant ask(RedisBank bank, String account, Allowance allowance, long tokens) {
    return bank.ask(account, allowance, tokens).toCompletableFuture().join();
  }

  private static Trouble trouble(RedisBank bank, String account) {
    try {
      ask(bank, account, new Allowance(1, 1), 1);
      throw new AssertionError("no trouble");
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof Unreliable unreliable) return unreliable.trouble();
      throw failed;
    }
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) throw new AssertionError("never: " + what);
      LockSupport.parkNanos(2_000_000);
    }
  }

  @Nested
  class TheScript {
    @Test
    void grants_a_burst_and_then_what_the_time_brings() {
      RedisBank bank = bank();
      String account = account();
      var allowance = new Allowance(0.001, 5);
      assertEquals(new Grant(3, 0), ask(bank, account, allowance, 3));
      Grant rest = ask(bank, account, allowance, 3);
      assertEquals(2, rest.tokens());
      assertTrue(rest.waitNanos() > 900_000_000_000L && rest.waitNanos() <= 1_000_000_000_000L);
      assertEquals(0, ask(bank, account, allowance, 3).tokens());
      String quick = account();
      assertEquals(5, ask(bank, quick, new Allowance(1_000, 5), 9).tokens());
      await(
          "the bucket is full again",
          () -> ask(bank, quick, new Allowance(1_000, 5), 9).tokens() == 5);
    }

    @Test
    void shares_one_bucket_between_nodes() {
      RedisBank one = bank();
      RedisBank other = bank();
      String account = account();
      var allowance = new Allowance(0.001, 5);
      assertEquals(3, ask(one, account, allowance, 3).tokens());
      assertEquals(2, ask(other, account, allowance, 3).tokens());
    }

    @Test
    void keeps_what_is_left_when_the_allowance_changes() {
      RedisBank bank = bank();
      String account = account();
      assertEquals(2, ask(bank, account, new Allowance(0.001, 10), 2).tokens());
      assertEquals(3, ask(bank, account, new Allowance(0.001, 3), 9).tokens());
    }

    @Test
    void forgets_a_bucket_only_once_it_is_full_again() {
      RedisBank bank = bank();
      String account = account();
      ask(bank, account, new Allowance(10, 50), 1);
      String answer = redis.command("PTTL", "kapsel:{limits}:" + account).strip();
      long millis = Long.parseLong(answer.substring(1));
      assertTrue(millis > 5_000 && millis <= 6_000, answer);
    }

    @Test
    void loads_itself_again_after_redis_has_forgotten_it() {
      RedisBank bank = bank();
      redis.command("SCRIPT", "FLUSH");
      assertEquals(1, ask(bank, account(), new Allowance(1, 1), 1).tokens());
    }

    @Test
    void is_not_held_up_by_a_time_that_lies_ahead() {
      RedisBank bank = bank();
      String account = account();
      redis.command("HSET", "kapsel:{limits}:" + account, "level", "0", "at", "99999999999999999");
      assertEquals(0, ask(bank, account, new Allowance(1_000, 5), 1).tokens());
      await("tokens", () -> ask(bank, account, new Allowance(1_000, 5), 1).tokens() == 1);
    }
  }

  @Nested
  class WhatIsWrong {
    @Test
    void is_told_apart() {
      RedisForTests mortal = open(RedisForTests.start());
      RedisBank bank = bank(mortal);
      mortal.freeze();
      assertEquals(Trouble.SLOW, trouble(bank, account()));
      mortal.thaw();
      await("an answer", () -> succeeds(bank));
      mortal.flush();
      assertEquals(Trouble.FLUSHED, trouble(bank, account()));
      assertTrue(succeeds(bank));
      mortal.command("SET", "kapsel:{limits}:broken", "text");
      assertEquals(Trouble.DOWN, trouble(bank, "broken"));
    }

    @Test
    void a_flush_grants_one_token_and_nobody_a_second_burst() {
      RedisForTests mortal = open(RedisForTests.start());
      RedisBank bank = bank(mortal);
      String account = account();
      var allowance = new Allowance(0.001, 50);
      assertEquals(50, ask(bank, account, allowance, 50).tokens());
      mortal.flush();
      assertEquals(Trouble.FLUSHED, trouble(bank, account));
      assertEquals(1, ask(bank, account, allowance, 50).tokens());
      assertEquals(0, ask(bank, account, allowance, 50).tokens());
    }

    @Test
    void of_a_server_that_talks_nonsense_is_found_out() throws IOException {
      try (var listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
        Thread.ofVirtual().start(() -> talkNonsense(listener));
        RedisBank bank = bank(new Secret("redis://127.0.0.1:" + listener.getLocalPort()));
        assertFalse(succeeds(bank));
        assertEquals(Trouble.DOWN, trouble(bank, account()));
      }
    }

    private static void talkNonsense(ServerSocket listener) {
      while (!listener.isClosed()) {
        try (var socket = listener.accept()) {
          socket
              .getOutputStream()
              .write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
          socket.getInputStream().read();
        } catch (IOException gone) {
          return;
        }
      }
    }
  }

  /** With meters in front, by the real clock; this node's share is a half. */
  @Nested
  class Meters {
    private SharedMeters meters(RedisBank bank) {
      var meters =
          new SharedMeters(
              bank,
              new LocalMeters(System::nanoTime, () -> 0.5),
              System::nanoTime,
              new SharedMeters.SharedSettings(TIMEOUT_MILLIS, 100, 100, 1_000),
              new SharedMeters.Watch() {
                @Override
                public void degraded(Trouble trouble, String detail) {
                  told.add(trouble.name());
                }

                @Override
                public void recovered() {
                  told.add("WELL");
                }
              });
      recovers(meters);
      return meters;
    }

    private void recovers(SharedMeters meters) {
      await(
          "well",
          () -> {
            meters.tick();
            return meters.isWell();
          });
    }

    private static int passed(Meter meter, int tries) {
      int passed = 0;
      for (int i = 0; i < tries; i++)
        if (meter.take().orTimeout(20, TimeUnit.SECONDS).join() instanceof Ruling.Granted) passed++;
      return passed;
    }

    @Test
    void of_two_nodes_share_one_limit() {
      var allowance = new Allowance(0.001, 40);
      String account = account();
      Meter one = meters(bank()).open(account, allowance, null);
      Meter other = meters(bank()).open(account, allowance, null);
      int passed = 0;
      for (int i = 0; i < 50; i++) passed += passed(one, 1) + passed(other, 1);
      assertEquals(40, passed);
    }

    @Test
    void go_by_the_share_while_redis_is_dead_and_by_the_whole_after_it_is_back() {
      RedisForTests mortal = open(RedisForTests.start());
      SharedMeters meters = meters(bank(mortal));
      Meter meter = meters.open(account(), new Allowance(0.001, 1_000), null);
      assertEquals(100, passed(meter, 100));
      mortal.kill();
      // The share is 500, of which 100 are used; a lease that was under way may be used up first.
      int passed = passed(meter, 2_000);
      assertTrue(passed >= 400 && passed <= 500, passed + " passed");
      assertFalse(meters.isWell());
      assertEquals(1, told.stream().filter(each -> !each.equals("WELL")).count(), told::toString);
      mortal.startAgain();
      recovers(meters);
      // The server that came back without its buckets grants one token and no second burst.
      assertEquals(1, passed(meter, 100));
      Meter another = meters.open(account(), new Allowance(1_000, 5), null);
      await("the rate", () -> passed(another, 1) == 1);
      assertEquals("WELL", told.getLast());
    }

    @Test
    void do_not_wait_for_a_redis_that_is_frozen() {
      RedisForTests mortal = open(RedisForTests.start());
      SharedMeters meters = meters(bank(mortal));
      Meter meter = meters.open(account(), new Allowance(0.001, 1_000), null);
      assertEquals(10, passed(meter, 10));
      mortal.freeze();
      int passed = passed(meter, 2_000);
      assertTrue(passed >= 490 && passed <= 520, passed + " passed");
      assertEquals(List.of("WELL", "SLOW"), told);
      mortal.thaw();
      recovers(meters);
      assertTrue(passed(meter, 2_000) >= 400);
    }

    @Test
    void survive_a_connection_that_is_silent_for_ever() throws IOException {
      StallingProxy proxy = open(new StallingProxy(redis.port()));
      SharedMeters meters = meters(bank(new Secret("redis://127.0.0.1:" + proxy.port())));
      Meter meter = meters.open(account(), new Allowance(0.001, 100), null);
      assertEquals(10, passed(meter, 10));
      proxy.stall(true);
      passed(meter, 100);
      assertEquals(List.of("WELL", "SLOW"), told);
      proxy.stall(false);
      recovers(meters);
      assertEquals(List.of("WELL", "SLOW", "WELL"), told);
    }

    @Test
    void notice_a_flush_and_come_back() {
      RedisForTests mortal = open(RedisForTests.start());
      SharedMeters meters = meters(bank(mortal));
      Meter meter = meters.open(account(), new Allowance(0.001, 100), null);
      assertEquals(60, passed(meter, 60));
      mortal.flush();
      // The share of 50 is used up, and the lease holds a few.
      assertTrue(passed(meter, 200) <= 50);
      assertEquals(List.of("WELL", "FLUSHED"), told);
      recovers(meters);
      assertEquals(1, passed(meter, 100));
    }
  }
}
