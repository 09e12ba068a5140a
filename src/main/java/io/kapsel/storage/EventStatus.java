package io.kapsel.storage;

import io.kapsel.core.endpoint.Verdict;
import java.util.Locale;

/** Where a webhook stands according to the history; what happens just now only its actor knows. */
public enum EventStatus {
  /** Not attempted yet. */
  RECEIVED,
  /** Attempted, and will be again. */
  PENDING,
  DELIVERED,
  FAILED,
  DEAD_LETTER;

  /** As it is kept and shown. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  static EventStatus of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }

  static EventStatus of(Verdict verdict) {
    return switch (verdict) {
      case DELIVERED -> DELIVERED;
      case RETRY -> PENDING;
      case FAILED -> FAILED;
      case DEAD_LETTER -> DEAD_LETTER;
    };
  }
}
