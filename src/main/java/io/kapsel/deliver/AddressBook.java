package io.kapsel.deliver;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Answers of the name service, asked on threads of its own: a lookup blocks, and a name whose
 * servers are dead blocks for long. Callers that want the same name share one lookup.
 */
final class AddressBook implements AutoCloseable {
  /** A name that does not resolve is asked for again soon, but not at every attempt of a burst. */
  private static final Duration UNKNOWN_KEPT = Duration.ofSeconds(1);

  private final NameResolver resolver;
  private final ThreadPoolExecutor threads;
  private final AsyncCache<String, List<InetAddress>> answers;

  AddressBook(HttpDestinationSettings settings, NameResolver resolver, Ticker ticker) {
    this.resolver = resolver;
    this.threads =
        new ThreadPoolExecutor(
            settings.resolverThreads(),
            settings.resolverThreads(),
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(settings.resolverQueueMax()),
            Thread.ofPlatform().daemon().name("kapsel-resolver-", 0).factory());
    this.threads.allowCoreThreadTimeOut(true);
    Duration kept = Duration.ofMillis(settings.addressCacheMillis());
    this.answers =
        Caffeine.newBuilder()
            .maximumSize(settings.addressCacheMax())
            .ticker(ticker)
            .executor(Runnable::run)
            .expireAfter(
                Expiry.<String, List<InetAddress>>creating(
                    (host, found) -> found.isEmpty() ? UNKNOWN_KEPT : kept))
            .buildAsync();
  }

  /** All addresses of the name; none when it does not resolve. Fails when too many are waiting. */
  CompletableFuture<List<InetAddress>> addressesOf(String host) {
    return answers.get(
        host,
        (name, ignored) -> {
          try {
            return CompletableFuture.supplyAsync(() -> ask(name), threads);
          } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(e);
          }
        });
  }

  private List<InetAddress> ask(String host) {
    try {
      return List.copyOf(resolver.resolve(host));
    } catch (UnknownHostException e) {
      return List.of();
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
