package io.kapsel.manage;

import io.kapsel.endpoint.ConfigRules;
import io.kapsel.endpoint.Endpoints;
import io.kapsel.storage.ApiKeys;
import io.kapsel.storage.Events;
import io.kapsel.storage.PostgresEndpointDirectory;
import io.kapsel.storage.ServiceValues;
import io.kapsel.storage.Tenants;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/** What the management API works on. */
public record Ports(
    InstantSource clock,
    RandomGenerator secureRandom,
    Endpoints endpoints,
    PostgresEndpointDirectory directory,
    Tenants tenants,
    ApiKeys keys,
    ServiceValues values,
    Events events,
    ConfigRules rules,
    Keys secrets,
    String publicUrl,
    int bodyBytesMax) {

  /**
   * @param operatorKeyName where the hash of the operator's key is kept
   * @param cursorKey authenticates cursors on all nodes
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Keys(String operatorKeyName, byte[] cursorKey) {}
}
