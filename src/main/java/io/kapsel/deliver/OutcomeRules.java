package io.kapsel.deliver;

import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Outcome.Kind;
import io.kapsel.core.webhook.ErrorCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an answer, or the lack of one, means for an attempt. Pure; the table is in docs. */
public final class OutcomeRules {
  public static final long NO_RETRY_AFTER = -1;

  private static final Logger log = LoggerFactory.getLogger(OutcomeRules.class);

  private OutcomeRules() {}

  /** For an answer whose status line arrived. */
  public static Outcome answered(int status, String excerpt, long retryAfterMillis) {
    String said = "The destination answered " + status + ".";
    return switch (status) {
      case 410 -> outcome(Kind.GONE, status, ErrorCode.ENDPOINT_GONE, said, excerpt);
      case 429 ->
          new Outcome(
              Kind.RATE_LIMITED,
              status,
              ErrorCode.DELIVERY_RATE_LIMITED,
              said,
              excerpt,
              retryAfterMillis);
      case 408, 425 ->
          new Outcome(
              Kind.RATE_LIMITED, status, ErrorCode.CLIENT_ERROR, said, excerpt, retryAfterMillis);
      default ->
          switch (status / 100) {
            case 2 -> Outcome.delivered(status, excerpt);
            case 3 ->
                outcome(
                    Kind.REFUSED,
                    status,
                    ErrorCode.INVALID_RESPONSE,
                    "The destination answered " + status + "; redirects are not followed.",
                    excerpt);
            case 4 -> outcome(Kind.REFUSED, status, ErrorCode.CLIENT_ERROR, said, excerpt);
            case 5 ->
                new Outcome(
                    Kind.FAILED, status, ErrorCode.SERVER_ERROR, said, excerpt, retryAfterMillis);
            default -> outcome(Kind.REFUSED, status, ErrorCode.INVALID_RESPONSE, said, excerpt);
          };
    };
  }

  /**
   * For an answer that began and did not end. Only the end of a 2xx is worth waiting for: a refusal
   * is one however its explanation ends.
   */
  public static Outcome cutOff(
      int status, String excerpt, long retryAfterMillis, ErrorCode how, String message) {
    return status / 100 == 2
        ? outcome(Kind.UNKNOWN, status, how, message, excerpt)
        : answered(status, excerpt, retryAfterMillis);
  }

  static Outcome blocked() {
    return Outcome.failed(
        Kind.REFUSED, 0, ErrorCode.DESTINATION_BLOCKED, "The destination is not allowed.");
  }

  public static Outcome unusableHead() {
    return Outcome.failed(
        Kind.REFUSED,
        0,
        ErrorCode.INVALID_RESPONSE,
        "The answer of the destination is not valid HTTP or its header section is too large.");
  }

  public static Outcome unresolved() {
    return Outcome.failed(
        Kind.FAILED, 0, ErrorCode.DNS_FAILURE, "The name of the destination does not resolve.");
  }

  public static Outcome unreachable() {
    return Outcome.failed(
        Kind.FAILED, 0, ErrorCode.CONNECTION_FAILED, "The destination could not be reached.");
  }

  public static Outcome insecure() {
    return Outcome.failed(
        Kind.FAILED,
        0,
        ErrorCode.TLS_FAILURE,
        "The TLS handshake failed, or the certificate of the destination is not valid for it.");
  }

  public static Outcome notConnectedInTime() {
    return Outcome.failed(
        Kind.FAILED, 0, ErrorCode.DELIVERY_TIMEOUT, "No connection was made in time.");
  }

  public static Outcome notAnsweredInTime() {
    return Outcome.failed(
        Kind.UNKNOWN, 0, ErrorCode.DELIVERY_TIMEOUT, "The destination did not answer in time.");
  }

  public static Outcome notAnswered() {
    return Outcome.failed(
        Kind.UNKNOWN,
        0,
        ErrorCode.CONNECTION_FAILED,
        "The connection broke before the destination had answered.");
  }

  static Outcome tokenNotInTime() {
    return Outcome.failed(
        Kind.FAILED, 0, ErrorCode.DELIVERY_TIMEOUT, "The token endpoint did not answer in time.");
  }

  /** For an exception nobody foresaw, which is logged as the error it is. */
  static Outcome bug(RuntimeException e) {
    log.error("A delivery failed in an unforeseen way", e);
    return Outcome.failed(
        Kind.FAILED, 0, ErrorCode.INTERNAL_ERROR, "The delivery failed inside Kapsel.");
  }

  private static Outcome outcome(
      Kind kind, int status, ErrorCode error, String message, String excerpt) {
    return new Outcome(kind, status, error, message, excerpt, NO_RETRY_AFTER);
  }
}
