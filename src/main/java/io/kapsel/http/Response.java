package io.kapsel.http;

import io.kapsel.core.webhook.Header;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * An answer. The length, the date and the connection's fate are added when it is written.
 *
 * @param body owned by the response; empty for none
 * @param close whether the connection ends with this response
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; copying bodies would be felt
public record Response(int status, List<Header> headers, byte[] body, boolean close) {
  private static final byte[] NO_BODY = {};
  private static final List<Header> JSON = List.of(new Header("Content-Type", "application/json"));

  public static final List<Header> YAML = List.of(new Header("Content-Type", "application/yaml"));

  public static Response empty(int status) {
    return new Response(status, List.of(), NO_BODY, false);
  }

  public static Response json(int status, byte[] utf8) {
    return new Response(status, JSON, utf8, false);
  }

  public static Response text(int status, String contentType, String text) {
    return new Response(
        status,
        List.of(new Header("Content-Type", contentType)),
        text.getBytes(StandardCharsets.UTF_8),
        false);
  }

  public Response with(String name, String value) {
    List<Header> more = new ArrayList<>(headers);
    more.add(new Header(name, value));
    return new Response(status, more, body, close);
  }

  public Response closing() {
    return close ? this : new Response(status, headers, body, true);
  }
}
