package io.kapsel.core.webhook;

import io.kapsel.core.webhook.StandardWebhooksSignature.Family;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What makes two requests to an endpoint the same webhook. */
public sealed interface IdempotencyKey {

  /** The text has 1 to 255 characters from space to tilde. */
  record Key(String text) implements IdempotencyKey {}

  /** The request carries no key and the endpoint does not insist on one. */
  record None() implements IdempotencyKey {}

  record Refused(Rejection rejection) implements IdempotencyKey {}

  int CHARACTERS_MAX = 255;

  /**
   * Finds the key of a request whose signature has been accepted.
   *
   * <p>Refused with {@code E1009} when a key header is malformed, or absent although required;
   * {@code E1011} when the event id in the body is ambiguous, unusable, or absent although
   * required; {@code E1102} when the body must be read and is not JSON (UTF-8, at most 512 levels
   * deep); {@code E1103} when it must be read and is encoded.
   *
   * @param scheme decides which header carries the key: for Standard Webhooks it is the message id,
   *     which is signed
   */
  static IdempotencyKey extract(
      IdempotencySettings settings,
      SignatureSettings.Scheme scheme,
      List<Header> headers,
      byte[] body,
      byte[] bodySha256) {
    return switch (settings.strategy()) {
      case NONE -> new None();
      case CONTENT -> new Key("sha256:" + HexFormat.of().formatHex(bodySha256));
      case HEADER -> {
        IdempotencyKey key =
            scheme == SignatureSettings.Scheme.STANDARD_WEBHOOKS
                ? parse(joined(headers, Family.of(headers).id))
                : fromKeyHeaders(headers);
        boolean missing = settings.required() && key instanceof None;
        yield missing ? invalid("An idempotency key is required.") : key;
      }
      case SOURCE_ID -> fromBody(settings, headers, body);
    };
  }

  /** Both names mean the same; together they must agree. */
  private static IdempotencyKey fromKeyHeaders(List<Header> headers) {
    IdempotencyKey first = parse(joined(headers, "X-Idempotency-Key"));
    IdempotencyKey second = parse(joined(headers, "Idempotency-Key"));
    if (first instanceof Refused || second instanceof None) return first;
    if (second instanceof Refused || first instanceof None) return second;
    return first.equals(second) ? first : invalid("Two idempotency keys are given.");
  }

  /**
   * A Structured Field String (RFC 8941 §3.3.3) when it begins with a quote, otherwise the bare
   * text; {@code "a"} and {@code a} are one key.
   */
  private static IdempotencyKey parse(@Nullable String value) {
    if (value == null) return new None();
    String text = value.startsWith("\"") ? unquoted(value) : value;
    return text != null && isUsable(text)
        ? new Key(text)
        : invalid("An idempotency key has 1 to " + CHARACTERS_MAX + " printable ASCII characters.");
  }

  private static @Nullable String unquoted(String value) {
    StringBuilder text = new StringBuilder(value.length());
    for (int i = 1; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"') return i == value.length() - 1 ? text.toString() : null;
      if (c == '\\') {
        if (++i == value.length()) return null;
        c = value.charAt(i);
        if (c != '"' && c != '\\') return null;
      }
      text.append(c);
    }
    return null;
  }

  /**
   * The value of all lines of a name, without the blanks around it; null when there is none. Lines
   * are joined by commas (RFC 9110 §5.3): that can only be one quoted string cut in two, because
   * two keys, bare or quoted, are refused.
   */
  private static @Nullable String joined(List<Header> headers, String name) {
    int lines = HeaderLines.count(headers, name);
    if (lines == 0) return null;
    if (lines == 1) return HeaderLines.withoutBlanks(HeaderLines.firstOrEmpty(headers, name));
    List<String> values = new ArrayList<>(lines);
    for (Header header : headers) {
      if (header.isNamed(name)) values.add(HeaderLines.withoutBlanks(header.value()));
    }
    return values.get(0).startsWith("\"") ? String.join(", ", values) : "";
  }

  private static IdempotencyKey fromBody(
      IdempotencySettings settings, List<Header> headers, byte[] body) {
    if (HeaderLines.isEncoded(headers)) {
      return refused(
          ErrorCode.UNSUPPORTED_MEDIA_TYPE, "The event id of an encoded body is out of reach.");
    }
    return switch (BodyPath.find(settings.jsonPath(), body)) {
      case BodyPath.Found found ->
          isUsable(found.text())
              ? new Key(found.text())
              : refused(
                  ErrorCode.EVENT_ID_INVALID,
                  "An event id has 1 to " + CHARACTERS_MAX + " printable ASCII characters.");
      case BodyPath.Absent absent ->
          settings.required()
              ? refused(ErrorCode.EVENT_ID_INVALID, "The body has no event id.")
              : new None();
      case BodyPath.Ambiguous ambiguous ->
          refused(ErrorCode.EVENT_ID_INVALID, "The body has more than one event id.");
      case BodyPath.Unreadable unreadable ->
          refused(
              ErrorCode.INVALID_PAYLOAD,
              "The body is not JSON in UTF-8 of at most " + BodyPathWalk.NESTING_MAX + " levels.");
    };
  }

  private static boolean isUsable(String text) {
    if (text.isEmpty() || text.length() > CHARACTERS_MAX) return false;
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < 0x20 || text.charAt(i) > 0x7e) return false;
    }
    return true;
  }

  private static Refused invalid(String detail) {
    return refused(ErrorCode.INVALID_IDEMPOTENCY_KEY, detail);
  }

  private static Refused refused(ErrorCode code, String detail) {
    return new Refused(Rejection.of(code, detail));
  }
}
