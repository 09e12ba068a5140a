package io.kapsel.core.webhook;

import io.kapsel.core.limit.Allowance;
import java.util.Optional;

/**
 * Why a request was refused: a value, not an exception.
 *
 * @param detail one sentence for the sender; never contains a secret or the value of one
 * @param retryAfterSeconds when to come back, 0 when there is nothing to say
 * @param violated the limit that was exceeded; known only to the node that refused
 */
public record Rejection(
    ErrorCode code, String detail, int retryAfterSeconds, Optional<Policy> violated) {
  /**
   * A limit under a name, as the fields of draft-ietf-httpapi-ratelimit-headers show it.
   *
   * @param requests that are granted in each window
   */
  public record Policy(String name, long requests, long windowSeconds) {
    public static Policy of(String name, Allowance allowance) {
      return new Policy(name, allowance.windowTokens(), allowance.windowSeconds());
    }
  }

  public Rejection(ErrorCode code, String detail, int retryAfterSeconds) {
    this(code, detail, retryAfterSeconds, Optional.empty());
  }

  public static Rejection of(ErrorCode code) {
    return new Rejection(code, code.title() + ".", 0);
  }

  public static Rejection of(ErrorCode code, String detail) {
    return new Rejection(code, detail, 0);
  }

  public Rejection withRetryAfterSeconds(int seconds) {
    return new Rejection(code, detail, seconds, violated);
  }

  public Rejection under(Policy policy) {
    return new Rejection(code, detail, retryAfterSeconds, Optional.of(policy));
  }
}
