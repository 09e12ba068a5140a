package io.kapsel.core.webhook;

/** Every stable error code of Kapsel. The code and name never change; titles may. */
public enum ErrorCode {
  INVALID_SIGNATURE("E1001", 401, false, "The signature does not match"),
  PAYLOAD_TOO_LARGE("E1002", 413, false, "The payload is too large"),
  INVALID_ENDPOINT("E1003", 404, false, "No such endpoint"),
  RATE_LIMITED("E1004", 429, true, "Too many requests"),
  DUPLICATE_EVENT("E1005", 409, true, "The first request with this key is still in flight"),
  SIGNATURE_EXPIRED("E1006", 401, false, "The signature timestamp is outside the tolerance"),
  SIGNATURE_MISSING("E1007", 401, false, "The signature is missing"),
  SIGNATURE_MALFORMED("E1008", 401, false, "The signature is malformed"),
  INVALID_IDEMPOTENCY_KEY("E1009", 400, false, "The idempotency key is invalid"),
  IDEMPOTENCY_KEY_REUSED("E1010", 422, false, "The idempotency key was used with another body"),
  EVENT_ID_INVALID("E1011", 400, false, "The event id is missing or ambiguous"),
  ENDPOINT_DISABLED("E1012", 410, false, "The endpoint is disabled"),
  QUOTA_EXCEEDED("E1013", 429, true, "The quota is used up"),
  METHOD_NOT_ALLOWED("E1101", 405, false, "The method is not allowed"),
  INVALID_PAYLOAD("E1102", 400, false, "The payload is invalid"),
  UNSUPPORTED_MEDIA_TYPE("E1103", 415, false, "The media type is not supported"),
  INCOMPLETE_BODY("E1104", 400, false, "The body is incomplete"),
  MALFORMED_REQUEST("E1105", 400, false, "The request is malformed"),
  REQUEST_TIMEOUT("E1106", 408, true, "The request took too long"),
  HEADERS_TOO_LARGE("E1107", 431, false, "The header section is too large"),
  URI_TOO_LONG("E1108", 414, false, "The request target is too long"),
  NOT_ACCEPTABLE("E1109", 406, false, "No acceptable representation"),
  AUTHENTICATION_REQUIRED("E1201", 401, false, "Authentication is required"),
  INVALID_API_KEY("E1202", 401, false, "The API key is not valid"),
  INSUFFICIENT_SCOPE("E1203", 403, false, "The API key lacks the scope"),
  NOT_FOUND("E1301", 404, false, "Not found"),
  INVALID_JSON("E1302", 400, false, "The body is not valid JSON"),
  UNKNOWN_FIELD("E1303", 422, false, "Unknown field"),
  INVALID_FIELD("E1304", 422, false, "Invalid field"),
  INVALID_URL("E1305", 422, false, "Invalid URL"),
  URL_NOT_ALLOWED("E1306", 422, false, "The URL is not allowed"),
  INVALID_CONFIGURATION("E1307", 422, false, "Invalid configuration"),
  INVALID_DURATION("E1308", 422, false, "Invalid duration"),
  INVALID_HEADER("E1309", 422, false, "Invalid header"),
  CONFLICT("E1310", 409, false, "Conflict with the current state"),
  PRECONDITION_FAILED("E1311", 412, false, "Precondition failed"),
  INVALID_CURSOR("E1312", 400, false, "Invalid cursor"),
  INVALID_QUERY("E1313", 400, false, "Invalid query"),
  NOT_YET_INTEGRATED("E1314", 404, true, "Not yet in a signed tree"),
  INVALID_TREE_RANGE("E1315", 400, false, "Invalid tree range"),
  CONNECTION_FAILED("E2001", 0, true, "The destination could not be reached"),
  DELIVERY_TIMEOUT("E2002", 0, true, "The destination did not answer in time"),
  CLIENT_ERROR("E2003", 0, false, "The destination refused the webhook"),
  SERVER_ERROR("E2004", 0, true, "The destination failed"),
  CIRCUIT_OPEN("E2005", 0, true, "The circuit is open"),
  INVALID_RESPONSE("E2006", 0, false, "The destination answered with something unusable"),
  DNS_FAILURE("E2007", 0, true, "The destination name does not resolve"),
  TLS_FAILURE("E2008", 0, true, "The TLS handshake with the destination failed"),
  DESTINATION_BLOCKED("E2009", 0, false, "The destination is not allowed"),
  RETRY_AFTER_CAPPED("E2010", 0, false, "Retry-After was above the cap"),
  ATTEMPTS_EXHAUSTED("E2011", 0, false, "The attempts are used up"),
  ENDPOINT_GONE("E2012", 0, false, "The destination is gone"),
  DELIVERY_RATE_LIMITED("E2013", 0, true, "The destination asked to slow down"),
  DATABASE_UNAVAILABLE("E3001", 503, true, "The database is unavailable"),
  QUEUE_FULL("E3002", 503, true, "The queue is full"),
  WORKER_POOL_EXHAUSTED("E3003", 503, true, "No worker is available"),
  MISCONFIGURED("E3005", 503, true, "The endpoint is misconfigured"),
  SHUTTING_DOWN("E3006", 503, true, "The service is shutting down"),
  CONFIG_UNKNOWN_KEY("E4001", 0, false, "Unknown configuration key"),
  CONFIG_MISSING("E4002", 0, false, "Missing configuration"),
  CONFIG_INVALID("E4003", 0, false, "Invalid configuration value"),
  CONFIG_SECRET("E4004", 0, false, "Unusable secret"),
  BIND_FAILED("E4005", 0, false, "The address cannot be bound"),
  SCHEMA_MISMATCH("E4006", 0, false, "The database schema does not fit"),
  INTERNAL_ERROR("E9999", 500, true, "Internal error");

  private final String code;
  private final int status;
  private final boolean retryable;
  private final String title;

  ErrorCode(String code, int status, boolean retryable, String title) {
    this.code = code;
    this.status = status;
    this.retryable = retryable;
    this.title = title;
  }

  /** The stable code, such as {@code E1001}. */
  public String code() {
    return code;
  }

  /** The HTTP status that carries this code by default, 0 for codes that never answer a request. */
  public int status() {
    return status;
  }

  /** Whether the same request may succeed later. */
  public boolean retryable() {
    return retryable;
  }

  /** One short human sentence. */
  public String title() {
    return title;
  }
}
