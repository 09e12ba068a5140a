package io.kapsel.ingest;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.endpoint.EndpointMessage;
import io.kapsel.endpoint.EndpointView;
import io.kapsel.endpoint.Endpoints;
import io.kapsel.storage.EndpointDirectory;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The edge's memory of endpoints, bounded; one that gets nothing leaves it. Correctness does not
 * rest on it: an endpoint refuses an offer that was verified under outdated settings. The directory
 * is asked first, so that an unknown id wakes no actor, and a miss is remembered for a moment.
 */
final class IngestSettingsCache {
  /** A refusal by an entry younger than this is final; an older entry is loaded anew first. */
  static final long FRESH_MILLIS = 1_000;

  /**
   * @param view empty when there is no such endpoint
   */
  record Entry(Optional<EndpointView> view, long loadedAtMillis) {
    boolean isFreshAt(long nowMillis) {
      return nowMillis - loadedAtMillis < FRESH_MILLIS;
    }
  }

  private final EndpointDirectory directory;
  private final Endpoints endpoints;
  private final InstantSource clock;
  private final Cache<EndpointId, CompletableFuture<Entry>> entries;

  /**
   * @param keptFor without a request
   */
  IngestSettingsCache(
      EndpointDirectory directory,
      Endpoints endpoints,
      InstantSource clock,
      int entriesMax,
      Duration keptFor) {
    this.directory = directory;
    this.endpoints = endpoints;
    this.clock = clock;
    this.entries =
        Caffeine.newBuilder()
            .maximumSize(entriesMax)
            .expireAfterAccess(keptFor)
            .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
            .executor(Runnable::run)
            .build();
  }

  CompletableFuture<Entry> get(EndpointId id) {
    CompletableFuture<Entry> cached = entries.getIfPresent(id);
    if (cached == null || isStaleMiss(cached)) return load(id);
    return cached;
  }

  private boolean isStaleMiss(CompletableFuture<Entry> cached) {
    if (!cached.isDone() || cached.isCompletedExceptionally()) return false;
    Entry entry = cached.join();
    return entry.view().isEmpty() && !entry.isFreshAt(clock.millis());
  }

  /** Loads the endpoint anew; callers at the same time share one load. */
  CompletableFuture<Entry> load(EndpointId id) {
    CompletableFuture<Entry> loading = new CompletableFuture<>();
    CompletableFuture<Entry> before = entries.asMap().get(id);
    if (before != null && !before.isDone()) return before;
    entries.put(id, loading);
    directory
        .find(id)
        .whenComplete(
            (found, failure) -> {
              if (failure != null) fail(id, loading, failure);
              else if (found.isEmpty() || found.get().status() == Status.DELETED)
                loading.complete(new Entry(Optional.empty(), clock.millis()));
              else look(id, loading);
            });
    return loading;
  }

  private void look(EndpointId id, CompletableFuture<Entry> loading) {
    endpoints
        .look(id)
        .whenComplete(
            (reply, failure) -> {
              if (failure != null) fail(id, loading, failure);
              else
                loading.complete(
                    new Entry(
                        reply instanceof EndpointMessage.Viewed viewed
                            ? Optional.of(viewed.view())
                            : Optional.empty(),
                        clock.millis()));
            });
  }

  private void fail(EndpointId id, CompletableFuture<Entry> loading, @Nullable Throwable failure) {
    entries.asMap().remove(id, loading);
    loading.completeExceptionally(
        failure == null ? new IllegalStateException("no failure") : failure);
  }

  void put(EndpointView view) {
    entries.put(
        view.id(), CompletableFuture.completedFuture(new Entry(Optional.of(view), clock.millis())));
  }
}
