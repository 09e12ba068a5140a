package io.kapsel.storage;

import static io.kapsel.storage.Samples.NOON;
import static io.kapsel.storage.Samples.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.limit.Quota;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.storage.ApiKeys.ApiKey;
import io.kapsel.storage.ApiKeys.Scope;
import io.kapsel.storage.Tenants.Tenant;
import io.kapsel.testing.PostgresForTests;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.junit.jupiter.api.Test;

@DisplayNameGeneration(DisplayNameGenerator.ReplaceUnderscores.class)
class TenantsAndKeysTest {
  private static final TenantLimits LIMITS =
      new TenantLimits(12.5, 100, new Quota(90, 3_600), 7, 1_000, true);

  private final Samples samples = new Samples();
  private DatabaseSettings settings;
  private Database database;
  private Tenants tenants;
  private ApiKeys keys;

  @BeforeEach
  void open() {
    settings = PostgresForTests.freshDatabase();
    database = Database.open(settings);
    tenants = new Tenants(database);
    keys = new ApiKeys(database);
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void a_tenant_is_found_by_id_and_by_name() {
    Tenant created = await(tenants.create(samples.tenant, "default", LIMITS, NOON));

    assertEquals(Optional.of(created), await(tenants.find(samples.tenant)));
    assertEquals(Optional.of(created), await(tenants.findByName("default")));
    assertEquals(Optional.empty(), await(tenants.findByName("other")));
    assertThrows(
        NameTaken.class, () -> await(tenants.create(samples.newTenant(), "default", LIMITS, NOON)));
  }

  @Test
  void the_limits_of_several_tenants_are_read_together() {
    await(tenants.create(samples.tenant, "default", LIMITS, NOON));
    TenantId other = samples.newTenant();
    await(tenants.create(other, "other", TenantLimits.NONE, NOON));
    var limits = await(tenants.limits(List.of(samples.tenant, samples.newTenant(), other)));
    assertEquals(2, limits.size());
    assertEquals(LIMITS, limits.get(samples.tenant));
    assertEquals(TenantLimits.NONE, limits.get(other));
  }

  @Test
  void a_tenant_changes_only_from_the_version_it_was_read_at() {
    Tenant created = await(tenants.create(samples.tenant, "default", LIMITS, NOON));
    var wanted =
        new Tenant(created.id(), "renamed", TenantLimits.NONE, 1, NOON, created.updatedAtMillis());

    Tenant changed = await(tenants.update(wanted, NOON + 5)).orElseThrow();
    assertEquals(
        new Tenant(created.id(), "renamed", TenantLimits.NONE, 2, NOON, NOON + 5), changed);
    assertEquals(Optional.of(changed), await(tenants.find(created.id())));
    assertEquals(Optional.empty(), await(tenants.update(wanted, NOON + 6)));
  }

  @Test
  void a_deleted_tenant_is_gone_with_its_keys_and_frees_its_name() {
    await(tenants.create(samples.tenant, "default", LIMITS, NOON));
    Secret secret = ApiKeys.newSecret(new SecureRandom());
    await(keys.create(key(samples.tenant, 0), secret));

    assertTrue(await(tenants.delete(samples.tenant, NOON + 1)));
    assertFalse(await(tenants.delete(samples.tenant, NOON + 2)));

    assertEquals(Optional.empty(), await(tenants.find(samples.tenant)));
    assertEquals(Optional.empty(), await(keys.findByHash(ApiKeys.hash(secret.value()))));
    assertEquals(
        NOON + 1, await(keys.list(samples.tenant, Optional.empty(), 10)).get(0).revokedAtMillis());
    await(tenants.create(samples.newTenant(), "default", LIMITS, NOON));
  }

  @Test
  void tenants_are_listed_newest_first_page_by_page() {
    for (int i = 0; i < 7; i++) {
      await(tenants.create(samples.newTenant(), "tenant " + i, LIMITS, NOON));
    }
    List<Tenant> first = await(tenants.list(Optional.empty(), 4));
    List<Tenant> second = await(tenants.list(Optional.of(first.get(3).id()), 4));

    assertEquals(4, first.size());
    assertEquals(3, second.size());
    assertTrue(first.get(3).id().compareTo(second.get(0).id()) > 0);
  }

  @Test
  void a_key_is_found_by_the_hash_of_its_secret_which_is_not_kept() {
    await(tenants.create(samples.tenant, "default", LIMITS, NOON));
    Secret secret = ApiKeys.newSecret(new SecureRandom());
    ApiKey key = key(samples.tenant, NOON + 60_000);
    assertTrue(await(keys.create(key, secret)));

    assertEquals(Optional.of(key), await(keys.findByHash(ApiKeys.hash(secret.value()))));
    assertEquals(Optional.empty(), await(keys.findByHash(ApiKeys.hash(secret.value() + "x"))));
    assertFalse(
        PostgresForTests.query(settings, "select api_key::text from api_key")
            .contains(secret.value().substring(4)));
    assertFalse(await(keys.create(key(samples.tenant, 0), secret)));
    assertTrue(key.isUsableAt(NOON + 59_999));
    assertFalse(key.isUsableAt(NOON + 60_000));
  }

  @Test
  void a_revoked_key_stays_listed_and_is_not_usable() {
    await(tenants.create(samples.tenant, "default", LIMITS, NOON));
    Secret secret = ApiKeys.newSecret(new SecureRandom());
    ApiKey key = key(samples.tenant, 0);
    await(keys.create(key, secret));

    assertFalse(await(keys.revoke(samples.newTenant(), key.id(), NOON)));
    assertTrue(await(keys.revoke(samples.tenant, key.id(), NOON + 1)));
    assertTrue(await(keys.revoke(samples.tenant, key.id(), NOON + 2)));

    ApiKey found = await(keys.findByHash(ApiKeys.hash(secret.value()))).orElseThrow();
    assertEquals(NOON + 1, found.revokedAtMillis());
    assertFalse(found.isUsableAt(NOON + 1));
    assertEquals(List.of(found), await(keys.list(samples.tenant, Optional.empty(), 10)));
    assertEquals(List.of(), await(keys.list(samples.tenant, Optional.of(key.id()), 10)));
  }

  @Test
  void secrets_are_long_and_different() {
    var random = new SecureRandom();
    Secret one = ApiKeys.newSecret(random);

    assertTrue(one.value().matches("kps_[0-9a-f]{48}"), one.value());
    assertNotEquals(one, ApiKeys.newSecret(random));
    assertEquals(one.value().substring(48), ApiKeys.lastCharacters(one));
  }

  @Test
  void service_values_keep_the_first_unless_told_otherwise() {
    var values = new ServiceValues(database);
    assertEquals(Optional.empty(), await(values.find("operator-key")));

    assertTrue(await(values.putIfAbsent("operator-key", new byte[] {1})));
    assertFalse(await(values.putIfAbsent("operator-key", new byte[] {2})));
    assertArrayEquals(new byte[] {1}, await(values.find("operator-key")).orElseThrow());

    assertTrue(await(values.put("operator-key", new byte[] {3})));
    assertArrayEquals(new byte[] {3}, await(values.find("operator-key")).orElseThrow());
  }

  private ApiKey key(TenantId tenant, long expiresAtMillis) {
    return new ApiKey(
        new UUID(NOON << 16, samples.id(NOON).low()),
        tenant,
        "ci",
        EnumSet.of(Scope.READ, Scope.WRITE),
        "wxyz",
        NOON,
        expiresAtMillis,
        0);
  }
}
