package io.kapsel.core.endpoint;

/**
 * A finished attempt with the decision taken on it.
 *
 * @param sequence the webhook's place in its endpoint's order of acceptance
 * @param nextAttemptAtMillis when it is due again for {@link Verdict#RETRY}, else 0
 */
public record Ended(long sequence, Attempt attempt, Verdict verdict, long nextAttemptAtMillis) {}
