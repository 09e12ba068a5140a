package io.kapsel.testing;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what will happen soon, and fails when it does not. */
public final class Waiting {
  private static final long DEADLINE_NANOS = 15_000_000_000L;

  private Waiting() {}

  public static void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("It did not happen");
      }
      LockSupport.parkNanos(1_000_000);
    }
  }
}
