package io.kapsel.core.webhook;

/**
 * Why a request was refused: a value, not an exception.
 *
 * @param detail one sentence for the sender; never contains a secret or the value of one
 * @param retryAfterSeconds when to come back, 0 when there is nothing to say
 */
public record Rejection(ErrorCode code, String detail, int retryAfterSeconds) {
  public static Rejection of(ErrorCode code) {
    return new Rejection(code, code.title() + ".", 0);
  }

  public static Rejection of(ErrorCode code, String detail) {
    return new Rejection(code, detail, 0);
  }

  public Rejection withRetryAfterSeconds(int seconds) {
    return new Rejection(code, detail, seconds);
  }
}
