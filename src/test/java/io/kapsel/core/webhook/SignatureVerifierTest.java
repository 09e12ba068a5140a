package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.webhook.Provider.Message;
import io.kapsel.core.webhook.SignatureSettings.Scheme;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The corners of the schemes that the published vectors leave out. */
class SignatureVerifierTest {
  private static final long NOW_MILLIS = 1_614_265_330_000L;
  private static final byte[] BODY = "{\"test\": 2432232314}".getBytes(UTF_8);
  private static final Message MESSAGE =
      new Message(NOW_MILLIS, "msg_1", Body.wrap(BODY), "POST", "https://hooks.example/in");
  private static final String ACCEPTED = "accepted";

  @Nested
  class StandardWebhooks {
    private final List<Header> signed =
        Provider.STANDARD_WEBHOOKS.sign(Provider.STANDARD_WEBHOOKS.secret(0), MESSAGE);
    private final List<Header> svix = Provider.SVIX.sign(Provider.SVIX.secret(0), MESSAGE);

    @ParameterizedTest
    @ValueSource(
        strings = {
          "hello",
          "+1614265330",
          "-1614265330",
          " 1614265330",
          "1614265330 ",
          "01614265330",
          "1614265330.0",
          "1.6e9",
          "0x60378f72",
          "١٦١٤٢٦٥٣٣٠",
          "16142653300000000000",
          "9999999999999999999",
          "1614265330\u0000"
        })
    void a_timestamp_is_plain_seconds(String timestamp) {
      assertEquals("E1008", verify(withTimestamp(timestamp)));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 9_223_372_036_854_775_807L})
    void a_timestamp_far_away_is_expired_once_it_is_signed(long seconds) {
      assertEquals("E1006", verify(withTimestamp(Long.toString(seconds))));
    }

    @Test
    void the_three_headers_come_from_one_family() {
      List<Header> mixed =
          List.of(
              signed.get(0), signed.get(1), new Header("svix-signature", signed.get(2).value()));
      assertEquals("E1007", verify(mixed));
    }

    @Test
    void a_complete_family_stands_although_the_other_is_incomplete() {
      assertEquals(ACCEPTED, verify(plus(svix, new Header("webhook-id", "unsigned"))));
      assertEquals(ACCEPTED, verify(plus(signed, new Header("svix-id", "unsigned"))));
    }

    @Test
    void a_wrong_family_is_not_healed_by_the_other() {
      List<Header> both = new ArrayList<>(svix);
      both.addAll(with(signed, 2, "v1,AAAA"));
      assertEquals("E1001", verify(both));
    }

    @Test
    void an_id_with_a_full_stop_could_move_bytes_into_the_timestamp() {
      Message dotted =
          new Message(NOW_MILLIS, "msg.1", Body.wrap(BODY), "POST", "https://hooks.example/in");
      assertEquals(
          "E1008",
          verify(Provider.STANDARD_WEBHOOKS.sign(Provider.STANDARD_WEBHOOKS.secret(0), dotted)));
    }

    @Test
    void a_list_without_any_signature_is_malformed() {
      String code = signed.get(2).value().substring("v1,".length());
      assertEquals("E1008", verify(with(signed, 2, code)));
      assertEquals("E1008", verify(with(signed, 2, " ")));
    }

    @Test
    void unknown_versions_are_skipped() {
      String code = signed.get(2).value().substring("v1,".length());
      assertEquals("E1001", verify(with(signed, 2, "v2," + code)));
      assertEquals("E1001", verify(with(signed, 2, "V1," + code)));
      assertEquals(ACCEPTED, verify(with(signed, 2, "v2,x  v1," + code + " v1a,AA==")));
    }

    @Test
    void too_many_signatures_are_malformed() {
      String many = "v1,AAAA ".repeat(StandardWebhooksSignature.CANDIDATES_MAX);
      assertEquals("E1008", verify(with(signed, 2, many + signed.get(2).value())));
    }

    /** Each is verified over the whole body for each key, and nobody has proved anything yet. */
    @Test
    void a_few_ed25519_signatures_are_verified_and_no_more() {
      String few = "v1a,AAAA ".repeat(Ed25519.CANDIDATES_MAX);
      assertEquals(ACCEPTED, verify(with(signed, 2, few + signed.get(2).value())));
      assertEquals("E1008", verify(with(signed, 2, "v1a,AAAA " + few + signed.get(2).value())));
    }

    @Test
    void base64_has_one_form() {
      String value = signed.get(2).value();
      assertEquals("E1001", verify(with(signed, 2, value.substring(0, value.length() - 1))));
      char last = value.charAt(value.length() - 2);
      String stray = value.substring(0, value.length() - 2) + (char) (last + 1) + "=";
      assertArrayEquals(decoded(value), decoded(stray));
      assertEquals("E1001", verify(with(signed, 2, stray)));
    }

    @Test
    void an_ed25519_signature_has_64_bytes() {
      Provider provider = Provider.STANDARD_WEBHOOKS_ED25519;
      List<Header> headers = provider.sign(provider.secret(0), MESSAGE);
      assertEquals(ACCEPTED, verifyFrom(provider, headers));
      byte[] signature = decoded(headers.get(2).value());
      byte[] longer = Arrays.copyOf(signature, 65);
      assertEquals(
          "E1001", verifyFrom(provider, with(headers, 2, "v1a," + Provider.base64(longer))));
    }

    @Test
    void a_symmetric_secret_never_verifies_v1a_nor_a_public_key_v1() {
      List<Header> asymmetric =
          Provider.STANDARD_WEBHOOKS_ED25519.sign(
              Provider.STANDARD_WEBHOOKS_ED25519.secret(0), MESSAGE);
      assertEquals("E1001", verify(asymmetric));
      assertEquals("E1001", verifyFrom(Provider.STANDARD_WEBHOOKS_ED25519, signed));
    }

    @Test
    void a_secret_of_the_wrong_length_counts_as_none() {
      Secret tooShort = new Secret("whsec_" + Provider.base64(new byte[23]));
      Secret longest = new Secret("whsec_" + Provider.base64(new byte[75]));
      Secret tooLong = new Secret("whsec_" + Provider.base64(new byte[76]));
      assertEquals("E3005", verifyAs(Scheme.STANDARD_WEBHOOKS, signed, tooShort));
      assertEquals("E1001", verifyAs(Scheme.STANDARD_WEBHOOKS, signed, longest));
      assertEquals("E3005", verifyAs(Scheme.STANDARD_WEBHOOKS, signed, tooLong));
    }

    private List<Header> withTimestamp(String timestamp) {
      String text = "msg_1." + timestamp + ".";
      byte[] key = decoded(Provider.STANDARD_WEBHOOKS.secret(0).value().replace("whsec_", ","));
      String code = Provider.base64(Provider.hmac("SHA256", key, text, BODY));
      return List.of(
          new Header("webhook-id", "msg_1"),
          new Header("webhook-timestamp", timestamp),
          new Header("webhook-signature", "v1," + code));
    }

    private String verify(List<Header> headers) {
      return verifyFrom(Provider.STANDARD_WEBHOOKS, headers);
    }
  }

  @Nested
  class Stripe {
    private final Secret secret = Provider.STRIPE.secret(0);
    private final String code = Provider.hex(Provider.hmac("SHA256", secret, "1614265330.", BODY));

    @Test
    void any_v1_is_enough_and_v0_never_is() {
      assertEquals(ACCEPTED, verify("t=1614265330,v1=00,v1=" + code));
      assertEquals("E1001", verify("t=1614265330,v1=00,v0=" + code));
      assertEquals("E1008", verify("t=1614265330,v0=" + code));
    }

    @Test
    void the_code_is_in_lower_case() {
      assertEquals("E1001", verify("t=1614265330,v1=" + code.toUpperCase(Locale.ROOT)));
    }

    @Test
    void two_timestamps_are_malformed() {
      assertEquals("E1008", verify("t=1614265330,t=1614265330,v1=" + code));
    }

    @ParameterizedTest
    @ValueSource(strings = {"+1614265330", "01614265330", "1614265330 ", "now", "-1"})
    void a_timestamp_is_plain_seconds(String timestamp) {
      String signed = Provider.hex(Provider.hmac("SHA256", secret, timestamp + ".", BODY));
      assertEquals("E1008", verify("t=" + timestamp + ",v1=" + signed));
    }

    @Test
    void too_many_signatures_are_malformed() {
      String many = ",v1=00".repeat(SignatureVerifier.CANDIDATES_MAX);
      assertEquals("E1008", verify("t=1614265330" + many + ",v1=" + code));
    }

    @Test
    void the_secret_is_text_with_its_prefix() {
      Secret whsec = new Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
      List<Header> headers = Provider.STRIPE.sign(whsec, MESSAGE);
      assertEquals(ACCEPTED, verifyAs(Scheme.STRIPE, headers, whsec));
    }

    private String verify(String header) {
      return verifyAs(Scheme.STRIPE, List.of(new Header("Stripe-Signature", header)), secret);
    }
  }

  @Nested
  class GitHub {
    private final List<Header> sha256 = Provider.GITHUB.sign(Provider.GITHUB.secret(0), MESSAGE);
    private final List<Header> sha1 =
        Provider.GITHUB_SHA1.sign(Provider.GITHUB_SHA1.secret(0), MESSAGE);

    @Test
    void sha1_is_not_looked_at_without_the_opt_in() {
      assertEquals("E1007", verifyFrom(Provider.GITHUB, sha1));
    }

    @Test
    void sha1_never_stands_in_for_a_bad_sha256() {
      assertEquals("E1001", verifyFrom(Provider.GITHUB_SHA1, plus(sha1, bad("sha256=00"))));
      assertEquals("E1008", verifyFrom(Provider.GITHUB_SHA1, plus(sha1, bad("sha1=00"))));
      assertEquals("E1007", verifyFrom(Provider.GITHUB_SHA1, plus(sha1, bad(""))));
    }

    @Test
    void sha256_still_counts_with_the_opt_in() {
      assertEquals(ACCEPTED, verifyFrom(Provider.GITHUB_SHA1, sha256));
    }

    @Test
    void the_prefix_is_exact() {
      String value = sha256.get(0).value();
      assertEquals("E1008", verifyFrom(Provider.GITHUB, with(sha256, 0, " " + value)));
      assertEquals(
          "E1008", verifyFrom(Provider.GITHUB, with(sha256, 0, value.replace("sha256", "SHA256"))));
      assertEquals("E1001", verifyFrom(Provider.GITHUB, with(sha256, 0, value + " ")));
    }

    private Header bad(String value) {
      return new Header("X-Hub-Signature-256", value);
    }
  }

  @Nested
  class Twilio {
    private static final String URL = "https://mycompany.com/myapp.php?foo=1&bar=2";
    private static final Header FORM =
        new Header("Content-Type", "application/x-www-form-urlencoded");
    private final Secret secret = Provider.TWILIO_JSON.secret(0);

    @Test
    void names_and_values_are_decoded_and_sorted_as_bytes() {
      assertEquals(ACCEPTED, verify("b=2&a=%C3%A9+x&%41=%zz&&a=1", URL + "A%zza1aé xb2", URL));
    }

    @Test
    void a_parameter_without_a_value_still_counts() {
      assertEquals(ACCEPTED, verify("a&b=", URL + "ab", URL));
      assertEquals("E1001", verify("a&b=&c", URL + "ab", URL));
    }

    @Test
    void an_empty_body_is_the_url_alone() {
      assertEquals(ACCEPTED, verify("", URL, URL));
    }

    @ParameterizedTest
    @CsvSource({
      "https://h.example/x, https://h.example:443/x",
      "https://h.example:8443/x, https://h.example/x",
      "http://h.example, http://h.example:80",
      "http://u:p@h.example?x=a:1, http://u:p@h.example:80?x=a:1",
      "https://[::1]:99/x, https://[::1]/x",
      "https://[::1]/x, https://[::1]:443/x"
    })
    void the_port_may_be_there_or_not(String configured, String signed) {
      assertEquals(ACCEPTED, verify("", signed, configured));
    }

    @Test
    void another_port_is_another_url() {
      assertEquals("E1001", verify("", "https://h.example:81/x", "https://h.example/x"));
    }

    @Test
    void a_body_that_is_no_form_is_covered_by_its_hash() {
      String url = URL + "&bodySHA256=" + Provider.hex(Provider.sha256(BODY));
      String code = Provider.base64(Provider.hmac("SHA1", secret, url, new byte[0]));
      List<Header> headers = List.of(new Header("X-Twilio-Signature", code));
      assertEquals(ACCEPTED, verifyUrl(headers, BODY, url));
      byte[] changed = BODY.clone();
      changed[3] ^= 1;
      assertEquals("E1001", verifyUrl(headers, changed, url));
      assertEquals("E1001", verifyUrl(headers, BODY, url.replace("foo=1", "foo=2")));
    }

    @Test
    void a_body_without_a_hash_is_covered_by_the_signature_itself() {
      String code = Provider.base64(Provider.hmac("SHA1", secret, URL, new byte[0]));
      List<Header> headers =
          List.of(
              new Header("X-Twilio-Signature", code),
              new Header("Content-Type", "application/json"));
      assertEquals(ACCEPTED, verifyUrl(headers, new byte[0], URL));
      assertEquals("E1001", verifyUrl(headers, BODY, URL));
    }

    @Test
    void a_hash_in_the_url_does_not_replace_the_parameters_of_a_form() {
      byte[] form = "a=1".getBytes(UTF_8);
      String url = URL + "&bodySHA256=" + Provider.hex(Provider.sha256(form));
      String code = Provider.base64(Provider.hmac("SHA1", secret, url, new byte[0]));
      assertEquals(
          "E1001", verifyUrl(List.of(FORM, new Header("X-Twilio-Signature", code)), form, url));
    }

    /** The Host of a request is the word of whoever sent it. */
    @Test
    void without_a_configured_url_nothing_is_verified() {
      assertEquals("E3005", verify("a=b", "ab", ""));
    }

    @Test
    void too_many_parameters_are_malformed() {
      StringBuilder form = new StringBuilder();
      for (int i = 0; i <= TwilioSignature.PARAMETERS_MAX; i++)
        form.append("p").append(i).append('&');
      assertEquals("E1008", verify(form.toString(), URL, URL));
    }

    private String verify(String form, String signed, String configured) {
      byte[] octets = form.getBytes(ISO_8859_1);
      String code = Provider.base64(Provider.hmac("SHA1", secret, signed, new byte[0]));
      return verifyUrl(List.of(FORM, new Header("X-Twilio-Signature", code)), octets, configured);
    }

    private String verifyUrl(List<Header> headers, byte[] body, String url) {
      SignatureSettings settings = SignatureSettings.of(Scheme.TWILIO, List.of(secret));
      return code(SignatureVerifier.verify(settings, NOW_MILLIS, headers, body, "POST", url));
    }
  }

  @Nested
  class Generic {
    @Test
    void upper_case_hexadecimal_is_the_same_code() {
      List<Header> headers = Provider.LINEAR.sign(Provider.LINEAR.secret(0), MESSAGE);
      String upper = headers.get(0).value().toUpperCase(Locale.ROOT);
      assertEquals(ACCEPTED, verifyFrom(Provider.LINEAR, with(headers, 0, upper)));
    }

    @Test
    void several_signatures_of_a_list_are_tried() {
      List<Header> headers = Provider.PADDLE.sign(Provider.PADDLE.secret(0), MESSAGE);
      String value = headers.get(0).value().replace(";h1=", "; h1=00; h1=");
      assertEquals(ACCEPTED, verifyFrom(Provider.PADDLE, with(headers, 0, value)));
    }

    @Test
    void a_list_without_its_timestamp_is_malformed() {
      List<Header> headers = Provider.PADDLE.sign(Provider.PADDLE.secret(0), MESSAGE);
      String value = headers.get(0).value();
      String signature = value.substring(value.indexOf("h1="));
      assertEquals("E1008", verifyFrom(Provider.PADDLE, with(headers, 0, signature)));
      assertEquals(
          "E1008", verifyFrom(Provider.PADDLE, with(headers, 0, "ts=1614265330;" + value)));
    }

    @Test
    void milliseconds_are_not_seconds() {
      List<Header> headers = Provider.HUBSPOT.sign(Provider.HUBSPOT.secret(0), MESSAGE);
      SignatureSettings settings = Provider.HUBSPOT.settings(List.of(Provider.HUBSPOT.secret(0)));
      long edge = NOW_MILLIS + 300_000;
      assertEquals(Optional.empty(), verifyAt(settings, edge, headers));
      assertEquals(Optional.of(ErrorCode.SIGNATURE_EXPIRED), verifyAt(settings, edge + 1, headers));
    }

    @Test
    void a_template_signs_what_it_is_judged_by() {
      assertTrue(SignatureVerifier.templateProblem(SignatureSettings.NONE).isEmpty());
      for (Provider provider : Provider.values()) {
        SignatureSettings settings = provider.settings(List.of(provider.secret(0)));
        assertEquals(Optional.empty(), SignatureVerifier.templateProblem(settings));
        assertTrue(SignatureVerifier.allSecretsUsable(settings), provider.name());
      }
      SignatureSettings zoom = Provider.ZOOM.settings(List.of());
      assertFalse(SignatureVerifier.templateProblem(template(zoom, "v0:{body}")).isEmpty());
      SignatureSettings linear = Provider.LINEAR.settings(List.of());
      for (String wrong :
          List.of(
              "",
              "{url}",
              "{timestamp}{body}",
              "{body}{secret}",
              "{body}{header:}",
              "{body}{}",
              "{ {body}",
              "{body}{")) {
        assertFalse(SignatureVerifier.templateProblem(template(linear, wrong)).isEmpty(), wrong);
      }
      assertTrue(SignatureVerifier.templateProblem(template(linear, "[{body}] }")).isEmpty());
    }

    private Optional<ErrorCode> verifyAt(
        SignatureSettings settings, long nowMillis, List<Header> headers) {
      return SignatureVerifier.verify(settings, nowMillis, headers, BODY, "POST", MESSAGE.url())
          .map(Rejection::code);
    }

    private SignatureSettings template(SignatureSettings or, String template) {
      return new SignatureSettings(
          or.scheme(),
          or.secrets(),
          or.header(),
          or.algorithm(),
          or.encoding(),
          or.prefix(),
          or.timestampHeader(),
          template,
          or.toleranceSeconds(),
          or.allowSha1(),
          or.signatureField(),
          or.timestampField(),
          or.timestampUnit(),
          or.secretEncoding());
    }
  }

  @Test
  void the_tolerance_is_inclusive_and_in_whole_seconds() {
    List<Header> headers = Provider.SLACK.sign(Provider.SLACK.secret(0), MESSAGE);
    SignatureSettings settings = Provider.SLACK.settings(List.of(Provider.SLACK.secret(0)));
    for (long offset : List.of(300_999L, -300_000L)) {
      assertEquals(
          Optional.empty(),
          SignatureVerifier.verify(settings, NOW_MILLIS + offset, headers, BODY, "POST", ""));
    }
    for (long offset : List.of(301_000L, -300_001L)) {
      assertEquals(
          "E1006",
          code(SignatureVerifier.verify(settings, NOW_MILLIS + offset, headers, BODY, "POST", "")));
    }
  }

  @Test
  void an_empty_secret_beside_a_good_one_opens_nothing() {
    Secret good = new Secret("good");
    for (Scheme scheme : List.of(Scheme.GITLAB_TOKEN, Scheme.GITHUB)) {
      List<Header> headers =
          scheme == Scheme.GITHUB
              ? Provider.GITHUB.sign(new Secret("\u0000"), MESSAGE)
              : List.of(new Header("X-Gitlab-Token", " "));
      assertEquals("E1001", verifyAs(scheme, headers, new Secret(""), good));
    }
  }

  @Test
  void times_beyond_all_bounds_are_not_near() {
    assertTrue(SignedTime.isFreshMillis(0, 300_000, 300));
    assertFalse(SignedTime.isFreshMillis(-1, Long.MAX_VALUE, 300));
    assertFalse(SignedTime.isFreshSeconds(Long.MIN_VALUE, Long.MAX_VALUE, 300));
    assertFalse(SignedTime.isFreshMillis(Long.MAX_VALUE, -2, Integer.MAX_VALUE));
  }

  @Test
  void octets_beyond_ascii_are_legible_only_where_no_signature_is_read() {
    Header bad = new Header("x-hub-signature-256", "sha256=\u00e9");
    SignatureSettings github = SignatureSettings.of(Scheme.GITHUB, List.of(new Secret("s")));
    assertEquals("E1105", code(SignatureVerifier.illegible(github, List.of(bad))));
    Header other = new Header("X-Other", "\u00e9");
    assertEquals(ACCEPTED, code(SignatureVerifier.illegible(github, List.of(other))));
    SignatureSettings gitlab =
        SignatureSettings.of(Scheme.GITLAB_TOKEN, List.of(new Secret("\u00e9")));
    Header token = new Header("X-Gitlab-Token", "\u00c3\u00a9");
    assertEquals(ACCEPTED, code(SignatureVerifier.illegible(gitlab, List.of(token))));
    assertEquals(
        ACCEPTED,
        code(SignatureVerifier.verify(gitlab, 0, List.of(token), new byte[0], "https://a/")));
  }

  @Test
  void a_token_is_compared_to_its_last_octet() {
    for (String wrong : List.of("token-a", "Token-b", "token-", "token-bb", "token-b "))
      assertEquals(
          "E1001",
          verifyAs(
              Scheme.GITLAB_TOKEN,
              List.of(new Header("X-Gitlab-Token", wrong)),
              new Secret("another"),
              new Secret("token-b")),
          wrong);
  }

  @Test
  void no_scheme_asks_for_nothing() {
    assertEquals(
        Optional.empty(),
        SignatureVerifier.verify(SignatureSettings.NONE, 0, List.of(), BODY, "POST", ""));
  }

  @Test
  void a_rejection_never_tells_the_secret_or_the_expected_code() {
    for (Provider provider : Provider.values()) {
      List<Header> headers = provider.sign(provider.secret(1), MESSAGE);
      Rejection refused =
          SignatureVerifier.verify(
                  provider.settings(List.of(provider.secret(0))),
                  NOW_MILLIS,
                  headers,
                  BODY,
                  "POST",
                  provider.url(MESSAGE))
              .orElseThrow();
      assertEquals(Rejection.of(ErrorCode.INVALID_SIGNATURE), refused);
    }
  }

  private static String verifyFrom(Provider provider, List<Header> headers) {
    SignatureSettings settings = provider.settings(List.of(provider.secret(0)));
    return code(
        SignatureVerifier.verify(settings, NOW_MILLIS, headers, BODY, "POST", MESSAGE.url()));
  }

  private static String verifyAs(Scheme scheme, List<Header> headers, Secret... secrets) {
    SignatureSettings settings = SignatureSettings.of(scheme, List.of(secrets));
    return code(
        SignatureVerifier.verify(settings, NOW_MILLIS, headers, BODY, "POST", MESSAGE.url()));
  }

  private static String code(Optional<Rejection> refused) {
    return refused.map(each -> each.code().code()).orElse(ACCEPTED);
  }

  private static List<Header> with(List<Header> headers, int line, String value) {
    List<Header> changed = new ArrayList<>(headers);
    changed.set(line, new Header(changed.get(line).name(), value));
    return changed;
  }

  private static List<Header> plus(List<Header> headers, Header header) {
    List<Header> more = new ArrayList<>(headers);
    more.add(header);
    return more;
  }

  /** What stands after the comma, as a lenient decoder reads it. */
  private static byte[] decoded(String value) {
    return Base64.getDecoder().decode(value.substring(value.indexOf(',') + 1));
  }
}
