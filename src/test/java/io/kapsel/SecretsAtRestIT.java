package io.kapsel;

import static io.kapsel.KapselForTests.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.DeliverySettings.SigningSecret;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.secrets.Keyring;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.storage.EventStatus;
import io.kapsel.testing.PostgresForTests;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The real service on a real database, searched for what must not be in it. */
class SecretsAtRestIT {
  private static final String KEY = Keyring.newKey(new SplittableRandom(1));
  private static final String NEXT_KEY = Keyring.newKey(new SplittableRandom(2));
  private static final String VERIFYING = "s3cr3t-of-the-sender";
  private static final String SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final String ROTATED = "whsec_plJ3nmyCDGBKInavdOK15jsl0Qsl4h3Z";
  private static final String HEADER = "token-of-the-destination";
  private static final List<String> SECRETS = List.of(VERIFYING, SIGNING, ROTATED, HEADER);

  private final DatabaseSettings database = PostgresForTests.freshDatabase();
  private final ScriptedDestination destination =
      new ScriptedDestination(ScriptedDestination.status(200));

  @AfterEach
  void close() {
    destination.close();
  }

  private KapselForTests start(String keys) {
    // Every change of configuration takes a snapshot.
    return KapselForTests.start(
        database, Map.of("secrets.keys", keys, "endpoint.snapshot-weight-min", "1"));
  }

  private EndpointConfig config() {
    DeliverySettings usual = DeliverySettings.DEFAULT;
    return new EndpointConfig(
        "orders",
        destination.url(),
        SignatureSettings.of(SignatureSettings.Scheme.GITHUB, List.of(new Secret(VERIFYING))),
        IdempotencySettings.DEFAULT,
        RetryPolicy.DEFAULT,
        CircuitPolicy.DEFAULT,
        new DeliverySettings(
            usual.timeoutMillis(),
            usual.maxInFlight(),
            0,
            usual.ordering(),
            "",
            List.of(new Header("X-Token", HEADER)),
            usual.forwardHeaders(),
            List.of(),
            true,
            List.of(new SigningSecret(new Secret(SIGNING), 0))),
        false);
  }

  private EndpointId endpoint(KapselForTests kapsel) {
    EndpointId id = kapsel.create(config());
    kapsel.order(id, new Endpoint.RotateSecret(new SigningSecret(new Secret(ROTATED), 0)));
    return id;
  }

  private void deliver(KapselForTests kapsel, EndpointId id) {
    WebhookId webhook = kapsel.accepted(id, "{}", "X-Hub-Signature-256", signature("{}"));
    await("delivered", () -> kapsel.event(webhook).status() == EventStatus.DELIVERED);
  }

  private static String signature(String body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(VERIFYING.getBytes(UTF_8), "HmacSHA256"));
      return "sha256=" + HexFormat.of().formatHex(mac.doFinal(body.getBytes(UTF_8)));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Every table with every column as text, bytes in hexadecimal. */
  private String dump() {
    var text = new StringBuilder();
    String tables =
        PostgresForTests.query(
            database,
            "select string_agg(quote_ident(tablename), ',') from pg_tables"
                + " where schemaname = 'public'");
    for (String table : tables.split(",", -1))
      text.append(
          PostgresForTests.query(
              database, "select coalesce(string_agg(t::text, chr(10)), '') from " + table + " t"));
    return text.toString();
  }

  private boolean holds(String dump, String secret) {
    return dump.contains(secret) || dump.contains(HexFormat.of().formatHex(secret.getBytes(UTF_8)));
  }

  private void assertNothingReadable() {
    String dump = dump();
    for (String secret : SECRETS) assertFalse(holds(dump, secret), secret);
  }

  @Test
  void no_table_holds_a_secret_and_the_endpoint_still_works_after_a_restart() {
    EndpointId id;
    try (KapselForTests kapsel = start(KEY)) {
      id = endpoint(kapsel);
      deliver(kapsel, id);
      assertTrue(holds(dump(), "orders"), "the dump sees nothing at all");
      await(
          "a snapshot",
          () ->
              PostgresForTests.query(
                          database,
                          "select count(*) from snapshot where persistence_id like 'endp%'")
                      .compareTo("0")
                  > 0);
      assertNothingReadable();
    }
    try (KapselForTests kapsel = start(KEY)) {
      deliver(kapsel, id);
      EndpointConfig read = kapsel.look(id).config();
      assertEquals(config().signature(), read.signature());
      assertEquals(ROTATED, read.delivery().signingSecrets().getFirst().secret().value());
      assertEquals(HEADER, read.delivery().headers().getFirst().value());
    }
    assertNothingReadable();
  }

  @Test
  void what_was_stored_before_there_was_a_key_is_read_and_can_be_sealed() {
    EndpointId id;
    try (KapselForTests kapsel = start("")) {
      id = endpoint(kapsel);
      deliver(kapsel, id);
      assertTrue(holds(dump(), VERIFYING));
    }
    try (KapselForTests kapsel = start(KEY)) {
      deliver(kapsel, id);
      assertTrue(kapsel.renewSecrets() > 0);
      assertNothingReadable();
    }
    try (KapselForTests kapsel = start(KEY)) {
      deliver(kapsel, id);
    }
  }

  @Test
  void after_a_rotation_the_former_key_opens_nothing_any_more() {
    EndpointId id;
    try (KapselForTests kapsel = start(KEY)) {
      id = endpoint(kapsel);
    }
    try (KapselForTests kapsel = start(NEXT_KEY + "," + KEY)) {
      assertTrue(kapsel.renewSecrets() > 0);
      assertEquals(0, kapsel.renewSecrets());
      String former = Keyring.parse(KEY).keys().getFirst().id();
      String dump = dump().replace("secrets-key:" + former, "");
      assertFalse(holds(dump, former), "sealed under the former key");
      deliver(kapsel, id);
    }
  }

  @Test
  void a_start_without_a_key_that_the_database_needs_is_refused() {
    try (KapselForTests kapsel = start(KEY)) {
      endpoint(kapsel);
    }
    for (String keys : List.of("", "plain", NEXT_KEY)) {
      var refused = assertThrows(IllegalStateException.class, () -> start(keys));
      StartFailed cause = (StartFailed) refused.getCause();
      String message = String.valueOf(cause.getMessage());
      assertTrue(message.startsWith("E4004 "), message);
      assertTrue(message.contains(Keyring.parse(KEY).keys().getFirst().id()), message);
      assertEquals(78, cause.exitCode());
    }
    start("plain," + KEY).close();
  }
}
