package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.kapsel.core.webhook.SignatureSettings.Algorithm;
import io.kapsel.core.webhook.SignatureSettings.Encoding;
import io.kapsel.core.webhook.SignatureSettings.SecretEncoding;
import io.kapsel.core.webhook.SignatureSettings.TimestampUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Verifies the generic scheme: a header, an algorithm and a template of what is signed. */
final class TemplateSignature {
  private static final String HEADER_PLACEHOLDER = "header:";

  private TemplateSignature() {}

  static Optional<Rejection> verify(
      SignatureSettings settings,
      long nowMillis,
      List<Header> headers,
      byte[] body,
      String method,
      String url) {
    List<byte[]> keys = keys(settings);
    if (keys.isEmpty()) return SignatureVerifier.misconfigured();
    List<String> needed = neededHeaders(settings);
    Optional<Rejection> incomplete =
        HeaderLines.requireSingle(headers, needed.toArray(String[]::new));
    if (incomplete.isPresent()) return incomplete;

    FieldList fields = fields(settings, HeaderLines.firstOrEmpty(headers, settings.header()));
    boolean costly =
        settings.algorithm() == Algorithm.ED25519
            && fields.signatures().size() > Ed25519.CANDIDATES_MAX;
    if (!fields.isUsable() || costly) return SignatureVerifier.malformed();
    String timestamp =
        settings.timestampField().isEmpty()
            ? HeaderLines.firstOrEmpty(headers, settings.timestampHeader())
            : fields.timestamp();
    long time = hasTimestamp(settings) ? SignedTime.parse(timestamp) : 0;
    if (time == SignedTime.MALFORMED) return SignatureVerifier.malformed();

    List<byte[]> parts = new ArrayList<>();
    for (String piece : pieces(settings.template())) {
      parts.add(
          switch (piece) {
            case "{body}" -> body;
            case "{timestamp}" -> timestamp.getBytes(ISO_8859_1);
            case "{id}" -> HeaderLines.firstOrEmpty(headers, "webhook-id").getBytes(ISO_8859_1);
            case "{method}" -> method.getBytes(ISO_8859_1);
            case "{url}" -> url.getBytes(UTF_8);
            default -> literalOrHeader(piece, headers);
          });
    }
    if (!matches(settings, keys, parts, fields.signatures())) return SignatureVerifier.mismatch();
    return isFresh(settings, nowMillis, time) ? Optional.empty() : SignatureVerifier.expired();
  }

  /** The placeholders of a template that nobody knows. */
  static List<String> unknownPlaceholders(String template) {
    List<String> unknown = new ArrayList<>();
    for (String piece : pieces(template)) {
      boolean known =
          switch (piece) {
            case "{body}", "{timestamp}", "{id}", "{method}", "{url}" -> true;
            default -> !piece.startsWith("{") || HeaderName.isValid(headerName(piece));
          };
      if (!known) unknown.add(piece);
    }
    return unknown;
  }

  private static byte[] literalOrHeader(String piece, List<Header> headers) {
    String name = headerName(piece);
    return name.isEmpty()
        ? piece.getBytes(UTF_8)
        : HeaderLines.firstOrEmpty(headers, name).getBytes(ISO_8859_1);
  }

  private static boolean matches(
      SignatureSettings settings, List<byte[]> keys, List<byte[]> parts, List<String> candidates) {
    if (settings.algorithm() != Algorithm.ED25519) {
      // Some providers write hexadecimal in upper case; both cases stand for the same bytes.
      List<String> texts = candidates;
      if (settings.encoding() == Encoding.HEX) {
        texts = new ArrayList<>(candidates.size());
        for (String candidate : candidates) texts.add(candidate.toLowerCase(Locale.ROOT));
      }
      return Hmac.anyMatches(settings.algorithm(), keys, parts, settings.encoding(), texts);
    }
    boolean matches = false;
    for (String candidate : candidates) {
      byte[] signature =
          settings.encoding() == Encoding.HEX ? hex(candidate) : CanonicalBase64.decode(candidate);
      if (signature == null) continue;
      for (byte[] key : keys) matches |= Ed25519.verifies(key, parts, signature);
    }
    return matches;
  }

  private static FieldList fields(SignatureSettings settings, String header) {
    if (!settings.signatureField().isEmpty()) {
      FieldList raw =
          FieldList.parse(
              header.replace(" ", ""), ",;", settings.timestampField(), settings.signatureField());
      return settings.prefix().isEmpty() ? raw : withoutPrefix(raw, settings.prefix());
    }
    return withoutPrefix(new FieldList("", List.of(header), false), settings.prefix());
  }

  private static FieldList withoutPrefix(FieldList fields, String prefix) {
    List<String> signatures = new ArrayList<>(fields.signatures().size());
    for (String signature : fields.signatures()) {
      if (signature.startsWith(prefix)) signatures.add(signature.substring(prefix.length()));
    }
    return new FieldList(fields.timestamp(), signatures, fields.ambiguous());
  }

  private static List<String> neededHeaders(SignatureSettings settings) {
    List<String> names = new ArrayList<>();
    names.add(settings.header());
    if (!settings.timestampHeader().isEmpty()) names.add(settings.timestampHeader());
    for (String piece : pieces(settings.template())) {
      if (piece.equals("{id}")) names.add("webhook-id");
      else if (!headerName(piece).isEmpty()) names.add(headerName(piece));
    }
    return names;
  }

  static boolean hasTimestamp(SignatureSettings settings) {
    return !settings.timestampHeader().isEmpty() || !settings.timestampField().isEmpty();
  }

  private static boolean isFresh(SignatureSettings settings, long nowMillis, long time) {
    if (!hasTimestamp(settings)) return true;
    return settings.timestampUnit() == TimestampUnit.SECONDS
        ? SignedTime.isFreshSeconds(nowMillis, time, settings.toleranceSeconds())
        : SignedTime.isFreshMillis(nowMillis, time, settings.toleranceSeconds());
  }

  /** The usable keys: an empty or unreadable secret never verifies anything. */
  static List<byte[]> keys(SignatureSettings settings) {
    List<byte[]> keys = new ArrayList<>(settings.secrets().size());
    for (Secret secret : settings.secrets()) {
      byte[] key = key(settings.secretEncoding(), secret.value());
      boolean usable =
          key != null
              && (settings.algorithm() == Algorithm.ED25519
                  ? key.length == Ed25519.KEY_BYTES
                  : key.length > 0);
      if (usable) keys.add(key);
    }
    return keys;
  }

  private static byte @Nullable [] key(SecretEncoding encoding, String secret) {
    return switch (encoding) {
      case TEXT -> secret.getBytes(UTF_8);
      case HEX -> hex(secret);
      case BASE64 -> CanonicalBase64.decode(secret);
    };
  }

  private static byte @Nullable [] hex(String text) {
    try {
      return HexFormat.of().parseHex(text);
    } catch (IllegalArgumentException notHexadecimal) {
      return null;
    }
  }

  /** The name inside {@code {header:Name}}, empty for any other piece. */
  private static String headerName(String piece) {
    return piece.startsWith("{" + HEADER_PLACEHOLDER)
        ? piece.substring(1 + HEADER_PLACEHOLDER.length(), piece.length() - 1)
        : "";
  }

  /** Splits a template into literals and {@code {placeholders}}, the latter with their braces. */
  private static List<String> pieces(String template) {
    List<String> pieces = new ArrayList<>();
    int start = 0;
    while (start < template.length()) {
      int open = template.indexOf('{', start);
      int close = open < 0 ? -1 : template.indexOf('}', open);
      if (close < 0) {
        pieces.add(template.substring(start));
        break;
      }
      if (open > start) pieces.add(template.substring(start, open));
      pieces.add(template.substring(open, close + 1));
      start = close + 1;
    }
    return pieces;
  }
}
