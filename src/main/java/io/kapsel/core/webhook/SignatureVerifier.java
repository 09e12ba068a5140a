package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.kapsel.core.webhook.SignatureSettings.Algorithm;
import io.kapsel.core.webhook.SignatureSettings.Encoding;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decides whether a request comes from who it claims, by the provider's own rules and over the raw
 * bytes. The MAC is checked first and the timestamp after it, so that only a sender with the secret
 * learns that a timestamp is stale.
 */
public final class SignatureVerifier {
  /** No provider sends more than a handful of signatures in one header. */
  static final int CANDIDATES_MAX = 32;

  private SignatureVerifier() {}

  /**
   * Empty when the request is accepted. Otherwise {@code E1007} when a needed header is absent or
   * empty, {@code E1008} when one is repeated or cannot be read, {@code E1001} when no signature
   * matches, {@code E1006} when one matches but its timestamp is too far from now, and {@code
   * E3005} when the settings hold no usable secret.
   *
   * @param body the bytes as received, before any decoding
   * @param method the HTTP method as received
   * @param url the public URL of the endpoint as the provider knows it, with the query as received;
   *     empty when nobody has configured it: then what signs the URL is {@code E3005}, because the
   *     Host of a request is the word of whoever sent it
   */
  public static Optional<Rejection> verify(
      SignatureSettings settings,
      long nowMillis,
      List<Header> headers,
      byte[] body,
      String method,
      String url) {
    if (url.isEmpty() && signsUrl(settings)) return misconfigured();
    return switch (settings.scheme()) {
      case NONE -> Optional.empty();
      case STANDARD_WEBHOOKS ->
          StandardWebhooksSignature.verify(settings, nowMillis, headers, body);
      case STRIPE -> stripe(settings, nowMillis, headers, body);
      case GITHUB -> github(settings, headers, body);
      case SHOPIFY -> shopify(settings, headers, body);
      case SLACK -> slack(settings, nowMillis, headers, body);
      case TWILIO -> TwilioSignature.verify(settings, headers, body, url);
      case GITLAB_TOKEN -> gitlabToken(settings, headers);
      case HMAC -> TemplateSignature.verify(settings, nowMillis, headers, body, method, url);
    };
  }

  /** Whether the URL is part of what is signed. */
  public static boolean signsUrl(SignatureSettings settings) {
    return switch (settings.scheme()) {
      case TWILIO -> true;
      case HMAC -> settings.template().contains("{url}");
      default -> false;
    };
  }

  /** A {@code POST}. */
  public static Optional<Rejection> verify(
      SignatureSettings settings, long nowMillis, List<Header> headers, byte[] body, String url) {
    return verify(settings, nowMillis, headers, body, "POST", url);
  }

  /**
   * Refuses octets beyond ASCII where the scheme reads a signature or a time ({@code E1105}).
   * Elsewhere they are legal (RFC 9110 §5.5), and a token of GitLab is compared octet by octet.
   *
   * @param headers as ISO-8859-1 octets
   */
  public static Optional<Rejection> illegible(SignatureSettings settings, List<Header> headers) {
    List<String> names =
        switch (settings.scheme()) {
          case NONE, GITLAB_TOKEN -> List.of();
          case STANDARD_WEBHOOKS ->
              List.of("webhook-timestamp", "webhook-signature", "svix-timestamp", "svix-signature");
          case STRIPE -> List.of("Stripe-Signature");
          case GITHUB -> List.of("X-Hub-Signature-256", "X-Hub-Signature");
          case SHOPIFY -> List.of("X-Shopify-Hmac-Sha256");
          case SLACK -> List.of("X-Slack-Signature", "X-Slack-Request-Timestamp");
          case TWILIO -> List.of(TwilioSignature.HEADER);
          case HMAC -> List.of(settings.header(), settings.timestampHeader());
        };
    for (String name : names) {
      for (Header header : headers) {
        if (header.isNamed(name) && header.value().chars().anyMatch(c -> c > 0x7e)) {
          return Optional.of(
              Rejection.of(
                  ErrorCode.MALFORMED_REQUEST, "The signature's header has octets beyond ASCII."));
        }
      }
    }
    return Optional.empty();
  }

  /**
   * Why a text cannot be a secret of the scheme ({@code E1307}), empty when it can; never repeats
   * the secret. The generic scheme is judged as a whole by {@link #allSecretsUsable}.
   */
  public static Optional<String> secretProblem(SignatureSettings.Scheme scheme, String secret) {
    if (secret.isEmpty()) return Optional.of("Must not be empty.");
    boolean usable =
        scheme != SignatureSettings.Scheme.STANDARD_WEBHOOKS
            || StandardWebhooksKey.parse(new Secret(secret)).isPresent();
    return usable
        ? Optional.empty()
        : Optional.of(
            "Must be base64 of 24 to 75 bytes, with or without whsec_, or a whpk_ or whsk_ key.");
  }

  /** Whether every secret fits the scheme, the algorithm and the encoding of secrets. */
  public static boolean allSecretsUsable(SignatureSettings settings) {
    if (settings.scheme() == SignatureSettings.Scheme.HMAC) {
      return TemplateSignature.keys(settings).size() == settings.secrets().size();
    }
    for (Secret secret : settings.secrets()) {
      if (secretProblem(settings.scheme(), secret.value()).isPresent()) return false;
    }
    return true;
  }

  /**
   * Why the template of the generic scheme makes no sense ({@code E1307}), empty when it does. A
   * body or a timestamp that is not signed proves nothing.
   */
  public static Optional<String> templateProblem(SignatureSettings settings) {
    String template = settings.template();
    if (!template.contains("{body}")
        || !TemplateSignature.unknownPlaceholders(template).isEmpty()) {
      return Optional.of(
          "Must contain {body} and no other placeholders than {timestamp}, {id}, {url}, {method},"
              + " {body} and {header:Name}.");
    }
    return template.contains("{timestamp}") == TemplateSignature.hasTimestamp(settings)
        ? Optional.empty()
        : Optional.of("Must contain {timestamp} when there is a timestamp, and only then.");
  }

  private static Optional<Rejection> stripe(
      SignatureSettings settings, long nowMillis, List<Header> headers, byte[] body) {
    List<byte[]> keys = textKeys(settings);
    if (keys.isEmpty()) return misconfigured();
    Optional<Rejection> incomplete = HeaderLines.requireSingle(headers, "Stripe-Signature");
    if (incomplete.isPresent()) return incomplete;
    FieldList fields =
        FieldList.parse(HeaderLines.firstOrEmpty(headers, "Stripe-Signature"), ",", "t", "v1");
    long seconds = SignedTime.parse(fields.timestamp());
    if (seconds == SignedTime.MALFORMED || !fields.isUsable()) return malformed();
    List<byte[]> parts = List.of((fields.timestamp() + ".").getBytes(ISO_8859_1), body);
    if (!Hmac.anyMatches(Algorithm.SHA256, keys, parts, Encoding.HEX, fields.signatures())) {
      return mismatch();
    }
    return freshOrExpired(settings, nowMillis, seconds);
  }

  /**
   * Without the opt-in the SHA-1 header is not looked at, and it never stands in for a bad SHA-256.
   */
  private static Optional<Rejection> github(
      SignatureSettings settings, List<Header> headers, byte[] body) {
    List<byte[]> keys = textKeys(settings);
    if (keys.isEmpty()) return misconfigured();
    boolean legacy =
        settings.allowSha1()
            && HeaderLines.count(headers, "X-Hub-Signature-256") == 0
            && HeaderLines.count(headers, "X-Hub-Signature") > 0;
    return legacy
        ? prefixed(headers, "X-Hub-Signature", "sha1=", Algorithm.SHA1, keys, List.of(body))
        : prefixed(
            headers, "X-Hub-Signature-256", "sha256=", Algorithm.SHA256, keys, List.of(body));
  }

  private static Optional<Rejection> shopify(
      SignatureSettings settings, List<Header> headers, byte[] body) {
    List<byte[]> keys = textKeys(settings);
    if (keys.isEmpty()) return misconfigured();
    Optional<Rejection> incomplete = HeaderLines.requireSingle(headers, "X-Shopify-Hmac-Sha256");
    if (incomplete.isPresent()) return incomplete;
    List<String> candidates = List.of(HeaderLines.firstOrEmpty(headers, "X-Shopify-Hmac-Sha256"));
    return Hmac.anyMatches(Algorithm.SHA256, keys, List.of(body), Encoding.BASE64, candidates)
        ? Optional.empty()
        : mismatch();
  }

  private static Optional<Rejection> slack(
      SignatureSettings settings, long nowMillis, List<Header> headers, byte[] body) {
    List<byte[]> keys = textKeys(settings);
    if (keys.isEmpty()) return misconfigured();
    Optional<Rejection> incomplete =
        HeaderLines.requireSingle(headers, "X-Slack-Signature", "X-Slack-Request-Timestamp");
    if (incomplete.isPresent()) return incomplete;
    String timestamp = HeaderLines.firstOrEmpty(headers, "X-Slack-Request-Timestamp");
    long seconds = SignedTime.parse(timestamp);
    if (seconds == SignedTime.MALFORMED) return malformed();
    List<byte[]> parts = List.of(("v0:" + timestamp + ":").getBytes(ISO_8859_1), body);
    Optional<Rejection> refused =
        prefixed(headers, "X-Slack-Signature", "v0=", Algorithm.SHA256, keys, parts);
    return refused.isPresent() ? refused : freshOrExpired(settings, nowMillis, seconds);
  }

  private static Optional<Rejection> gitlabToken(SignatureSettings settings, List<Header> headers) {
    List<byte[]> tokens = textKeys(settings);
    if (tokens.isEmpty()) return misconfigured();
    Optional<Rejection> incomplete = HeaderLines.requireSingle(headers, "X-Gitlab-Token");
    if (incomplete.isPresent()) return incomplete;
    byte[] given = HeaderLines.firstOrEmpty(headers, "X-Gitlab-Token").getBytes(ISO_8859_1);
    boolean matches = false;
    for (byte[] token : tokens) matches |= Hmac.constantTimeEquals(token, given);
    return matches ? Optional.empty() : mismatch();
  }

  /** One header that holds a fixed prefix and the hexadecimal code. */
  private static Optional<Rejection> prefixed(
      List<Header> headers,
      String name,
      String prefix,
      Algorithm algorithm,
      List<byte[]> keys,
      List<byte[]> parts) {
    Optional<Rejection> incomplete = HeaderLines.requireSingle(headers, name);
    if (incomplete.isPresent()) return incomplete;
    String value = HeaderLines.firstOrEmpty(headers, name);
    if (!value.startsWith(prefix)) return malformed();
    List<String> candidates = List.of(value.substring(prefix.length()));
    return Hmac.anyMatches(algorithm, keys, parts, Encoding.HEX, candidates)
        ? Optional.empty()
        : mismatch();
  }

  private static Optional<Rejection> freshOrExpired(
      SignatureSettings settings, long nowMillis, long seconds) {
    return SignedTime.isFreshSeconds(nowMillis, seconds, settings.toleranceSeconds())
        ? Optional.empty()
        : expired();
  }

  /** The secrets as the providers use them, as text; an empty secret never verifies anything. */
  static List<byte[]> textKeys(SignatureSettings settings) {
    List<byte[]> keys = new ArrayList<>(settings.secrets().size());
    for (Secret secret : settings.secrets()) {
      if (!secret.value().isEmpty()) keys.add(secret.value().getBytes(UTF_8));
    }
    return keys;
  }

  static Optional<Rejection> misconfigured() {
    return Optional.of(
        Rejection.of(
            ErrorCode.MISCONFIGURED,
            "The endpoint requires a signature that cannot be verified as it is configured."));
  }

  static Optional<Rejection> malformed() {
    return Optional.of(Rejection.of(ErrorCode.SIGNATURE_MALFORMED));
  }

  static Optional<Rejection> mismatch() {
    return Optional.of(Rejection.of(ErrorCode.INVALID_SIGNATURE));
  }

  static Optional<Rejection> expired() {
    return Optional.of(Rejection.of(ErrorCode.SIGNATURE_EXPIRED));
  }
}
