package io.kapsel.core.endpoint;

import io.kapsel.core.webhook.WebhookId;

/**
 * A webhook that has not reached a final state.
 *
 * @param sequence its place in the endpoint's order of acceptance
 * @param laneKey hash of its ordering key, 0 for none
 * @param attempts finished attempts over its whole life
 * @param budgetUsed finished attempts since it was accepted or last retried by hand
 */
public record Pending(
    long sequence, WebhookId id, long laneKey, int attempts, int budgetUsed, long dueAtMillis) {

  Pending failedUntil(long nextAttemptAtMillis) {
    return new Pending(sequence, id, laneKey, attempts + 1, budgetUsed + 1, nextAttemptAtMillis);
  }

  Pending withFreshBudget(long atMillis) {
    return new Pending(sequence, id, laneKey, attempts, 0, atMillis);
  }
}
