package io.kapsel.simulation.service;

import io.kapsel.simulation.storage.Database;
import io.kapsel.simulation.world.Node;
import io.kapsel.storage.StorageUnavailable;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Requests to the database as the ports promise them. */
final class Requests {
  private Requests() {}

  @SuppressWarnings("NullAway") // a stage of Void completes with null
  static <T> CompletableFuture<T> of(
      Database database,
      Node node,
      Database.Table table,
      boolean write,
      String what,
      String key,
      Callable<@Nullable T> operation) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    database.<T>request(
        node,
        table,
        write,
        what,
        key,
        operation,
        (value, failure) -> {
          if (failure == null) answer.complete(value);
          else
            answer.completeExceptionally(
                new StorageUnavailable(String.valueOf(failure.getMessage()), failure));
        });
    return answer;
  }
}
