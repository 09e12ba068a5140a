package io.kapsel.http;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Header;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rules of one request's head, line by line (RFC 9112 §2 to §6). Answers null for a good line.
 */
final class HeadParser {
  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE");

  /** Fields that frame, route or authenticate a message; they come too late in a trailer. */
  private static final Set<String> NEVER_TRAILERS =
      Set.of(
          "content-length",
          "transfer-encoding",
          "host",
          "trailer",
          "te",
          "connection",
          "expect",
          "content-encoding",
          "content-type",
          "content-range",
          "authorization",
          "proxy-authorization",
          "cookie",
          "cache-control",
          "max-forwards",
          "range");

  private static final int LENGTH_DIGITS_MAX = 18;

  private final HttpLimits limits;
  private final ArrayList<Header> headers = new ArrayList<>(16);
  private String method = "";
  private String target = "";
  private String path = "";
  private String query = "";
  private boolean http10;
  private @Nullable String host;
  private @Nullable String contentLength;
  private @Nullable String transferEncoding;
  private boolean contentTypeSeen;
  private boolean close;
  private boolean keepAlive;
  private @Nullable String expect;
  private int trailers;

  HeadParser(HttpLimits limits) {
    this.limits = limits;
  }

  static Refusal targetTooLong() {
    return Refusal.of(ErrorCode.URI_TOO_LONG, "The request target is too long.");
  }

  static Refusal headersTooLarge(HttpLimits limits) {
    return Refusal.of(
        ErrorCode.HEADERS_TOO_LARGE,
        "The header section may have at most "
            + limits.headerBytesMax()
            + " bytes and "
            + limits.headerFieldsMax()
            + " fields.");
  }

  @Nullable Refusal requestLine(byte[] bytes, int from, int to) {
    int methodEnd = indexOf(bytes, ' ', from, to);
    int targetEnd = methodEnd < 0 ? -1 : indexOf(bytes, ' ', methodEnd + 1, to);
    if (targetEnd < 0 || !Octets.isToken(bytes, from, methodEnd)) return malformedRequestLine();
    Refusal refusal = version(Octets.text(bytes, targetEnd + 1, to));
    if (refusal != null) return refusal;
    method = Octets.text(bytes, from, methodEnd);
    if (targetEnd - methodEnd - 1 > limits.targetBytesMax()) return targetTooLong();
    if (!Octets.isTarget(bytes, methodEnd + 1, targetEnd)) return malformedRequestLine();
    target = Octets.text(bytes, methodEnd + 1, targetEnd);
    if (!METHODS.contains(method)) {
      return new Refusal(501, ErrorCode.METHOD_NOT_ALLOWED, "There is no such method here.");
    }
    return splitTarget();
  }

  private @Nullable Refusal version(String version) {
    if (version.equals("HTTP/1.1")) return null;
    boolean wellFormed =
        version.length() == 8
            && version.startsWith("HTTP/")
            && version.charAt(6) == '.'
            && Character.digit(version.charAt(5), 10) >= 0
            && Character.digit(version.charAt(7), 10) >= 0;
    if (!wellFormed) return malformedRequestLine();
    if (version.charAt(5) != '1') {
      return new Refusal(505, ErrorCode.MALFORMED_REQUEST, "Only HTTP/1.1 is spoken here.");
    }
    http10 = version.equals("HTTP/1.0");
    return null;
  }

  /** Origin form and absolute form; the asterisk with OPTIONS alone (RFC 9112 §3.2). */
  private @Nullable Refusal splitTarget() {
    int start = 0;
    if (target.equals("*")) return method.equals("OPTIONS") ? setPath("*", "") : malformedTarget();
    if (target.charAt(0) != '/') {
      String lower = target.toLowerCase(Locale.ROOT);
      if (!lower.startsWith("http://") && !lower.startsWith("https://")) return malformedTarget();
      start = target.indexOf("//") + 2;
      int slash = target.indexOf('/', start);
      int question = target.indexOf('?', start);
      int end = slash >= 0 && (question < 0 || slash < question) ? slash : question;
      if (end == start || start == target.length()) return malformedTarget();
      if (end < 0) return setPath("/", "");
      if (end == question) return setPath("/", target.substring(question + 1));
      start = end;
    }
    int question = target.indexOf('?', start);
    return question < 0
        ? setPath(target.substring(start), "")
        : setPath(target.substring(start, question), target.substring(question + 1));
  }

  private @Nullable Refusal setPath(String newPath, String newQuery) {
    path = newPath;
    query = newQuery;
    return null;
  }

  @Nullable Refusal fieldLine(byte[] bytes, int from, int to) {
    if (headers.size() == limits.headerFieldsMax()) return headersTooLarge(limits);
    int colon = indexOf(bytes, ':', from, to);
    if (colon < 0 || !Octets.isToken(bytes, from, colon)) return malformedField();
    int start = colon + 1;
    int end = to;
    while (start < end && isBlank(bytes[start])) start++;
    while (end > start && isBlank(bytes[end - 1])) end--;
    if (!Octets.isFieldValue(bytes, start, end)) return malformedField();
    var header = new Header(Octets.text(bytes, from, colon), Octets.text(bytes, start, end));
    headers.add(header);
    return interpret(header);
  }

  private @Nullable Refusal interpret(Header header) {
    String value = header.value();
    switch (header.name().length()) {
      case 4 -> {
        if (!header.isNamed("Host")) return null;
        if (host != null) return Refusal.malformed("There is more than one Host.");
        host = value;
      }
      case 6 -> {
        if (header.isNamed("Expect")) expect = expect == null ? value : expect + "," + value;
      }
      case 10 -> {
        if (header.isNamed("Connection")) connection(value);
      }
      case 12 -> {
        if (!header.isNamed("Content-Type")) return null;
        if (contentTypeSeen) return Refusal.malformed("There is more than one Content-Type.");
        contentTypeSeen = true;
      }
      case 14 -> {
        if (!header.isNamed("Content-Length")) return null;
        if (contentLength != null) {
          return Refusal.malformed("There is more than one Content-Length.");
        }
        contentLength = value;
      }
      case 17 -> {
        if (!header.isNamed("Transfer-Encoding")) return null;
        transferEncoding = transferEncoding == null ? value : transferEncoding + "," + value;
      }
      default -> {}
    }
    return null;
  }

  private void connection(String value) {
    for (String option : value.split(",", -1)) {
      close |= option.strip().equalsIgnoreCase("close");
      keepAlive |= option.strip().equalsIgnoreCase("keep-alive");
    }
  }

  @Nullable Refusal finish() {
    if (host == null || !isHost(host)) {
      return Refusal.malformed("There must be one valid Host.");
    }
    if (transferEncoding != null) {
      boolean chunked = !http10 && transferEncoding.equalsIgnoreCase("chunked");
      if (!chunked || contentLength != null) {
        return Refusal.malformed("The length of the body is ambiguous.");
      }
    }
    if (contentLength != null && !Octets.isDigits(contentLength)) {
      return Refusal.malformed("The Content-Length is not a number.");
    }
    if (expect != null && !http10 && !expect.equalsIgnoreCase("100-continue")) {
      return new Refusal(417, ErrorCode.MALFORMED_REQUEST, "Only 100-continue can be expected.");
    }
    return null;
  }

  @SuppressWarnings("NullAway") // finish() has checked that there is a host
  RequestHead head() {
    return new RequestHead(
        method,
        target,
        path,
        query,
        host,
        http10,
        Collections.unmodifiableList(headers),
        bodyBytes(),
        http10 ? keepAlive && !close : !close,
        expect != null && !http10);
  }

  private long bodyBytes() {
    if (transferEncoding != null) return RequestHead.CHUNKED;
    if (contentLength == null) return 0;
    return contentLength.length() > LENGTH_DIGITS_MAX
        ? Long.MAX_VALUE
        : Long.parseLong(contentLength);
  }

  @Nullable Refusal trailerLine(byte[] bytes, int from, int to) {
    if (headers.size() + trailers++ >= limits.headerFieldsMax()) return headersTooLarge(limits);
    int colon = indexOf(bytes, ':', from, to);
    if (colon < 0
        || !Octets.isToken(bytes, from, colon)
        || !Octets.isFieldValue(bytes, colon + 1, to)) {
      return malformedField();
    }
    String name = Octets.text(bytes, from, colon).toLowerCase(Locale.ROOT);
    return NEVER_TRAILERS.contains(name)
        ? Refusal.malformed("The trailer has a field that must not be there.")
        : null;
  }

  /** A name, an IPv4 address or a bracketed IPv6 address, and a port (RFC 9110 §7.2). */
  static boolean isHost(String host) {
    int colon = host.lastIndexOf(':');
    boolean bracketed = host.startsWith("[");
    int nameEnd = bracketed ? host.indexOf(']') + 1 : colon < 0 ? host.length() : colon;
    if (nameEnd <= 0) return false;
    if (nameEnd < host.length()) {
      String port = host.substring(nameEnd);
      if (port.charAt(0) != ':' || port.length() > 6) return false;
      if (port.length() > 1 && !Octets.isDigits(port.substring(1))) return false;
    }
    String allowed = bracketed ? "[]:." : "-._~!$&'()*+,;=%";
    for (int i = 0; i < nameEnd; i++) {
      char c = host.charAt(i);
      if (!Octets.isAlphanumeric(c) && allowed.indexOf(c) < 0) return false;
    }
    return true;
  }

  private static int indexOf(byte[] bytes, char wanted, int from, int to) {
    for (int i = from; i < to; i++) if (bytes[i] == wanted) return i;
    return -1;
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b == '\t';
  }

  private static Refusal malformedRequestLine() {
    return Refusal.malformed("The request line is malformed.");
  }

  private static Refusal malformedTarget() {
    return Refusal.malformed("The request target is malformed.");
  }

  private static Refusal malformedField() {
    return Refusal.malformed("A header field is malformed.");
  }
}
