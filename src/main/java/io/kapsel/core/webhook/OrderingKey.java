package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** Which webhooks of an endpoint with keyed ordering must wait for each other. */
public final class OrderingKey {
  private static final String HEADER_PREFIX = "header:";

  private OrderingKey() {}

  /**
   * The lane of a webhook: equal keys share one, and unequal keys do with a chance of 2^-64. 0 when
   * the webhook has no key.
   *
   * @param orderingKey {@code header:Name} or an RFC 9535 path into the body, or empty
   */
  public static long lane(String orderingKey, List<Header> headers, byte[] body) {
    if (orderingKey.isEmpty()) return 0;
    if (orderingKey.startsWith(HEADER_PREFIX)) {
      String value =
          HeaderLines.firstOrEmpty(headers, orderingKey.substring(HEADER_PREFIX.length()));
      return value.isEmpty() ? 0 : hash(value.getBytes(ISO_8859_1));
    }
    return switch (BodyPath.find(orderingKey, body)) {
      case BodyPath.Found found -> hash(found.text().getBytes(UTF_8));
      case BodyPath.Absent absent -> 0;
      case BodyPath.Ambiguous ambiguous -> 0;
      case BodyPath.Unreadable unreadable -> 0;
    };
  }

  /** Why the text is not an ordering key ({@code E1307}), empty when it is one. */
  public static Optional<String> problem(String orderingKey) {
    if (!orderingKey.startsWith(HEADER_PREFIX)) return BodyPath.problem(orderingKey);
    return HeaderName.isValid(orderingKey.substring(HEADER_PREFIX.length()))
        ? Optional.empty()
        : Optional.of("Must name a header after header:.");
  }

  private static long hash(byte[] key) {
    long lane = ByteBuffer.wrap(Sha256.of(key)).getLong();
    return lane == 0 ? 1 : lane;
  }
}
