package io.kapsel.deliver;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import io.kapsel.core.endpoint.DestinationAuth.ClientCredentials;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.deliver.TokenRequest.Answer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Tokens that are good for a while. Whoever needs the same one waits for the same request. Nothing
 * here is stored: a node that starts asks anew.
 */
final class TokenBook {
  /** A token endpoint that fails is asked again soon, but not at every attempt of a burst. */
  private static final Duration FAILURE_KEPT = Duration.ofSeconds(1);

  /** One for each credential in use on this node; the least used are asked for again. */
  private static final int TOKENS_MAX = 10_000;

  /**
   * Tenants never share a token, whatever they write.
   *
   * @param allowPrivate whether the token endpoint may be a private address
   */
  record Key(TenantId tenant, ClientCredentials credentials, boolean allowPrivate) {}

  private final AsyncCache<Key, Answer> tokens;
  private final Function<Key, CompletableFuture<Answer>> fetch;

  /**
   * @param fetch never fails, and completes within a bounded time
   */
  TokenBook(Function<Key, CompletableFuture<Answer>> fetch, Ticker ticker) {
    this.fetch = fetch;
    this.tokens =
        Caffeine.newBuilder()
            .maximumSize(TOKENS_MAX)
            .ticker(ticker)
            .executor(Runnable::run)
            .expireAfter(
                Expiry.<Key, Answer>creating(
                    (key, answer) ->
                        switch (answer) {
                          case Answer.Token token -> Duration.ofMillis(token.usableMillis());
                          case Answer.Failed failed -> FAILURE_KEPT;
                        }))
            .buildAsync();
  }

  CompletableFuture<Answer> token(Key key) {
    return tokens.get(key, (wanted, executor) -> fetch.apply(wanted));
  }

  /** The destination did not accept this token: the next one to ask gets another. */
  void reject(Key key, Answer.Token token) {
    CompletableFuture<Answer> kept = tokens.getIfPresent(key);
    if (kept != null && kept.isDone() && kept.join().equals(token))
      tokens.asMap().remove(key, kept);
  }
}
