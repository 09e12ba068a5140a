package io.kapsel.simulation.scenario;

/** What a destination can do to an attempt. */
public enum Behaviour {
  OK,
  /** A 204, which is a success as well. */
  OK_204,
  /** Answers shortly before the timeout. */
  SLOW_OK,
  /** Processes, and answers after the timeout. */
  LATE_OK,
  /** Processes, and the connection breaks before the answer. */
  RESET_AFTER,
  /** Processes, and the answer's body breaks off. */
  CUT_OFF_200,
  SERVER_ERROR_500,
  UNAVAILABLE_503,
  LIMITED_429,
  TIMEOUT_408,
  EARLY_425,
  BAD_REQUEST_400,
  NOT_FOUND_404,
  GONE_410,
  REDIRECT_302,
  GARBAGE,
  /** Takes the request and never answers, nor processes. */
  SILENCE,
  RESET_BEFORE,
  CONNECTION_REFUSED,
  CONNECT_TIMEOUT,
  DNS_FAILURE,
  TLS_FAILURE,
  /** Works and fails by turns, for a few seconds each. */
  FLAPPING;

  /** Whether the destination takes the webhook as delivered. */
  public boolean processes() {
    return switch (this) {
      case OK, OK_204, SLOW_OK, LATE_OK, RESET_AFTER, CUT_OFF_200 -> true;
      default -> false;
    };
  }

  /** Whether the destination sees the request at all. */
  public boolean isReached() {
    return switch (this) {
      case CONNECTION_REFUSED, CONNECT_TIMEOUT, DNS_FAILURE, TLS_FAILURE, RESET_BEFORE -> false;
      default -> true;
    };
  }

  /** Whether it ends the webhook, or the endpoint, for good. */
  public boolean isFinal() {
    return switch (this) {
      case BAD_REQUEST_400, NOT_FOUND_404, GONE_410, REDIRECT_302, GARBAGE -> true;
      default -> false;
    };
  }

  /** Whether it comes with a Retry-After. */
  public boolean mayAskToWait() {
    return switch (this) {
      case UNAVAILABLE_503, LIMITED_429, TIMEOUT_408, EARLY_425, SERVER_ERROR_500 -> true;
      default -> false;
    };
  }
}
