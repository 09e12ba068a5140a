package io.kapsel.manage;

import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.endpoint.ConfigRules;
import io.kapsel.endpoint.Endpoints;
import io.kapsel.storage.ApiKeys;
import io.kapsel.storage.Events;
import io.kapsel.storage.PostgresEndpointDirectory;
import io.kapsel.storage.Replays;
import io.kapsel.storage.ServiceValues;
import io.kapsel.storage.Tenants;
import java.time.InstantSource;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * What the management API works on.
 *
 * @param sender delivers a webhook once, past the endpoint's queue; never fails
 * @param forget lets go of what memory holds of an erased webhook
 */
public record Ports(
    InstantSource clock,
    RandomGenerator secureRandom,
    Endpoints endpoints,
    PostgresEndpointDirectory directory,
    Tenants tenants,
    ApiKeys keys,
    ServiceValues values,
    Events events,
    Replays replays,
    ConfigRules rules,
    BiFunction<EndpointConfig, Webhook, CompletionStage<Outcome>> sender,
    Consumer<WebhookId> forget,
    Keys secrets,
    String publicUrl,
    ManageLimits limits) {

  /**
   * @param operatorKeyName where the hash of the operator's key is kept
   * @param cursorKey authenticates cursors on all nodes
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Keys(String operatorKeyName, byte[] cursorKey) {}
}
