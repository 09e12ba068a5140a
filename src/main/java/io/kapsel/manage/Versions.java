package io.kapsel.manage;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import java.util.Arrays;
import java.util.Optional;

/** Versions as entity tags, and If-Match (RFC 9110 §13.1.1). */
final class Versions {
  private Versions() {}

  static String tag(long version) {
    return "\"" + version + "\"";
  }

  /** Why the version is not one that the call wants to change; empty when it is. */
  static Optional<Rejection> unmet(Call call, long version) {
    if (call.head().count("If-Match") == 0) return Optional.empty();
    boolean met =
        call.head().headers().stream()
            .filter(header -> header.isNamed("If-Match"))
            .flatMap(header -> Arrays.stream(header.value().split(",", -1)))
            .map(String::strip)
            .anyMatch(tag -> tag.equals("*") || tag.equals(tag(version)));
    return met
        ? Optional.empty()
        : Optional.of(
            Rejection.of(
                ErrorCode.PRECONDITION_FAILED,
                "If-Match does not name the current version; read it again and look at its ETag."));
  }
}
