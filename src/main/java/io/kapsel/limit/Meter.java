package io.kapsel.limit;

import java.util.concurrent.CompletableFuture;

/** Counts what passes under one allowance. Thread-safe; never blocks. */
public interface Meter {
  /** Takes a token. Never fails; completes later only when the cluster has to be asked first. */
  CompletableFuture<Ruling> take();

  /** Where nothing is limited. */
  Meter OPEN = () -> Ruling.GRANTED;
}
