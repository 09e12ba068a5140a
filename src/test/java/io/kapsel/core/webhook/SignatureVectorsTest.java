package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.kapsel.core.webhook.SignatureSettings.Algorithm;
import io.kapsel.core.webhook.SignatureSettings.Encoding;
import io.kapsel.core.webhook.SignatureSettings.Scheme;
import io.kapsel.core.webhook.SignatureSettings.SecretEncoding;
import io.kapsel.core.webhook.SignatureSettings.TimestampUnit;
import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every published signature vector, by the entry point that the edge uses. */
class SignatureVectorsTest {

  @TestFactory
  Stream<DynamicTest> standard_webhooks() {
    return Vectors.tests(
        "sig_standard_webhooks_verify.json", each -> verify(Scheme.STANDARD_WEBHOOKS, each));
  }

  @TestFactory
  Stream<DynamicTest> svix_legacy() {
    return Vectors.tests("sig_svix_legacy.json", each -> verify(Scheme.STANDARD_WEBHOOKS, each));
  }

  @TestFactory
  Stream<DynamicTest> stripe() {
    return Vectors.tests("sig_stripe.json", each -> verify(Scheme.STRIPE, each));
  }

  @TestFactory
  Stream<DynamicTest> github() {
    return Vectors.tests("sig_github.json", each -> verify(Scheme.GITHUB, each));
  }

  @TestFactory
  Stream<DynamicTest> shopify() {
    return Vectors.tests("sig_shopify.json", each -> verify(Scheme.SHOPIFY, each));
  }

  @TestFactory
  Stream<DynamicTest> slack() {
    return Vectors.tests("sig_slack.json", each -> verify(Scheme.SLACK, each));
  }

  @TestFactory
  Stream<DynamicTest> twilio() {
    return Vectors.tests("sig_twilio.json", SignatureVectorsTest::verifyTwilio);
  }

  @TestFactory
  Stream<DynamicTest> generic_hmac() {
    return Vectors.tests("sig_hmac_generic.json", SignatureVectorsTest::verifyHmac);
  }

  @TestFactory
  Stream<DynamicTest> ed25519() {
    return Vectors.tests("ed25519.json", SignatureVectorsTest::verifyEd25519);
  }

  @TestFactory
  Stream<DynamicTest> standard_webhooks_signing_and_secrets() {
    return Vectors.tests("sig_standard_webhooks_sign.json", SignatureVectorsTest::signOrParse);
  }

  private static void verify(Scheme scheme, JsonNode vector) {
    check(vector, settings(scheme, vector), Vectors.headers(vector), Vectors.body(vector));
  }

  private static void verifyTwilio(JsonNode vector) {
    List<Header> headers = new ArrayList<>(Vectors.headers(vector));
    boolean form = vector.path("form").isArray();
    headers.add(
        new Header(
            "Content-Type", form ? "application/x-www-form-urlencoded" : "application/json"));
    byte[] body = form ? formBody(vector.path("form")) : Vectors.body(vector);
    check(vector, settings(Scheme.TWILIO, vector), headers, body);
  }

  private static byte[] formBody(JsonNode form) {
    List<String> pairs = new ArrayList<>();
    form.forEach(
        pair ->
            pairs.add(
                URLEncoder.encode(pair.path(0).asText(), UTF_8)
                    + "="
                    + URLEncoder.encode(pair.path(1).asText(), UTF_8)));
    return String.join("&", pairs).getBytes(UTF_8);
  }

  /** A truncated code is refused although its bits are right. */
  private static void verifyHmac(JsonNode vector) {
    byte[] message = Vectors.hex(vector, "msg_hex");
    boolean expected = vector.path("expect").asBoolean();
    byte[] computed = Hmac.of(Algorithm.SHA256, Vectors.hex(vector, "key_hex"), List.of(message));
    assertEquals(expected, Arrays.equals(Vectors.hex(vector, "tag_hex"), computed));

    SignatureSettings settings =
        generic(vector.path("key_hex").asText(), Algorithm.SHA256, Encoding.HEX);
    List<Header> headers = List.of(new Header("X-Signature", vector.path("tag_hex").asText()));
    Optional<Rejection> refused =
        SignatureVerifier.verify(settings, 0, headers, message, "POST", "https://localhost/");
    assertEquals(
        expected ? Optional.empty() : Optional.of("E1001"),
        refused.map(each -> each.code().code()));
  }

  private static void verifyEd25519(JsonNode vector) {
    byte[] publicKey = Vectors.hex(vector, "public_hex");
    byte[] message = Vectors.hex(vector, "msg_hex");
    byte[] signature = Vectors.hex(vector, "sig_hex");
    boolean expected = vector.path("expect").asBoolean();
    assertEquals(expected, Ed25519.verifies(publicKey, List.of(message), signature));
    if (vector.path("op").asText().equals("sign_and_verify")) {
      byte[] seed = Vectors.hex(vector, "seed_hex");
      assertArrayEquals(signature, Ed25519.sign(seed, List.of(message)));
      assertEquals(true, Ed25519.belongTogether(seed, publicKey));
    }

    SignatureSettings settings =
        generic(vector.path("public_hex").asText(), Algorithm.ED25519, Encoding.HEX);
    List<Header> headers = List.of(new Header("X-Signature", vector.path("sig_hex").asText()));
    Optional<Rejection> refused =
        SignatureVerifier.verify(settings, 0, headers, message, "POST", "https://localhost/");
    assertEquals(expected, refused.isEmpty());
  }

  private static void signOrParse(JsonNode vector) {
    Secret secret = new Secret(vector.path("secret").asText());
    if (vector.path("op").asText().equals("parse_secret")) {
      boolean expected = vector.path("expect").asBoolean();
      assertEquals(expected, StandardWebhooksSigner.secretProblem(secret).isEmpty());
      return;
    }
    String id = vector.path("msg_id").asText();
    long timestamp = vector.path("timestamp").asLong();
    List<Header> headers =
        StandardWebhooksSigner.sign(
            List.of(secret), id, timestamp * 1000 + 999, Vectors.body(vector));
    assertEquals(
        List.of(
            new Header("webhook-id", id),
            new Header("webhook-timestamp", Long.toString(timestamp)),
            new Header("webhook-signature", vector.path("expect").asText())),
        headers);
  }

  private static void check(
      JsonNode vector, SignatureSettings settings, List<Header> headers, byte[] body) {
    long nowMillis = vector.path("now").asLong() * 1000;
    Optional<String> expected =
        vector.path("expect").asBoolean()
            ? Optional.empty()
            : Optional.of(vector.path("expect_error").asText());
    Optional<Rejection> refused =
        SignatureVerifier.verify(
            settings, nowMillis, headers, body, "POST", vector.path("url").asText());
    assertEquals(expected, refused.map(each -> each.code().code()), vector.path("why").asText());
  }

  private static SignatureSettings settings(Scheme scheme, JsonNode vector) {
    SignatureSettings or = SignatureSettings.of(scheme, Vectors.secrets(vector));
    return new SignatureSettings(
        scheme,
        or.secrets(),
        or.header(),
        or.algorithm(),
        or.encoding(),
        or.prefix(),
        or.timestampHeader(),
        or.template(),
        vector.path("tolerance_seconds").asInt(300),
        vector.path("allow_sha1").asBoolean(),
        or.signatureField(),
        or.timestampField(),
        or.timestampUnit(),
        or.secretEncoding());
  }

  private static SignatureSettings generic(String secret, Algorithm algorithm, Encoding encoding) {
    return new SignatureSettings(
        Scheme.HMAC,
        List.of(new Secret(secret)),
        "X-Signature",
        algorithm,
        encoding,
        "",
        "",
        "{body}",
        300,
        false,
        "",
        "",
        TimestampUnit.SECONDS,
        SecretEncoding.HEX);
  }
}
