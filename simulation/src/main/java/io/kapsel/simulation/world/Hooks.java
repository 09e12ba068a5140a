package io.kapsel.simulation.world;

import akka.event.EventStream;
import akka.event.Logging;
import akka.event.LoggingBus;
import akka.event.SubchannelClassification;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import scala.concurrent.Await$;
import scala.concurrent.Awaitable;
import scala.concurrent.Future;
import scala.concurrent.duration.Duration;

/**
 * Where redirected call sites arrive: see the agent. Outside a simulated world every hook does what
 * the original call would have done.
 */
public final class Hooks {
  private static final Clock WALL =
      new Clock() {
        @Override
        public ZoneId getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
          return this;
        }

        @Override
        public Instant instant() {
          return instantNow();
        }
      };

  private Hooks() {}

  public static long nanoTime() {
    World world = World.here();
    return world == null ? System.nanoTime() : world.nanoTime();
  }

  public static long currentTimeMillis() {
    World world = World.here();
    return world == null ? System.currentTimeMillis() : world.wallMillis();
  }

  public static Instant instantNow() {
    World world = World.here();
    if (world == null) return Instant.now();
    return Instant.ofEpochMilli(world.wallMillis()).plusNanos(world.nanoTime() % 1_000_000);
  }

  public static Clock systemUtc() {
    return World.here() == null ? Clock.systemUTC() : WALL;
  }

  public static InstantSource instantSource() {
    return World.here() == null ? InstantSource.system() : WALL;
  }

  /** For {@code new Random()}: a seeded one instead. */
  public static long randomSeed() {
    return ThreadLocalRandom.current().nextLong();
  }

  public static UUID randomUuid() {
    if (World.here() == null) return UUID.randomUUID();
    ThreadLocalRandom random = ThreadLocalRandom.current();
    long high = (random.nextLong() & ~0xf000L) | 0x4000L;
    long low = (random.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }

  public static double random() {
    return ThreadLocalRandom.current().nextDouble();
  }

  public static @Nullable Object awaitResult(Await$ await, Awaitable<?> awaited, Duration atMost)
      throws Exception {
    pump(awaited, atMost);
    return await.result(awaited, atMost);
  }

  public static Awaitable<?> awaitReady(Await$ await, Awaitable<?> awaited, Duration atMost)
      throws Exception {
    pump(awaited, atMost);
    return await.ready(awaited, atMost);
  }

  private static void pump(Awaitable<?> awaited, Duration atMost) throws TimeoutException {
    World world = World.here();
    if (world == null || !(awaited instanceof Future<?> future) || future.isCompleted()) return;
    long nanos = atMost.isFinite() ? atMost.toNanos() : Long.MAX_VALUE;
    if (!world.pump(future::isCompleted, nanos)) {
      throw new TimeoutException("not completed within a virtual " + atMost);
    }
  }

  public static @Nullable Object join(CompletableFuture<?> future) {
    World world = World.here();
    if (world != null) world.pump(future::isDone, Long.MAX_VALUE);
    return future.join();
  }

  public static @Nullable Object get(CompletableFuture<?> future)
      throws InterruptedException, ExecutionException {
    World world = World.here();
    if (world != null) world.pump(future::isDone, Long.MAX_VALUE);
    return future.get();
  }

  public static void sleep(long millis) throws InterruptedException {
    World world = World.here();
    if (world == null) {
      Thread.sleep(millis);
    } else {
      world.pump(() -> false, TimeUnit.MILLISECONDS.toNanos(millis));
    }
  }

  public static boolean awaitLatch(CountDownLatch latch, long time, TimeUnit unit)
      throws InterruptedException {
    World world = World.here();
    if (world == null || latch.getCount() == 0) return latch.await(time, unit);
    long nanos = Math.min(unit.toNanos(time), 1_000_000L);
    if (!world.pump(() -> latch.getCount() == 0, nanos)) {
      throw new IllegalStateException("deadlock: the latch is held by a blocked caller below");
    }
    return true;
  }

  public static void startThread(Thread thread) {
    forbid("Thread.start " + thread.getName());
    thread.start();
  }

  /** The calls that no code inside the world may make. */
  public static void forbid(String what) {
    World world = World.here();
    if (world == null) return;
    world.offend(what);
    throw new IllegalStateException(what + " inside a simulated world");
  }

  public static Executor forbiddenExecutor() {
    forbid("a stage on the default executor");
    return ForkJoinPool.commonPool();
  }

  /** For Akka's and Scala's own bridges, whose plain stages are async ones underneath. */
  public static Executor commonPool() {
    if (World.here() == null) return ForkJoinPool.commonPool();
    return work -> {
      World world = World.inside();
      world.enqueue(world.running(), "common-pool", work);
    };
  }

  public static <T> CompletableFuture<T> supplyAsync(Supplier<T> supplier) {
    forbid("CompletableFuture.supplyAsync");
    return CompletableFuture.supplyAsync(supplier);
  }

  public static CompletableFuture<Void> runAsync(Runnable work) {
    forbid("CompletableFuture.runAsync");
    return CompletableFuture.runAsync(work);
  }

  public static <T> CompletableFuture<T> orTimeout(
      CompletableFuture<T> future, long time, TimeUnit unit) {
    World world = World.here();
    if (world == null) return future.orTimeout(time, unit);
    world.schedule(
        world.running(),
        unit.toNanos(time),
        () -> future.completeExceptionally(new TimeoutException()));
    return future;
  }

  public static <T> CompletableFuture<T> completeOnTimeout(
      CompletableFuture<T> future, T value, long time, TimeUnit unit) {
    World world = World.here();
    if (world == null) return future.completeOnTimeout(value, time, unit);
    world.schedule(world.running(), unit.toNanos(time), () -> future.complete(value));
    return future;
  }

  public static void publish(EventStream bus, Object event) {
    if (!logged(event)) bus.publish(event);
  }

  public static void publish(LoggingBus bus, Object event) {
    if (!logged(event)) bus.publish(event);
  }

  /** The failure detector knows its log by this name. */
  public static void publish(SubchannelClassification bus, Object event) {
    if (!logged(event)) bus.publish(event);
  }

  private static boolean logged(Object event) {
    World world = World.here();
    if (world == null || !(event instanceof Logging.LogEvent log)) return false;
    if (log.level() <= Logging.WarningLevel()) {
      Throwable cause = event instanceof Logging.Error error ? error.cause() : null;
      WorldLog.record(
          log.level() == Logging.ErrorLevel(),
          log.logSource(),
          String.valueOf(log.message()),
          cause);
    }
    return true;
  }
}
