package io.kapsel.manage;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.http.RequestHead;
import io.kapsel.storage.ApiKeys;
import io.kapsel.storage.ApiKeys.ApiKey;
import io.kapsel.storage.ServiceValues;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who sent a request, by its bearer token (RFC 6750 §2.1). Keys are remembered for half a second,
 * right or wrong, so that a revocation counts on every node within a second and a busy key costs
 * the database two queries a second.
 */
final class Authentication {
  private static final Duration TRUSTED = Duration.ofMinutes(10);

  private static final Pattern BEARER =
      Pattern.compile("(?i:Bearer) +(" + ApiKeys.SECRET_FORM + ")");

  private static final String REALM = "Bearer realm=\"kapsel\"";
  private static final String INVALID = REALM + ", error=\"invalid_token\"";

  sealed interface Result {
    record Known(Caller caller) implements Result {}

    /**
     * @param challenge for WWW-Authenticate, empty for none
     */
    record Refused(Rejection rejection, String challenge) implements Result {}
  }

  private record Found(Optional<ApiKey> key, boolean operator) {
    Optional<Caller> callerAt(long nowMillis) {
      if (operator) return Optional.of(new Caller.Operator());
      return key.filter(each -> each.isUsableAt(nowMillis))
          .map(each -> new Caller.OfTenant(each.tenant(), each.scopes()));
    }
  }

  private final ApiKeys keys;
  private final ServiceValues values;
  private final String operatorKeyName;
  private final InstantSource clock;
  private final FailedLogins failedLogins;
  private final Cache<String, CompletableFuture<Found>> found;

  /** Keys that were right lately: they come through although others at the same address do not. */
  private final Cache<String, Boolean> lately;

  /**
   * @param operatorKeyName where the hash of the operator's key is kept
   */
  Authentication(
      ApiKeys keys,
      ServiceValues values,
      String operatorKeyName,
      InstantSource clock,
      ManageLimits limits) {
    this.keys = keys;
    this.values = values;
    this.operatorKeyName = operatorKeyName;
    this.clock = clock;
    this.failedLogins =
        new FailedLogins(
            limits.wrongKeysMax(),
            limits.wrongKeyIntervalMillis(),
            limits.addressesCachedMax(),
            System::nanoTime);
    this.found = remembered(limits, Duration.ofMillis(limits.keyCacheMillis()));
    this.lately = remembered(limits, TRUSTED);
  }

  private static <T> Cache<String, T> remembered(ManageLimits limits, Duration kept) {
    return Caffeine.newBuilder()
        .maximumSize(limits.keysCachedMax())
        .expireAfterWrite(kept)
        .executor(Runnable::run)
        .build();
  }

  CompletionStage<Result> of(RequestHead head, @Nullable String remoteAddress) {
    Optional<String> token = token(head);
    if (token.isEmpty()) return CompletableFuture.completedFuture(missing());
    byte[] hash = ApiKeys.hash(token.get());
    String name = HexFormat.of().formatHex(hash);
    CompletableFuture<Found> known = found.getIfPresent(name);
    Optional<Caller> caller = known == null ? Optional.empty() : callerOf(known);
    if (caller.isPresent())
      return CompletableFuture.completedFuture(new Result.Known(caller.get()));
    if (lately.getIfPresent(name) != null)
      return find(name, hash).thenApply(each -> again(name, each));
    String address = remoteAddress == null ? "" : remoteAddress;
    int waitSeconds = failedLogins.take(address);
    if (waitSeconds > 0) return CompletableFuture.completedFuture(flooding(waitSeconds));
    return find(name, hash)
        .thenApply(
            each -> {
              Result result = judged(each);
              if (result instanceof Result.Known) {
                failedLogins.giveBack(address);
                lately.put(name, true);
              }
              return result;
            });
  }

  /** A key that is no longer right counts like any other that is wrong from then on. */
  private Result again(String name, Found each) {
    Result result = judged(each);
    if (!(result instanceof Result.Known)) lately.invalidate(name);
    return result;
  }

  private static Optional<String> token(RequestHead head) {
    if (head.count("Authorization") != 1) return Optional.empty();
    var matcher = BEARER.matcher(head.header("Authorization"));
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  private Optional<Caller> callerOf(CompletableFuture<Found> known) {
    boolean here = known.isDone() && !known.isCompletedExceptionally();
    return here ? known.join().callerAt(clock.millis()) : Optional.empty();
  }

  private Result judged(Found each) {
    return each.callerAt(clock.millis())
        .<Result>map(Result.Known::new)
        .orElseGet(() -> new Result.Refused(Rejection.of(ErrorCode.INVALID_API_KEY), INVALID));
  }

  /** Always asks both tables, so that every key takes the same time. */
  private CompletableFuture<Found> find(String name, byte[] hash) {
    CompletableFuture<Found> finding = new CompletableFuture<>();
    CompletableFuture<Found> before = found.asMap().putIfAbsent(name, finding);
    if (before != null) return before;
    keys.findByHash(hash)
        .thenCombine(
            values.find(operatorKeyName),
            (key, operator) ->
                new Found(
                    key, operator.filter(kept -> MessageDigest.isEqual(kept, hash)).isPresent()))
        .whenComplete(
            (result, failure) -> {
              if (failure == null) finding.complete(result);
              else {
                found.asMap().remove(name, finding);
                finding.completeExceptionally(failure);
              }
            });
    return finding;
  }

  private static Result missing() {
    return new Result.Refused(
        Rejection.of(
            ErrorCode.AUTHENTICATION_REQUIRED,
            "Send one header of the form Authorization: Bearer kps_…"),
        REALM);
  }

  private static Result flooding(int waitSeconds) {
    return new Result.Refused(
        Rejection.of(ErrorCode.RATE_LIMITED, "Too many wrong API keys from this address.")
            .withRetryAfterSeconds(waitSeconds),
        "");
  }
}
