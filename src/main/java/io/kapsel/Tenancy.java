package io.kapsel;

import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.storage.ApiKeys;
import io.kapsel.storage.ApiKeys.ApiKey;
import io.kapsel.storage.ApiKeys.Scope;
import io.kapsel.storage.Database;
import io.kapsel.storage.NameTaken;
import io.kapsel.storage.ServiceValues;
import io.kapsel.storage.TenantLimits;
import io.kapsel.storage.Tenants;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;

/** The tenant {@code default} and the first keys. */
final class Tenancy {
  static final String DEFAULT_TENANT = "default";

  /** Where the hash of the operator's key is kept. */
  static final String OPERATOR_KEY = "operator-key-sha256";

  private static final String CURSOR_KEY = "cursor-key";
  private static final int CURSOR_KEY_BYTES = 32;

  /**
   * Keys that were made just now and can never be shown again.
   *
   * @param apiKey of the default tenant
   */
  record FirstKeys(Optional<Secret> apiKey, Optional<Secret> operatorKey) {}

  private final Tenants tenants;
  private final ApiKeys keys;
  private final ServiceValues values;
  private final InstantSource clock;
  private final RandomGenerator secureRandom = new SecureRandom();

  Tenancy(Database database, InstantSource clock) {
    this.tenants = new Tenants(database);
    this.keys = new ApiKeys(database);
    this.values = new ServiceValues(database);
    this.clock = clock;
  }

  /** Makes what is missing; keys that are configured take the place of made ones. */
  FirstKeys prepare(Secret apiKey, Secret operatorKey) {
    Optional<Tenants.Tenant> found = get(tenants.findByName(DEFAULT_TENANT));
    TenantId tenant = found.map(Tenants.Tenant::id).orElseGet(this::createDefaultTenant);
    return new FirstKeys(
        firstApiKey(tenant, found.isEmpty(), apiKey), firstOperatorKey(operatorKey));
  }

  /** The key that authenticates cursors, the same on all nodes. */
  byte[] cursorKey() {
    byte[] key = new byte[CURSOR_KEY_BYTES];
    secureRandom.nextBytes(key);
    get(values.putIfAbsent(CURSOR_KEY, key));
    return get(values.find(CURSOR_KEY)).orElseThrow();
  }

  private TenantId createDefaultTenant() {
    TenantId id = TenantId.create(clock.millis(), secureRandom);
    try {
      return get(tenants.create(id, DEFAULT_TENANT, TenantLimits.NONE, clock.millis())).id();
    } catch (NameTaken anotherNodeWasFirst) {
      return get(tenants.findByName(DEFAULT_TENANT)).orElseThrow().id();
    }
  }

  private Optional<Secret> firstApiKey(TenantId tenant, boolean newTenant, Secret configured) {
    if (!configured.value().isEmpty()) {
      get(keys.create(apiKey(tenant, "configured", configured), configured));
      return Optional.empty();
    }
    if (!newTenant) return Optional.empty();
    Secret secret = ApiKeys.newSecret(secureRandom);
    get(keys.create(apiKey(tenant, "first", secret), secret));
    return Optional.of(secret);
  }

  private ApiKey apiKey(TenantId tenant, String name, Secret secret) {
    return new ApiKey(
        new UUID(secureRandom.nextLong(), secureRandom.nextLong()),
        tenant,
        name,
        EnumSet.allOf(Scope.class),
        ApiKeys.lastCharacters(secret),
        clock.millis(),
        0,
        0);
  }

  private Optional<Secret> firstOperatorKey(Secret configured) {
    if (!configured.value().isEmpty()) {
      get(values.put(OPERATOR_KEY, ApiKeys.hash(configured.value())));
      return Optional.empty();
    }
    Secret secret = ApiKeys.newSecret(secureRandom);
    boolean first = get(values.putIfAbsent(OPERATOR_KEY, ApiKeys.hash(secret.value())));
    return first ? Optional.of(secret) : Optional.empty();
  }

  private static <T> T get(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RuntimeException cause) throw cause;
      throw failed;
    }
  }
}
