package io.kapsel.config;

import io.kapsel.core.webhook.ErrorCode;

/** One thing that is wrong with the configuration, in one line that names no secret. */
public record Problem(ErrorCode code, String message) {
  @Override
  public String toString() {
    return code.code() + " " + message;
  }
}
