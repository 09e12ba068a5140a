package io.kapsel.manage;

/**
 * The bounds of the management API.
 *
 * @param callsPerSecondMax of each tenant, and of the operator
 * @param keysCachedMax API keys remembered, right or wrong
 * @param keyCacheMillis for how long; a revoked key may count so much longer
 * @param wrongKeysMax wrong keys that an address may try at once
 * @param wrongKeyIntervalMillis after which it may try one more
 * @param addressesCachedMax addresses with wrong keys that are remembered
 * @param samplesMax sample events being sent at the same time
 */
public record ManageLimits(
    int bodyBytesMax,
    int callsPerSecondMax,
    int keysCachedMax,
    int keyCacheMillis,
    int wrongKeysMax,
    int wrongKeyIntervalMillis,
    int addressesCachedMax,
    int samplesMax,
    Replays replays) {

  /**
   * @param eventsMax looked at in one turn
   * @param queueMax waiting webhooks of an endpoint up to which a replay adds more
   * @param ordersMax to one endpoint at the same time
   */
  public record Replays(int eventsMax, int queueMax, int ordersMax) {}
}
