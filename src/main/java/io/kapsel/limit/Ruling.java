package io.kapsel.limit;

import java.util.concurrent.CompletableFuture;

/** What a meter says. */
public sealed interface Ruling {
  enum Granted implements Ruling {
    INSTANCE
  }

  /**
   * @param waitNanos until there is a token again
   */
  record Refused(long waitNanos) implements Ruling {}

  /** Granted at once. Shared, so that granting allocates nothing. */
  CompletableFuture<Ruling> GRANTED = CompletableFuture.completedFuture(Granted.INSTANCE);

  static boolean isGranted(CompletableFuture<Ruling> ruling) {
    return ruling.isDone() && ruling.join() instanceof Granted;
  }

  static CompletableFuture<Ruling> refused(long waitNanos) {
    return CompletableFuture.completedFuture(new Refused(waitNanos));
  }
}
