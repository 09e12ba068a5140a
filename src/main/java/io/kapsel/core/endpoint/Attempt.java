package io.kapsel.core.endpoint;

import io.kapsel.core.webhook.WebhookId;

/**
 * One finished attempt.
 *
 * @param number counted from 1 over the whole life of the webhook, never reset
 */
public record Attempt(
    WebhookId webhook, int number, long startedAtMillis, int durationMillis, Outcome outcome) {}
