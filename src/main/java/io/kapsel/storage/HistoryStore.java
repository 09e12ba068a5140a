package io.kapsel.storage;

import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.webhook.EndpointId;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * The read side: attempts and the state of each webhook. Writing the same record twice changes
 * nothing. Failures are {@link StorageUnavailable}.
 */
public interface HistoryStore {
  /** Completes when all records are durably committed. */
  CompletionStage<Void> record(EndpointId endpoint, List<Ended> ended);
}
