package io.kapsel.core.webhook;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Which received headers may be sent on. Headers of one connection (RFC 9110 §7.6.1) and names that
 * Kapsel itself speaks with are left out; the rest keeps its order, its repetitions and its
 * spelling.
 */
public final class ForwardedHeaders {
  private ForwardedHeaders() {}

  /** Everything that may be forwarded. */
  public static List<Header> all(List<Header> received) {
    List<String> named = namedByConnection(received);
    List<Header> forwarded = new ArrayList<>(received.size());
    for (Header header : received) {
      String name = header.name().toLowerCase(Locale.ROOT);
      if (isForwardable(name) && !named.contains(name)) forwarded.add(header);
    }
    return forwarded;
  }

  /** What may be forwarded and has one of the given names, in any case. */
  public static List<Header> listed(List<Header> received, List<String> names) {
    List<Header> forwarded = all(received);
    forwarded.removeIf(header -> names.stream().noneMatch(header::isNamed));
    return forwarded;
  }

  /**
   * Whether a header of that name belongs to Kapsel or to a single connection, so that nobody else
   * may set it on what Kapsel sends ({@code E1309}).
   */
  public static boolean isReserved(String name) {
    return !isForwardable(name.toLowerCase(Locale.ROOT));
  }

  private static boolean isForwardable(String lowerCaseName) {
    return switch (lowerCaseName) {
      case "connection",
          "proxy-connection",
          "keep-alive",
          "te",
          "transfer-encoding",
          "upgrade",
          "trailer",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-authentication-info",
          "expect",
          "http2-settings",
          "host",
          "content-length" ->
          false;
      default ->
          !lowerCaseName.startsWith("x-kapsel-")
              && !lowerCaseName.startsWith("webhook-")
              && !lowerCaseName.startsWith(":");
    };
  }

  /** Lower-case names; the body would mean nothing without its type, so that one stays. */
  private static List<String> namedByConnection(List<Header> received) {
    List<String> names = new ArrayList<>();
    for (Header header : received) {
      if (!header.isNamed("Connection")) continue;
      for (String option : header.value().toLowerCase(Locale.ROOT).split(",", -1)) {
        String name = HeaderLines.withoutBlanks(option);
        if (!name.isEmpty() && !name.equals("content-type")) names.add(name);
      }
    }
    return names;
  }
}
