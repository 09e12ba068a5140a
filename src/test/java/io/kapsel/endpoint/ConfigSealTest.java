package io.kapsel.endpoint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.json.StrictJson;
import io.kapsel.secrets.Keyring;
import io.kapsel.secrets.Vault;
import io.kapsel.storage.KeyKeeper.Stored;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What leaves memory of a configuration: readable where it belongs, and nowhere else. */
class ConfigSealTest {
  private static final String KEY = Keyring.newKey(new SplittableRandom(1));
  private static final String NEXT_KEY = Keyring.newKey(new SplittableRandom(2));
  private static final EndpointId HERE = new EndpointId(1, 1);
  private static final EndpointId ELSEWHERE = new EndpointId(1, 2);
  private static final EndpointConfig FULL = ConfigJsonTest.FULL;
  private static final EndpointConfig OPEN_BOOK =
      new EndpointConfig(
          "plain",
          "https://example.com/",
          SignatureSettings.NONE,
          IdempotencySettings.DEFAULT,
          RetryPolicy.DEFAULT,
          CircuitPolicy.DEFAULT,
          DeliverySettings.DEFAULT,
          false);

  private static Vault vault(String keys) {
    return new Vault(Keyring.parse(keys), new SplittableRandom(3));
  }

  private static ConfigSeal seal(String keys) {
    return new ConfigSeal(vault(keys));
  }

  private static String text(byte[] json) {
    return new String(json, UTF_8);
  }

  @Test
  void every_secret_is_sealed_and_comes_back() {
    byte[] json = seal(KEY).write(FULL, HERE);
    for (String secret :
        List.of("Y3VycmVudA==", "cHJldmlvdXM=", "whsec_new", "whsec_old", "X-A", "ü"))
      assertFalse(text(json).contains(secret), text(json));
    assertTrue(text(json).contains("https://example.com/hook"), text(json));
    assertEquals(FULL, seal(KEY).read(json, HERE));
  }

  @Test
  void what_was_written_without_a_key_is_read_with_one() {
    assertEquals(FULL, seal(KEY).read(ConfigJson.toJournal(FULL), HERE));
    assertArrayEquals(ConfigJson.toJournal(FULL), seal("").write(FULL, HERE));
  }

  @Test
  void a_configuration_without_secrets_is_not_sealed() {
    assertArrayEquals(ConfigJson.toJournal(OPEN_BOOK), seal(KEY).write(OPEN_BOOK, HERE));
  }

  @Test
  void it_opens_at_no_other_endpoint() {
    byte[] json = seal(KEY).write(FULL, HERE);
    assertThrows(Vault.Unopenable.class, () -> seal(KEY).read(json, ELSEWHERE));
    assertThrows(Vault.Unopenable.class, () -> seal(KEY).readFromWire(json));
  }

  @Test
  void credentials_cannot_be_sent_elsewhere_by_changing_the_url() throws IOException {
    ObjectNode node = (ObjectNode) StrictJson.MAPPER.readTree(seal(KEY).write(FULL, HERE));
    node.put("url", "https://attacker.example/");
    byte[] changed = StrictJson.MAPPER.writeValueAsBytes(node);
    assertThrows(Vault.Unopenable.class, () -> seal(KEY).read(changed, HERE));
  }

  @Test
  void between_nodes_it_is_sealed_as_well() {
    byte[] json = seal(KEY).writeForWire(FULL);
    assertFalse(text(json).contains("whsec_new"));
    assertEquals(FULL, seal(KEY).readFromWire(json));
    String secret = seal(KEY).sealForWire("whsec_new");
    assertFalse(secret.contains("whsec"));
    assertEquals("whsec_new", seal(KEY).openFromWire(secret));
    assertEquals("whsec_new", seal("").openFromWire(seal("").sealForWire("whsec_new")));
  }

  // ---------------------------------------------------------------------------------- renewal

  private static final Endpoint.Created CREATED =
      new Endpoint.Created(1_764_000_000_000L, new TenantId(7, 8), FULL);

  private static Stored stored(Endpoint.Event event) {
    return new Stored(
        "endpoint|" + HERE, "e:" + EventCodec.manifest(event), EventCodec.encode(event));
  }

  private static Object read(Stored stored, String keys) {
    String subject = stored.manifest().substring(SealedCodec.PREFIX.length());
    Object open =
        subject.equals(SnapshotCodec.MANIFEST)
            ? SnapshotCodec.decode(stored.payload())
            : EventCodec.decode(subject.substring(2), stored.payload());
    Sealed sealed = new Sealed(open, SealedCodec.configOf(stored.payload(), subject));
    var adapters = new SealAdapters(HERE, seal(keys));
    return open instanceof State
        ? adapters.snapshots().fromJournal(sealed)
        : adapters.events().fromJournal(sealed, "").events().head();
  }

  @Test
  void a_plain_event_is_sealed_where_it_stands() {
    Stored fresh = new Renewal(vault(KEY)).apply(stored(CREATED)).orElseThrow();
    assertEquals("sealed:e:created", fresh.manifest());
    assertFalse(new String(fresh.payload(), UTF_8).contains("whsec_new"));
    assertEquals(CREATED, read(fresh, KEY));
    assertEquals(Optional.empty(), new Renewal(vault(KEY)).apply(fresh));
  }

  @Test
  void a_former_key_is_needed_no_more_after_the_renewal() {
    Stored old = new Renewal(vault(KEY)).apply(stored(CREATED)).orElseThrow();
    Stored fresh = new Renewal(vault(NEXT_KEY + " " + KEY)).apply(old).orElseThrow();
    assertEquals(CREATED, read(fresh, NEXT_KEY));
    assertThrows(Vault.Unopenable.class, () -> read(fresh, KEY));
  }

  @Test
  void a_snapshot_is_renewed_with_all_that_it_holds() {
    State state = Endpoint.evolve(null, CREATED, Limits.DEFAULT);
    Stored plain =
        new Stored("endpoint|" + HERE, SnapshotCodec.MANIFEST, SnapshotCodec.encode(state));
    Stored fresh = new Renewal(vault(KEY)).apply(plain).orElseThrow();
    assertEquals(state, read(fresh, KEY));
  }

  @Test
  void a_directory_row_is_renewed() {
    byte[] plain = ConfigJson.toJournal(FULL.withoutSecrets());
    Stored fresh =
        new Renewal(vault(KEY))
            .apply(new Stored("endpoint|" + HERE, Stored.DIRECTORY, plain))
            .orElseThrow();
    assertEquals(FULL.withoutSecrets(), seal(KEY).read(fresh.payload(), HERE));
    assertFalse(text(fresh.payload()).contains("X-A"));
  }

  @Test
  void what_holds_no_secret_stays_as_it_is() {
    var renewal = new Renewal(vault(KEY));
    assertEquals(Optional.empty(), renewal.apply(stored(new Endpoint.Configured(1, OPEN_BOOK))));
    assertEquals(Optional.empty(), renewal.apply(stored(new Endpoint.CircuitReset(1))));
    assertEquals(
        Optional.empty(),
        renewal.apply(new Stored("sharding|x", "e:created", EventCodec.encode(CREATED))));
  }
}
