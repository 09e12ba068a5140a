package io.kapsel.core.endpoint;

import io.kapsel.core.webhook.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * What a destination did with one attempt.
 *
 * @param status the HTTP status, 0 when there was no response
 * @param error null when delivered
 * @param message one short sentence, empty when delivered; names no address
 * @param responseExcerpt the first KiB of the response body
 * @param retryAfterMillis what the destination asked for, -1 when it asked for nothing usable
 */
public record Outcome(
    Kind kind,
    int status,
    @Nullable ErrorCode error,
    String message,
    String responseExcerpt,
    long retryAfterMillis) {

  public enum Kind {
    /** A 2xx was received. */
    DELIVERED,
    /** Refused for good: a client error that a retry cannot cure, or a blocked destination. */
    REFUSED,
    /** 410: the destination wants no more webhooks at all. */
    GONE,
    /** Known not to be processed, or failed on the other side; worth another attempt. */
    FAILED,
    /** 429, 408 or 425: come back later. */
    RATE_LIMITED,
    /** We cannot know: the request was sent and no complete answer came. */
    UNKNOWN
  }

  public static Outcome delivered(int status, String responseExcerpt) {
    return new Outcome(Kind.DELIVERED, status, null, "", responseExcerpt, -1);
  }

  public static Outcome failed(Kind kind, int status, ErrorCode error, String message) {
    return new Outcome(kind, status, error, message, "", -1);
  }
}
