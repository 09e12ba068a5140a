package io.kapsel.http;

import io.kapsel.core.webhook.Header;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Tells the next handler who sent a request where proxies stand in front: the last address of
 * {@code X-Forwarded-For} that is no trusted proxy's. What stands before it is the word of the
 * sender; so is the whole field when the connection itself comes from nobody trusted.
 */
public final class ClientAddress implements Handler {
  private static final String FIELD = "X-Forwarded-For";

  private final Predicate<String> trusted;
  private final Handler next;

  /**
   * @param trusted whether an address, as text, is a proxy's whose word counts; false for what is
   *     no address
   */
  public ClientAddress(Predicate<String> trusted, Handler next) {
    this.trusted = trusted;
    this.next = next;
  }

  @Override
  public Admission admit(RequestHead head, @Nullable String remoteAddress) {
    return next.admit(head, remoteAddress == null ? null : of(head.headers(), remoteAddress));
  }

  String of(List<Header> headers, String remoteAddress) {
    if (!trusted.test(remoteAddress)) return remoteAddress;
    List<String> hops = hops(headers);
    String client = remoteAddress;
    for (int i = hops.size() - 1; i >= 0 && trusted.test(client); i--) client = hops.get(i);
    return client;
  }

  /** Each proxy appends the address that it saw, to the last line or as a line of its own. */
  private static List<String> hops(List<Header> headers) {
    List<String> hops = new ArrayList<>();
    for (Header header : headers) {
      if (!header.isNamed(FIELD)) continue;
      for (String hop : header.value().split(",", -1)) hops.add(withoutPort(hop.strip()));
    }
    return hops;
  }

  /** Some proxies add it, and brackets around IPv6 with it. */
  private static String withoutPort(String hop) {
    if (hop.startsWith("[")) {
      int end = hop.indexOf(']');
      return end < 0 ? hop : hop.substring(1, end);
    }
    int colon = hop.indexOf(':');
    return colon >= 0 && colon == hop.lastIndexOf(':') ? hop.substring(0, colon) : hop;
  }
}
