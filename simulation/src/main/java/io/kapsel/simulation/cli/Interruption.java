package io.kapsel.simulation.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C in the middle of a long command: the work stops, but what it has found so far is still
 * told, and the exit code says that there was more to do.
 */
final class Interruption {
  /** As a shell reports a program that SIGINT has ended. */
  static final int EXIT = 130;

  /** Of real time, for what is left to print. */
  private static final long PATIENCE_SECONDS = 10;

  private static final CountDownLatch TOLD = new CountDownLatch(1);
  private static volatile boolean isHere;
  private static volatile int exit = EXIT;

  private final Thread hook;

  /**
   * @param stop makes the command return soon
   */
  Interruption(Runnable stop) {
    hook = new Thread(() -> await(stop), "interruption");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private static void await(Runnable stop) {
    isHere = true;
    stop.run();
    try {
      boolean told = TOLD.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (told) Runtime.getRuntime().halt(exit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The work has ended by itself; after an interruption there is nothing to take back. */
  void over() {
    if (!isHere) Runtime.getRuntime().removeShutdownHook(hook);
  }

  /** Instead of {@link System#exit}: what was found counts more than that it was not everything. */
  static void exit(int code) {
    if (!isHere) System.exit(code);
    exit = code == Exit.CLEAN ? EXIT : code;
    TOLD.countDown();
  }
}
