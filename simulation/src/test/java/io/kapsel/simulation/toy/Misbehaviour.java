package io.kapsel.simulation.toy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;

/** What no code inside the world may do; in a package that the agent redirects. */
public final class Misbehaviour {
  private Misbehaviour() {}

  public static void startThread() {
    new Thread(() -> {}, "stray").start();
  }

  public static void startVirtualThread() {
    Thread.startVirtualThread(() -> {});
  }

  public static void defaultExecutor() {
    CompletableFuture.completedFuture(1).thenApplyAsync(x -> x + 1).join();
  }

  public static void supplyOnCommonPool() {
    CompletableFuture.supplyAsync(() -> 1).join();
  }

  public static void threadPool() {
    Executors.newCachedThreadPool().close();
  }

  public static long clock() {
    return System.currentTimeMillis();
  }
}
