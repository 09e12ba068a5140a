package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.kapsel.core.webhook.Provider.Message;
import io.kapsel.core.webhook.SignatureSettings.Algorithm;
import io.kapsel.core.webhook.SignatureSettings.Encoding;
import io.kapsel.core.webhook.SignatureSettings.Scheme;
import io.kapsel.core.webhook.SignatureSettings.SecretEncoding;
import io.kapsel.core.webhook.SignatureSettings.TimestampUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Laws of signatures: what a provider signs is accepted, and nothing else is. */
class SignatureProperties {
  private static final int TOLERANCE_SECONDS = 300;
  private static final String URL = "https://hooks.example/in/ep";

  @Property(tries = 400)
  void what_a_provider_signs_is_accepted(
      @ForAll Provider provider, @ForAll("messages") Message message) {
    assertEquals(Optional.empty(), verify(provider, message, signed(provider, message), message));
  }

  @Property(tries = 400)
  void any_active_secret_may_match(@ForAll Provider provider, @ForAll("messages") Message message) {
    List<Header> headers = provider.sign(provider.secret(1), message);
    List<Secret> both = List.of(provider.secret(0), provider.secret(1));
    assertEquals(Optional.empty(), verify(provider, both, message, headers, message.body()));
  }

  @Property(tries = 400)
  void another_secret_is_refused(@ForAll Provider provider, @ForAll("messages") Message message) {
    List<Header> headers = provider.sign(provider.secret(1), message);
    List<Secret> other = List.of(provider.secret(0));
    assertEquals(Optional.of("E1001"), verify(provider, other, message, headers, message.body()));
  }

  @Property(tries = 400)
  void any_bit_of_the_body_counts(
      @ForAll Provider provider, @ForAll("messages") Message message, @ForAll int bit) {
    Assume.that(provider.signsBody() && message.body().length > 0);
    byte[] changed = message.body().clone();
    int at = Math.floorMod(bit, changed.length * 8);
    changed[at / 8] ^= (byte) (1 << at % 8);
    List<Header> headers = signed(provider, message);
    assertEquals(
        Optional.of("E1001"),
        verify(provider, List.of(provider.secret(0)), message, headers, changed));
  }

  /** Letters of a hexadecimal code may change their case where the provider leaves it open. */
  @Property(tries = 400)
  void any_bit_of_the_headers_counts(
      @ForAll Provider provider,
      @ForAll("messages") Message message,
      @ForAll int line,
      @ForAll int bit) {
    List<Header> headers = new ArrayList<>(signed(provider, message));
    headers.removeIf(each -> each.isNamed("Content-Type"));
    int at = Math.floorMod(line, headers.size());
    Header original = headers.get(at);
    String changed = flipped(original.value(), bit);
    Assume.that(
        !changed.toLowerCase(Locale.ROOT).equals(original.value().toLowerCase(Locale.ROOT)));
    // Stripe's v0 is there to be ignored.
    Assume.that(!original.isNamed("Stripe-Signature") || keepsTheSignature(changed, original));
    headers.set(at, new Header(original.name(), changed));
    assertNotEquals(
        Optional.empty(),
        verify(provider, List.of(provider.secret(0)), message, headers, message.body()));
  }

  @Property(tries = 400)
  void a_timestamp_counts_up_to_the_tolerance_both_ways(
      @ForAll Provider provider,
      @ForAll("messages") Message message,
      @ForAll @IntRange(min = -TOLERANCE_SECONDS, max = TOLERANCE_SECONDS) int seconds) {
    assertEquals(Optional.empty(), verifyLater(provider, message, seconds * 1000L, false));
  }

  @Property(tries = 400)
  void a_stale_or_early_timestamp_is_expired_only_when_the_signature_matches(
      @ForAll Provider provider,
      @ForAll("messages") Message message,
      @ForAll @IntRange(min = TOLERANCE_SECONDS + 1, max = 1_000_000) int seconds,
      @ForAll boolean early) {
    Assume.that(provider.isTimed());
    long later = early ? -seconds * 1000L : seconds * 1000L;
    assertEquals(Optional.of("E1006"), verifyLater(provider, message, later, false));
    assertEquals(Optional.of("E1001"), verifyLater(provider, message, later, true));
  }

  @Property(tries = 400)
  void a_repeated_header_is_malformed_even_when_both_lines_agree(
      @ForAll Provider provider, @ForAll("messages") Message message, @ForAll int line) {
    List<Header> headers = new ArrayList<>(signed(provider, message));
    headers.removeIf(each -> each.isNamed("Content-Type"));
    Header repeated = headers.get(Math.floorMod(line, headers.size()));
    headers.add(new Header(repeated.name().toUpperCase(Locale.ROOT), repeated.value()));
    assertEquals(Optional.of("E1008"), verify(provider, message, headers, message));
  }

  @Property(tries = 400)
  void an_absent_or_empty_header_is_missing(
      @ForAll Provider provider,
      @ForAll("messages") Message message,
      @ForAll int line,
      @ForAll boolean empty) {
    List<Header> headers = new ArrayList<>(signed(provider, message));
    headers.removeIf(each -> each.isNamed("Content-Type"));
    Header removed = headers.remove(Math.floorMod(line, headers.size()));
    if (empty) headers.add(new Header(removed.name(), ""));
    assertEquals(Optional.of("E1007"), verify(provider, message, headers, message));
  }

  @Property(tries = 400)
  void an_endpoint_without_a_usable_secret_is_closed(
      @ForAll Provider provider, @ForAll("messages") Message message, @ForAll boolean empty) {
    List<Secret> secrets = empty ? List.of(new Secret("")) : List.of();
    List<Header> headers = signed(provider, message);
    assertEquals(Optional.of("E3005"), verify(provider, secrets, message, headers, message.body()));
  }

  @Property(tries = 5_000)
  void no_input_throws(
      @ForAll("anySettings") SignatureSettings settings,
      @ForAll("anyHeaders") List<Header> headers,
      @ForAll byte[] body,
      @ForAll("anyText") String url,
      @ForAll long nowMillis) {
    SignatureVerifier.verify(settings, nowMillis, headers, body, "POST", url);
    SignatureVerifier.illegible(settings, headers);
    SignatureVerifier.allSecretsUsable(settings);
    SignatureVerifier.templateProblem(settings);
    for (Secret secret : settings.secrets()) {
      SignatureVerifier.secretProblem(settings.scheme(), secret.value());
      StandardWebhooksSigner.secretProblem(secret);
    }
  }

  @Property(tries = 400)
  void what_kapsel_signs_standard_webhooks_accepts(
      @ForAll("messages") Message message, @ForAll long seed) {
    var random = new java.util.SplittableRandom(seed);
    Secret current = StandardWebhooksSigner.createSecret(random);
    Secret previous = StandardWebhooksSigner.createSecret(random);
    assertEquals(Optional.empty(), StandardWebhooksSigner.secretProblem(current));
    List<Header> headers =
        StandardWebhooksSigner.sign(
            List.of(current, previous), message.id(), message.nowMillis(), message.body());
    for (Secret known : List.of(current, previous)) {
      SignatureSettings settings = SignatureSettings.of(Scheme.STANDARD_WEBHOOKS, List.of(known));
      assertEquals(
          Optional.empty(),
          SignatureVerifier.verify(
              settings, message.nowMillis(), headers, message.body(), "POST", ""));
    }
  }

  @Provide
  Arbitrary<Message> messages() {
    return Combinators.combine(
            Arbitraries.longs().between(1_000_000_000_000L, 9_000_000_000_000L),
            Arbitraries.strings().withCharRange('a', 'z').ofMinLength(1).ofMaxLength(40),
            Arbitraries.bytes().array(byte[].class).ofMaxSize(300))
        .as((now, id, body) -> new Message(now, id, Body.wrap(body), "POST", URL));
  }

  @Provide
  Arbitrary<String> anyText() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(60),
        Arbitraries.strings().withChars("{}:;,=. v1at0sha256whsec_pk+/%&?#@[]").ofMaxLength(80),
        Arbitraries.of(
            "t=1,v1=00", "v1,", "v1a,AAAA", "sha256=", "v0=", "1614265330", "{body}", "{header:}"));
  }

  @Provide
  Arbitrary<List<Header>> anyHeaders() {
    Arbitrary<String> names =
        Arbitraries.of(
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
            "svix-id",
            "svix-timestamp",
            "svix-signature",
            "Stripe-Signature",
            "X-Hub-Signature-256",
            "X-Hub-Signature",
            "X-Shopify-Hmac-Sha256",
            "X-Slack-Signature",
            "X-Slack-Request-Timestamp",
            "X-Twilio-Signature",
            "X-Gitlab-Token",
            "X-Signature",
            "X-Time",
            "Content-Type");
    return Combinators.combine(names, anyText()).as(Header::new).list().ofMaxSize(12);
  }

  @Provide
  Arbitrary<SignatureSettings> anySettings() {
    Arbitrary<List<Secret>> secrets = anyText().map(Secret::new).list().ofMaxSize(3);
    Arbitrary<String> short_ = Arbitraries.of("", "X-Time", "t", "v1");
    return Combinators.combine(
            Arbitraries.of(Scheme.class),
            secrets,
            Arbitraries.of(Algorithm.class),
            Arbitraries.of(Encoding.class),
            short_,
            anyText(),
            Arbitraries.of(TimestampUnit.class),
            Arbitraries.of(SecretEncoding.class))
        .as(
            (scheme, keys, algorithm, encoding, name, template, unit, secretEncoding) ->
                new SignatureSettings(
                    scheme,
                    keys,
                    "X-Signature",
                    algorithm,
                    encoding,
                    name,
                    name,
                    template,
                    300,
                    true,
                    name,
                    name,
                    unit,
                    secretEncoding));
  }

  private static List<Header> signed(Provider provider, Message message) {
    return provider.sign(provider.secret(0), message);
  }

  private static Optional<String> verify(
      Provider provider, Message message, List<Header> headers, Message received) {
    return verify(provider, List.of(provider.secret(0)), message, headers, received.body());
  }

  private static Optional<String> verify(
      Provider provider, List<Secret> secrets, Message message, List<Header> headers, byte[] body) {
    return SignatureVerifier.verify(
            provider.settings(secrets),
            message.nowMillis(),
            headers,
            body,
            message.method(),
            provider.url(message))
        .map(each -> each.code().code());
  }

  private static Optional<String> verifyLater(
      Provider provider, Message message, long laterMillis, boolean otherSecret) {
    return SignatureVerifier.verify(
            provider.settings(List.of(provider.secret(otherSecret ? 1 : 0))),
            message.nowMillis() + laterMillis,
            signed(provider, message),
            message.body(),
            message.method(),
            provider.url(message))
        .map(each -> each.code().code());
  }

  private static String flipped(String value, int bit) {
    byte[] octets = value.getBytes(UTF_8);
    int at = Math.floorMod(bit, octets.length * 7);
    octets[at / 7] ^= (byte) (1 << at % 7);
    return new String(octets, UTF_8);
  }

  private static boolean keepsTheSignature(String changed, Header original) {
    int ignored = original.value().indexOf(",v0");
    return !changed.regionMatches(0, original.value(), 0, ignored + 1);
  }
}
