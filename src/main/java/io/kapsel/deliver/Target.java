package io.kapsel.deliver;

import java.net.InetAddress;
import java.util.Locale;
import java.util.Optional;

/**
 * A destination URL taken apart. Only what is safe to put on the wire as it stands can be parsed:
 * the request target is sent byte for byte as the tenant wrote it.
 *
 * @param host lower case, an IPv6 address without its brackets, a name without its final dot
 * @param literal the address when the host is one, so that nobody is asked for it
 * @param authority for the Host field: with brackets, and with the port unless it is the scheme's
 * @param requestTarget path and query, at least {@code /}
 */
record Target(
    boolean secure,
    String host,
    Optional<InetAddress> literal,
    int port,
    String authority,
    String requestTarget) {
  static final int URL_LENGTH_MAX = 2_048;
  private static final int HOST_LENGTH_MAX = 253;

  /** Why a text is not a usable URL, or what it says. */
  record Parsed(Optional<Target> target, String problem) {
    static Parsed of(Target target) {
      return new Parsed(Optional.of(target), "");
    }

    static Parsed problem(String text) {
      return new Parsed(Optional.empty(), text);
    }
  }

  static Parsed parse(String url) {
    if (url.length() > URL_LENGTH_MAX) {
      return Parsed.problem("The URL is longer than " + URL_LENGTH_MAX + " characters.");
    }
    if (!hasOnlyUrlCharacters(url)) {
      return Parsed.problem(
          "The URL contains a character that must be percent-encoded (or punycoded in the host).");
    }
    String lower = url.toLowerCase(Locale.ROOT);
    boolean secure = lower.startsWith("https://");
    if (!secure && !lower.startsWith("http://")) {
      return Parsed.problem("The URL must begin with https:// or http://.");
    }
    String rest = url.substring(secure ? 8 : 7);
    if (rest.indexOf('#') >= 0) {
      return Parsed.problem("The URL must not have a fragment.");
    }
    int end = endOfAuthority(rest);
    String target = rest.substring(end);
    if (!hasWellFormedEscapes(target)) {
      return Parsed.problem("The URL contains a malformed percent-encoding.");
    }
    return withAuthority(secure, rest.substring(0, end), asRequestTarget(target));
  }

  private static Parsed withAuthority(boolean secure, String authority, String requestTarget) {
    if (authority.indexOf('@') >= 0) {
      return Parsed.problem("The URL must not contain a user name or password.");
    }
    int colon = authority.lastIndexOf(':');
    boolean hasPort = colon > authority.lastIndexOf(']');
    String hostText = hasPort ? authority.substring(0, colon) : authority;
    int port = secure ? 443 : 80;
    boolean defaultPort = true;
    if (hasPort) {
      String digits = authority.substring(colon + 1);
      if (!digits.matches("[0-9]{1,5}")) {
        return Parsed.problem("The port of the URL is not a number from 1 to 65535.");
      }
      int given = Integer.parseInt(digits);
      if (given < 1 || given > 65_535) {
        return Parsed.problem("The port of the URL is not a number from 1 to 65535.");
      }
      defaultPort = given == port;
      port = given;
    }
    Optional<String> host = canonicalHost(hostText.toLowerCase(Locale.ROOT));
    if (host.isEmpty()) {
      return Parsed.problem("The URL has no valid host.");
    }
    String written = host.get().indexOf(':') >= 0 ? "[" + host.get() + "]" : host.get();
    String hostField = defaultPort ? written : written + ":" + port;
    return Parsed.of(
        new Target(
            secure,
            host.get(),
            IpLiteral.parse(host.get()).map(bytes -> IpLiteral.inetAddress(host.get(), bytes)),
            port,
            hostField,
            requestTarget));
  }

  private static Optional<String> canonicalHost(String text) {
    if (text.startsWith("[")) {
      return text.endsWith("]")
          ? Optional.of(text.substring(1, text.length() - 1))
              .filter(inner -> inner.indexOf(':') >= 0 && IpLiteral.parseIpv6(inner).isPresent())
          : Optional.empty();
    }
    String name = text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
    if (name.isEmpty() || name.length() > HOST_LENGTH_MAX) {
      return Optional.empty();
    }
    for (String label : name.split("\\.", -1)) {
      // Underscores are no host name characters but occur in names that do resolve.
      if (!label.matches("[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")) {
        return Optional.empty();
      }
    }
    return Optional.of(name);
  }

  private static int endOfAuthority(String rest) {
    int end = 0;
    while (end < rest.length() && rest.charAt(end) != '/' && rest.charAt(end) != '?') {
      end++;
    }
    return end;
  }

  private static String asRequestTarget(String pathAndQuery) {
    return pathAndQuery.startsWith("/") ? pathAndQuery : "/" + pathAndQuery;
  }

  private static boolean hasOnlyUrlCharacters(String url) {
    for (int i = 0; i < url.length(); i++) {
      char c = url.charAt(i);
      if (c <= ' ' || c > '~' || "\"<>\\^`{|}".indexOf(c) >= 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean hasWellFormedEscapes(String text) {
    for (int i = text.indexOf('%'); i >= 0; i = text.indexOf('%', i + 1)) {
      if (i + 2 >= text.length()
          || Character.digit(text.charAt(i + 1), 16) < 0
          || Character.digit(text.charAt(i + 2), 16) < 0) {
        return false;
      }
    }
    return true;
  }
}
