package io.kapsel.ingest;

import io.kapsel.core.webhook.IntakeSettings;
import io.kapsel.core.webhook.Rejection;

/** What a request finds before its body is read. */
public sealed interface Entrance {
  record Open(IntakeSettings intake) implements Entrance {}

  record Closed(Rejection rejection) implements Entrance {}

  /** The endpoint is open, but not for this media type. */
  record OtherMediaType(IntakeSettings intake) implements Entrance {}
}
