package io.kapsel.endpoint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import io.kapsel.core.endpoint.DestinationAuth;
import io.kapsel.core.endpoint.DestinationAuth.Basic;
import io.kapsel.core.endpoint.DestinationAuth.Bearer;
import io.kapsel.core.endpoint.DestinationAuth.ClientCredentials;
import io.kapsel.core.endpoint.DestinationAuth.Placement;
import io.kapsel.core.endpoint.DestinationTls;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.Secret;
import io.kapsel.secrets.Keyring;
import io.kapsel.secrets.Vault;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code delivery.auth} and {@code delivery.tls}, as a tenant writes and sees them. */
class AuthJsonTest {
  private static final String OAUTH =
      """
      {"scheme":"oauth2_client_credentials","token_url":"https://issuer.example/token",
       "client_id":"id","client_secret":"hush-oauth","scope":"a b","audience":"aud",
       "client_auth":"body"}
      """;
  private static final DestinationAuth OAUTH_READ =
      new ClientCredentials(
          "https://issuer.example/token",
          "id",
          new Secret("hush-oauth"),
          "a b",
          "aud",
          Placement.BODY);
  private static final String BASIC =
      "{\"scheme\":\"basic\",\"username\":\"me\",\"password\":\"hush-basic\"}";

  private static ConfigJson.Read create(String delivery) {
    return ConfigJsonTest.create(
        "{\"name\":\"n\",\"url\":\"https://example.com/hook\",\"delivery\":{" + delivery + "}}");
  }

  private static EndpointConfig with(String auth) {
    return ConfigJsonTest.valid(create("\"auth\":" + auth));
  }

  private static String problems(String delivery) {
    return ConfigJsonTest.problems(create(delivery));
  }

  private static EndpointConfig patched(EndpointConfig current, String patch) {
    return ConfigJsonTest.valid(patch(current, patch));
  }

  private static ConfigJson.Read patch(EndpointConfig current, String patch) {
    return ConfigJson.patch(current, ConfigJsonTest.json(patch), ConfigJsonTest.RULES, false);
  }

  @Nested
  class Creating {
    @Test
    void nothing_is_the_default() {
      EndpointConfig config = ConfigJsonTest.valid(create(""));
      assertEquals(new DestinationAuth.None(), config.delivery().auth());
      assertEquals(DestinationTls.NONE, config.delivery().tls());
      assertEquals(config, with("{\"scheme\":\"none\"}"));
    }

    @Test
    void every_scheme_can_be_written() {
      assertEquals(new Basic("me", new Secret("hush-basic")), with(BASIC).delivery().auth());
      assertEquals(
          new Bearer(new Secret("a.b=")),
          with("{\"scheme\":\"bearer\",\"token\":\"a.b=\"}").delivery().auth());
      assertEquals(OAUTH_READ, with(OAUTH).delivery().auth());
    }

    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        value = {
          "{'scheme':'basic'} | /delivery/auth/password E1304, /delivery/auth/username E1304",
          "{'scheme':'basic','username':'a:b','password':5}"
              + " | /delivery/auth/password E1304, /delivery/auth/username E1307",
          "{'scheme':'basic','username':'','password':'\\u0007'}"
              + " | /delivery/auth/password E1307, /delivery/auth/username E1307",
          "{'scheme':'bearer','token':'a b'} | /delivery/auth/token E1307",
          "{'scheme':'bearer','token':'a','password':'b','x':1}"
              + " | /delivery/auth/password E1304, /delivery/auth/x E1303",
          "{'password':'b'} | /delivery/auth/password E1304",
          "{'scheme':'digest'} | /delivery/auth/scheme E1304",
          "[] | /delivery/auth E1304",
          "{'scheme':'oauth2_client_credentials','token_url':'ftp://a','client_id':'i',"
              + "'client_secret':'s','scope':'a  b','client_auth':'query'}"
              + " | /delivery/auth/client_auth E1304, /delivery/auth/scope E1307,"
              + " /delivery/auth/token_url E1305",
          "{'scheme':'oauth2_client_credentials','token_url':'http://localhost/',"
              + "'client_secret':'é'} | /delivery/auth/client_id E1304,"
              + " /delivery/auth/client_secret E1307, /delivery/auth/token_url E1306"
        })
    void all_that_is_wrong_is_said_at_once(String auth, String expected) {
      assertEquals(expected, problems("\"auth\":" + auth.replace('\'', '"')));
    }

    @Test
    void a_secret_is_never_repeated() {
      String said =
          create("\"auth\":{\"scheme\":\"bearer\",\"token\":\"hush hush\"}").toString()
              + create("\"auth\":{\"scheme\":\"none\",\"password\":\"hush\"}")
              + create("\"tls\":{\"client_key\":\"hush\",\"client_certificate\":\"hush\"}")
              + with(BASIC)
              + with(OAUTH);
      assertFalse(said.contains("hush"), said);
    }

    @Test
    void a_header_cannot_say_otherwise() {
      assertEquals(
          "/delivery/headers/authorization E1309",
          problems("\"auth\":" + BASIC + ",\"headers\":{\"authorization\":\"x\"}"));
    }

    @Test
    void certificates_are_checked() {
      assertEquals(
          "/delivery/tls/ca E1307, /delivery/tls/client_certificate E1307",
          problems("\"tls\":{\"client_certificate\":\"x\",\"client_key\":\"y\",\"ca\":\"z\"}"));
      assertEquals(
          "/delivery/tls/ca E1304, /delivery/tls/x E1303", problems("\"tls\":{\"ca\":5,\"x\":1}"));
    }
  }

  @Nested
  class Showing {
    @Test
    void everything_but_the_secrets_is_shown() {
      JsonNode basic = ConfigJson.shown(with(BASIC)).at("/delivery/auth");
      assertEquals("{\"scheme\":\"basic\",\"username\":\"me\"}", basic.toString());
      JsonNode oauth = ConfigJson.shown(with(OAUTH)).at("/delivery/auth");
      assertEquals("https://issuer.example/token", oauth.path("token_url").asText());
      assertFalse(oauth.toString().contains("hush"), oauth.toString());
      assertEquals(
          "{\"scheme\":\"none\"}",
          ConfigJson.shown(ConfigJsonTest.valid(create(""))).at("/delivery/auth").toString());
    }

    @Test
    void a_private_key_is_not_shown() {
      var tls = new DestinationTls("certificate", new Secret("hush"), "authority");
      EndpointConfig config = withTls(tls);
      assertEquals(
          "{\"client_certificate\":\"certificate\",\"ca\":\"authority\"}",
          ConfigJson.shown(config).at("/delivery/tls").toString());
      assertFalse(config.toString().contains("hush"));
    }
  }

  private static EndpointConfig withTls(DestinationTls tls) {
    EndpointConfig plain = ConfigJsonTest.valid(create(""));
    return new EndpointConfig(
        plain.name(),
        plain.url(),
        plain.signature(),
        plain.idempotency(),
        plain.retry(),
        plain.circuit(),
        plain.delivery().withAuth(OAUTH_READ, tls),
        false);
  }

  @Nested
  class Storing {
    @Test
    void it_comes_back_sealed_and_plain() {
      var seal =
          new ConfigSeal(
              new Vault(
                  Keyring.parse(Keyring.newKey(new SplittableRandom(1))), new SplittableRandom(2)));
      EndpointId id = new EndpointId(1, 2);
      EndpointConfig full =
          withTls(new DestinationTls("certificate", new Secret("hush-key"), "authority"));
      for (EndpointConfig config :
          List.of(full, with(BASIC), with("{\"scheme\":\"bearer\",\"token\":\"hush\"}"))) {
        assertEquals(config, ConfigJson.fromJournal(ConfigJson.toJournal(config)));
        byte[] sealed = seal.write(config, id);
        assertFalse(new String(sealed, UTF_8).contains("hush"));
        assertEquals(config, seal.read(sealed, id));
        String directory = new String(ConfigJson.toJournal(config.withoutSecrets()), UTF_8);
        assertFalse(directory.contains("hush"), directory);
      }
    }

    @Test
    void a_scheme_of_a_later_version_is_not_taken_for_none() {
      byte[] later = "{\"name\":\"n\",\"delivery\":{\"auth\":{\"scheme\":\"x\"}}}".getBytes(UTF_8);
      assertThrows(IllegalArgumentException.class, () -> ConfigJson.fromJournal(later));
    }
  }

  @Nested
  class Patching {
    @Test
    void a_secret_that_is_not_named_stays() {
      EndpointConfig config = patched(with(OAUTH), "{\"delivery\":{\"auth\":{\"scope\":\"c\"}}}");
      assertEquals("hush-oauth", clientSecret(config));
      assertEquals(OAUTH_READ, patched(with(OAUTH), "{\"name\":\"m\"}").delivery().auth());
    }

    private static String clientSecret(EndpointConfig config) {
      return ((ClientCredentials) config.delivery().auth()).clientSecret().value();
    }

    @Test
    void another_scheme_begins_from_nothing() {
      assertEquals(
          new Bearer(new Secret("t")),
          patched(with(BASIC), "{\"delivery\":{\"auth\":{\"scheme\":\"bearer\",\"token\":\"t\"}}}")
              .delivery()
              .auth());
      assertEquals(
          "/delivery/auth/token E1304",
          ConfigJsonTest.problems(
              patch(with(BASIC), "{\"delivery\":{\"auth\":{\"scheme\":\"bearer\"}}}")));
      assertEquals(
          new DestinationAuth.None(),
          patched(with(BASIC), "{\"delivery\":{\"auth\":null}}").delivery().auth());
    }

    /** Or whoever may change the URL could have the secret sent to themselves. */
    @ParameterizedTest
    @ValueSource(
        strings = {
          "https://elsewhere.example/hook",
          "http://example.com/hook",
          "https://example.com:8443/hook",
          "https://example.com.elsewhere.example/hook"
        })
    void at_another_host_the_secret_has_to_be_given_again(String url) {
      String patch = "{\"url\":\"" + url + "\"";
      assertEquals(
          "/delivery/auth/password E1304",
          ConfigJsonTest.problems(patch(with(BASIC), patch + "}")));
      assertEquals(
          new Basic("me", new Secret("again")),
          patched(with(BASIC), patch + ",\"delivery\":{\"auth\":{\"password\":\"again\"}}}")
              .delivery()
              .auth());
    }

    @ParameterizedTest
    @ValueSource(
        strings = {"https://example.com/other", "https://EXAMPLE.com", "https://example.com?a"})
    void at_the_same_host_it_stays(String url) {
      assertEquals(
          new Basic("me", new Secret("hush-basic")),
          patched(with(BASIC), "{\"url\":\"" + url + "\"}").delivery().auth());
    }

    @Test
    void another_token_endpoint_wants_the_secret_again() {
      String patch = "{\"delivery\":{\"auth\":{\"token_url\":\"https://elsewhere.example/\"}}}";
      assertEquals(
          "/delivery/auth/client_secret E1304", ConfigJsonTest.problems(patch(with(OAUTH), patch)));
    }
  }
}
