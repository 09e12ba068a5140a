package io.kapsel.http;

import io.kapsel.core.webhook.Header;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A request without its body.
 *
 * @param target the request target as received
 * @param path the target's path, still percent-encoded, starting with a slash (or {@code *})
 * @param query the target's query, still percent-encoded; empty when there is none
 * @param headers all lines in their order, values as ISO-8859-1 octets
 * @param bodyBytes the announced length, or {@link #CHUNKED}
 * @param persistent whether the connection may carry another request
 * @param expectsContinue whether the sender waits for a 100 before it sends the body
 */
public record RequestHead(
    String method,
    String target,
    String path,
    String query,
    String host,
    boolean http10,
    List<Header> headers,
    long bodyBytes,
    boolean persistent,
    boolean expectsContinue) {
  public static final long CHUNKED = -1;

  /**
   * The value of a header that may occur once; empty when it is absent, the first when repeated.
   */
  public String header(String name) {
    for (Header header : headers) if (header.isNamed(name)) return header.value();
    return "";
  }

  /** The values of all lines of a header that is a list, as one list (RFC 9110 §5.3). */
  public String list(String name) {
    if (count(name) <= 1) return header(name);
    return headers.stream()
        .filter(header -> header.isNamed(name))
        .map(Header::value)
        .collect(Collectors.joining(", "));
  }

  public int count(String name) {
    int count = 0;
    for (Header header : headers) if (header.isNamed(name)) count++;
    return count;
  }
}
