package io.kapsel.redis;

import io.kapsel.core.limit.Allowance;
import io.kapsel.core.webhook.Secret;
import io.kapsel.limit.TokenBank;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.metrics.CommandLatencyRecorder;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.Delay;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Buckets in Redis, each taken from by one script, by the server's clock. One connection for
 * everything; commands are pipelined. Opens without Redis being there.
 */
public final class RedisBank implements TokenBank, AutoCloseable {
  /** In one slot, should Redis be a cluster: the script reads both keys. */
  private static final String PREFIX = "kapsel:{limits}:";

  private static final String GENERATION = PREFIX + "generation";
  private static final int IO_THREADS = 2;
  private static final String SCRIPT = script();

  /**
   * @param url as {@code redis://user:password@host:6379/0}; {@code rediss:} for TLS
   * @param timeoutMillis for one answer
   * @param connectTimeoutMillis for a connection, and how often one is tried
   * @param requestsMax questions under way; further ones fail at once
   */
  public record BankSettings(
      Secret url, long timeoutMillis, long connectTimeoutMillis, int requestsMax) {}

  /** Whether it can be an address of Redis. */
  public static boolean isAddress(Secret url) {
    try {
      RedisURI.create(url.value());
      return true;
    } catch (IllegalArgumentException notAnAddress) {
      return false;
    }
  }

  private final Duration timeout;
  private final ClientResources resources;
  private final RedisClient client;
  private final RedisURI address;
  private final AtomicReference<String> generation = new AtomicReference<>("");
  private final AtomicReference<String> scriptHash = new AtomicReference<>("");
  private final AtomicReference<
          @Nullable CompletableFuture<StatefulRedisConnection<String, String>>>
      connection = new AtomicReference<>();
  private volatile boolean closed;

  public RedisBank(BankSettings settings) {
    this.timeout = Duration.ofMillis(settings.timeoutMillis());
    Duration connectTimeout = Duration.ofMillis(settings.connectTimeoutMillis());
    this.resources =
        DefaultClientResources.builder()
            .ioThreadPoolSize(IO_THREADS)
            .computationThreadPoolSize(IO_THREADS)
            .commandLatencyRecorder(CommandLatencyRecorder.disabled())
            .reconnectDelay(Delay.constant(connectTimeout))
            .build();
    this.address = RedisURI.create(settings.url().value());
    this.address.setTimeout(connectTimeout);
    this.client = RedisClient.create(resources);
    this.client.setOptions(
        ClientOptions.builder()
            .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
            .requestQueueSize(settings.requestsMax())
            .socketOptions(
                SocketOptions.builder().connectTimeout(connectTimeout).keepAlive(true).build())
            .timeoutOptions(TimeoutOptions.enabled(timeout))
            .build());
  }

  @Override
  public CompletionStage<Grant> ask(String account, Allowance allowance, long tokens) {
    StatefulRedisConnection<String, String> open = open();
    if (open == null)
      return CompletableFuture.failedFuture(new Unreliable(Trouble.DOWN, "not connected"));
    return call(open, PREFIX + account, allowance, tokens).thenApply(this::grant);
  }

  /**
   * A bank that lost its buckets is in trouble once: its new generation is known from then on. A
   * connection without answers is given up, for its other end may be gone without a word.
   */
  @Override
  public CompletionStage<?> probe() {
    return connect()
        .thenCompose(
            open -> call(open, PREFIX + "probe", Allowance.of(1, 1), 0).thenApply(this::grant))
        .whenComplete(
            (answer, failure) -> {
              if (failure != null && unreliable(failure).trouble() == Trouble.SLOW) disconnect();
            });
  }

  private void disconnect() {
    var open = open();
    connection.set(null);
    if (open != null) {
      var unused = open.closeAsync();
    }
  }

  private @Nullable StatefulRedisConnection<String, String> open() {
    var connecting = connection.get();
    return connecting != null && connecting.isDone() && !connecting.isCompletedExceptionally()
        ? connecting.join()
        : null;
  }

  /** The client reconnects by itself, but only once it was connected. */
  private CompletionStage<StatefulRedisConnection<String, String>> connect() {
    if (closed) return CompletableFuture.failedFuture(new Unreliable(Trouble.DOWN, "closed"));
    var before = connection.get();
    if (before != null && !before.isCompletedExceptionally()) return before;
    var connecting =
        client
            .connectAsync(StringCodec.UTF8, address)
            .toCompletableFuture()
            .<StatefulRedisConnection<String, String>>handle(
                (opened, failure) -> {
                  if (failure != null) throw unreliable(failure);
                  return opened;
                });
    connection.compareAndSet(before, connecting);
    return connecting;
  }

  private CompletionStage<List<Object>> call(
      StatefulRedisConnection<String, String> open,
      String bucket,
      Allowance allowance,
      long tokens) {
    RedisAsyncCommands<String, String> redis = open.async();
    String[] keys = {bucket, GENERATION};
    String[] arguments = {
      Double.toString(allowance.perSecond()),
      Long.toString(allowance.burst()),
      Long.toString(tokens),
      Objects.requireNonNull(generation.get())
    };
    String hash = scriptHash.updateAndGet(known -> known.isEmpty() ? redis.digest(SCRIPT) : known);
    return redis
        .<List<Object>>evalsha(hash, ScriptOutputType.MULTI, keys, arguments)
        .exceptionallyCompose(
            failure ->
                cause(failure) instanceof RedisNoScriptException
                    ? redis.eval(SCRIPT, ScriptOutputType.MULTI, keys, arguments)
                    : CompletableFuture.failedFuture(failure))
        .exceptionally(
            failure -> {
              throw unreliable(failure);
            });
  }

  private Grant grant(List<Object> answer) {
    if (answer.size() != 3
        || !(answer.get(0) instanceof Long granted)
        || !(answer.get(1) instanceof Long waitMicros)
        || !(answer.get(2) instanceof String current))
      throw new Unreliable(Trouble.LYING, "it answers something else");
    generation.set(current);
    if (granted == -1) throw new Unreliable(Trouble.FLUSHED, "it has lost its buckets");
    return new Grant(granted, TimeUnit.MICROSECONDS.toNanos(waitMicros));
  }

  private static Unreliable unreliable(Throwable failure) {
    Throwable cause = cause(failure);
    if (cause instanceof Unreliable known) return known;
    if (cause instanceof RedisCommandTimeoutException)
      return new Unreliable(Trouble.SLOW, "it does not answer in time");
    return new Unreliable(Trouble.DOWN, cause.toString());
  }

  private static Throwable cause(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null)
      cause = cause.getCause();
    return cause;
  }

  private static String script() {
    try (InputStream in = RedisBank.class.getResourceAsStream("/redis/take-tokens.lua")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  @Override
  public void close() {
    closed = true;
    client.shutdown(Duration.ZERO, timeout.multipliedBy(2));
    var unused = resources.shutdown(0, timeout.toMillis() * 2, TimeUnit.MILLISECONDS);
  }
}
