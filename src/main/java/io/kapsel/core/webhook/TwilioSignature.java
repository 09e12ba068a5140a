package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.kapsel.core.webhook.SignatureSettings.Algorithm;
import io.kapsel.core.webhook.SignatureSettings.Encoding;
import java.io.ByteArrayOutputStream;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Verifies {@code X-Twilio-Signature}: base64 HMAC-SHA1 over the public URL and, for forms, the
 * sorted distinct parameters. Other bodies are covered by their SHA-256 in the query parameter
 * {@code bodySHA256} of the signed URL.
 */
final class TwilioSignature {
  static final String HEADER = "X-Twilio-Signature";
  private static final String BODY_HASH = "bodySHA256";
  private static final String FORM = "application/x-www-form-urlencoded";

  /** Twilio sends a few dozen; sorting more would be work for whoever asks, before any check. */
  static final int PARAMETERS_MAX = 1_000;

  /** Decoded octets, held as ISO-8859-1 characters so that they sort as bytes. */
  private record Parameter(String name, String value) {}

  private TwilioSignature() {}

  static Optional<Rejection> verify(
      SignatureSettings settings, List<Header> headers, byte[] body, String url) {
    List<byte[]> keys = SignatureVerifier.textKeys(settings);
    if (keys.isEmpty()) return SignatureVerifier.misconfigured();
    Optional<Rejection> incomplete = HeaderLines.requireSingle(headers, HEADER);
    if (incomplete.isPresent()) return incomplete;

    String bodyHash = queryParameter(url, BODY_HASH);
    boolean coveredByHash = !bodyHash.isEmpty() && !isForm(headers);
    byte[] parameters = new byte[0];
    if (!coveredByHash) {
      SortedSet<Parameter> sorted = form(body);
      if (sorted.size() > PARAMETERS_MAX) return SignatureVerifier.malformed();
      parameters = concatenated(sorted);
    }
    List<String> candidates = List.of(HeaderLines.firstOrEmpty(headers, HEADER));
    boolean matches = false;
    // Twilio signs the URL with or without the port depending on product and protocol.
    for (String variant : List.of(url, withoutPort(url), withPort(url))) {
      List<byte[]> parts = List.of(variant.getBytes(UTF_8), parameters);
      matches |= Hmac.anyMatches(Algorithm.SHA1, keys, parts, Encoding.BASE64, candidates);
    }
    if (coveredByHash) matches &= hashMatches(bodyHash, body);
    return matches ? Optional.empty() : SignatureVerifier.mismatch();
  }

  private static boolean isForm(List<Header> headers) {
    String contentType = HeaderLines.firstOrEmpty(headers, "Content-Type");
    return contentType.regionMatches(true, 0, FORM, 0, FORM.length());
  }

  private static boolean hashMatches(String expected, byte[] body) {
    return Hmac.constantTimeEquals(
        HexFormat.of().formatHex(Sha256.of(body)).getBytes(ISO_8859_1),
        expected.getBytes(ISO_8859_1));
  }

  /** Stops one past the limit. */
  private static SortedSet<Parameter> form(byte[] body) {
    SortedSet<Parameter> sorted =
        new TreeSet<>(Comparator.comparing(Parameter::name).thenComparing(Parameter::value));
    int start = 0;
    for (int i = 0; i <= body.length && sorted.size() <= PARAMETERS_MAX; i++) {
      if (i < body.length && body[i] != '&') continue;
      if (i > start) sorted.add(parameter(body, start, i));
      start = i + 1;
    }
    return sorted;
  }

  private static Parameter parameter(byte[] body, int start, int end) {
    int equals = start;
    while (equals < end && body[equals] != '=') equals++;
    String value = equals < end ? decoded(body, equals + 1, end) : "";
    return new Parameter(decoded(body, start, equals), value);
  }

  /** Percent and plus decoding; what is not a valid escape stays as it is. */
  private static String decoded(byte[] bytes, int start, int end) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(end - start);
    for (int i = start; i < end; i++) {
      byte b = bytes[i];
      int high = b == '%' && i + 2 < end ? Character.digit(bytes[i + 1], 16) : -1;
      int low = high >= 0 ? Character.digit(bytes[i + 2], 16) : -1;
      if (low >= 0) {
        out.write(high << 4 | low);
        i += 2;
      } else {
        out.write(b == '+' ? ' ' : b);
      }
    }
    return out.toString(ISO_8859_1);
  }

  private static byte[] concatenated(SortedSet<Parameter> sorted) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Parameter parameter : sorted) {
      out.writeBytes(parameter.name().getBytes(ISO_8859_1));
      out.writeBytes(parameter.value().getBytes(ISO_8859_1));
    }
    return out.toByteArray();
  }

  private static String queryParameter(String url, String name) {
    int query = url.indexOf('?');
    if (query < 0) return "";
    int fragment = url.indexOf('#', query);
    int stop = fragment < 0 ? url.length() : fragment;
    int start = query + 1;
    while (start < stop) {
      int end = url.indexOf('&', start);
      if (end < 0 || end > stop) end = stop;
      if (url.startsWith(name + "=", start)) return url.substring(start + name.length() + 1, end);
      start = end + 1;
    }
    return "";
  }

  private static String withPort(String url) {
    int end = authorityEnd(url);
    if (end < 0 || portStart(url, end) >= 0) return url;
    String port = url.startsWith("https:") ? ":443" : ":80";
    return url.substring(0, end) + port + url.substring(end);
  }

  private static String withoutPort(String url) {
    int end = authorityEnd(url);
    int port = end < 0 ? -1 : portStart(url, end);
    return port < 0 ? url : url.substring(0, port) + url.substring(end);
  }

  private static int authorityEnd(String url) {
    int scheme = url.indexOf("://");
    if (scheme < 0) return -1;
    int end = scheme + 3;
    while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) end++;
    return end;
  }

  /** Where {@code :port} begins, -1 when there is none. */
  private static int portStart(String url, int authorityEnd) {
    int i = authorityEnd - 1;
    while (i >= 0 && url.charAt(i) >= '0' && url.charAt(i) <= '9') i--;
    boolean port = i >= 0 && url.charAt(i) == ':' && i < authorityEnd - 1;
    return port ? i : -1;
  }
}
