package io.kapsel.http;

import io.kapsel.core.webhook.ErrorCode;

/** Why a request cannot be served, with the status where it differs from the code's own. */
public record Refusal(int status, ErrorCode code, String detail) {
  static Refusal of(ErrorCode code, String detail) {
    return new Refusal(code.status(), code, detail);
  }

  static Refusal malformed(String detail) {
    return of(ErrorCode.MALFORMED_REQUEST, detail);
  }
}
