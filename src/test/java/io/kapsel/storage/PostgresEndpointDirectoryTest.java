package io.kapsel.storage;

import static io.kapsel.storage.Samples.NOON;
import static io.kapsel.storage.Samples.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.DeliverySettings.SigningSecret;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.endpoint.ConfigSeal;
import io.kapsel.secrets.Vault;
import io.kapsel.storage.EndpointDirectory.Entry;
import io.kapsel.testing.PostgresForTests;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.junit.jupiter.api.Test;

@DisplayNameGeneration(DisplayNameGenerator.ReplaceUnderscores.class)
class PostgresEndpointDirectoryTest {
  private final Samples samples = new Samples();
  private DatabaseSettings settings;
  private Database database;
  private PostgresEndpointDirectory directory;

  @BeforeEach
  void open() {
    settings = PostgresForTests.freshDatabase();
    database = Database.open(settings);
    var seal = new ConfigSeal(Vault.NONE);
    directory = new PostgresEndpointDirectory(database, seal::write, seal::read);
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void finds_what_was_put_without_its_secrets() {
    Entry entry = entry(samples.endpoint, samples.tenant, "orders", Status.ACTIVE, 1);
    await(directory.put(entry));

    Entry found = await(directory.find(samples.endpoint)).orElseThrow();
    assertEquals(
        new Entry(
            entry.id(),
            entry.tenant(),
            Status.ACTIVE,
            1,
            entry.config().withoutSecrets(),
            NOON,
            NOON + 1),
        found);
    assertFalse(
        PostgresForTests.query(settings, "select endpoint::text from endpoint")
            .contains("whsec_do-not-tell"));
    assertEquals(Optional.empty(), await(directory.find(samples.newEndpoint())));
  }

  @Test
  void an_older_version_never_replaces_a_newer_one() {
    await(directory.put(entry(samples.endpoint, samples.tenant, "new", Status.PAUSED, 7)));
    await(directory.put(entry(samples.endpoint, samples.tenant, "old", Status.ACTIVE, 6)));

    Entry found = await(directory.find(samples.endpoint)).orElseThrow();
    assertEquals("new", found.config().name());
    assertEquals(Status.PAUSED, found.status());

    await(directory.put(entry(samples.endpoint, samples.tenant, "newer", Status.DISABLED, 8)));
    assertEquals(8, await(directory.find(samples.endpoint)).orElseThrow().version());
  }

  @Test
  void a_name_is_unique_among_the_living_endpoints_of_a_tenant() {
    await(directory.put(entry(samples.endpoint, samples.tenant, "orders", Status.ACTIVE, 1)));
    EndpointId second = samples.newEndpoint();

    assertThrows(
        NameTaken.class,
        () -> await(directory.put(entry(second, samples.tenant, "orders", Status.ACTIVE, 1))));
    await(
        directory.put(
            entry(samples.newEndpoint(), samples.newTenant(), "orders", Status.ACTIVE, 1)));
    await(directory.put(entry(samples.endpoint, samples.tenant, "orders", Status.DELETED, 2)));
    await(directory.put(entry(second, samples.tenant, "orders", Status.ACTIVE, 1)));

    assertEquals(second, await(directory.findByName(samples.tenant, "orders")).orElseThrow().id());
  }

  @Test
  void lists_and_counts_the_living_endpoints_of_a_tenant_newest_first() {
    var ids = new ArrayList<EndpointId>();
    for (int i = 0; i < 25; i++) {
      EndpointId id = samples.newEndpoint();
      Status status = i % 5 == 0 ? Status.DELETED : Status.ACTIVE;
      await(directory.put(entry(id, samples.tenant, "endpoint " + i, status, 1)));
      if (status == Status.ACTIVE) ids.add(id);
    }
    await(directory.put(entry(samples.newEndpoint(), samples.newTenant(), "x", Status.ACTIVE, 1)));
    ids.sort((one, other) -> other.compareTo(one));

    var listed = new ArrayList<EndpointId>();
    Optional<EndpointId> before = Optional.empty();
    List<Entry> page;
    do {
      page =
          await(directory.list(samples.tenant, PostgresEndpointDirectory.Filter.NONE, before, 6));
      page.forEach(entry -> listed.add(entry.id()));
      before = listed.isEmpty() ? before : Optional.of(listed.get(listed.size() - 1));
    } while (!page.isEmpty());

    assertEquals(ids, listed);
    assertEquals(20, await(directory.count(samples.tenant, 100)));
    assertEquals(5, await(directory.count(samples.tenant, 5)));
  }

  private static Entry entry(
      EndpointId id, TenantId tenant, String name, Status status, long version) {
    var secret = new Secret("whsec_do-not-tell");
    DeliverySettings delivery = DeliverySettings.DEFAULT;
    var config =
        new EndpointConfig(
            name,
            "https://example.com/hooks",
            SignatureSettings.of(SignatureSettings.Scheme.GITHUB, List.of(secret)),
            IdempotencySettings.DEFAULT,
            RetryPolicy.STANDARD_WEBHOOKS,
            CircuitPolicy.DEFAULT,
            new DeliverySettings(
                delivery.timeoutMillis(),
                delivery.maxInFlight(),
                12.5,
                DeliverySettings.Ordering.KEYED,
                "$.customer",
                delivery.headers(),
                delivery.forwardHeaders(),
                delivery.forwardHeaderNames(),
                true,
                List.of(new SigningSecret(secret, 0))),
            false);
    return new Entry(id, tenant, status, version, config, NOON, NOON + version);
  }
}
