package io.kapsel.config;

import io.kapsel.core.webhook.Secret;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where the database is, with the credentials taken out of the address. Its text form is without
 * the password.
 *
 * @param jdbcUrl empty for the embedded database
 * @param user empty when the URL names none
 * @param password empty when the URL names none
 */
public record DatabaseUrl(String jdbcUrl, String user, Secret password) {
  public static final DatabaseUrl EMBEDDED = new DatabaseUrl("", "", new Secret(""));

  private static final String EXPECTED =
      "must look like postgres://user:password@host:5432/database or jdbc:postgresql://…";

  public boolean isEmbedded() {
    return jdbcUrl.isEmpty();
  }

  /**
   * Reads {@code postgres://}, {@code postgresql://} and {@code jdbc:postgresql://} alike.
   *
   * @throws IllegalArgumentException with a message that does not repeat the text
   */
  public static DatabaseUrl parse(String text) {
    if (text.isEmpty()) return EMBEDDED;
    String address = text.startsWith("jdbc:") ? text.substring("jdbc:".length()) : text;
    String afterScheme =
        after(address, "postgres://")
            .or(() -> after(address, "postgresql://"))
            .orElseThrow(() -> new IllegalArgumentException(EXPECTED));
    int pathStart = afterScheme.indexOf('/');
    if (pathStart <= 0 || pathStart == afterScheme.length() - 1)
      throw new IllegalArgumentException(EXPECTED);
    // The path has no @; the user part may contain anything but a slash.
    int userEnd = afterScheme.lastIndexOf('@', pathStart);
    String userPart = userEnd < 0 ? "" : afterScheme.substring(0, userEnd);
    String hosts = afterScheme.substring(userEnd + 1, pathStart);
    requireHosts(hosts);
    return withParameters(hosts, afterScheme.substring(pathStart), userPart);
  }

  private static DatabaseUrl withParameters(String hosts, String pathAndQuery, String userPart) {
    int colon = userPart.indexOf(':');
    String user = decode(colon < 0 ? userPart : userPart.substring(0, colon));
    String password = colon < 0 ? "" : decode(userPart.substring(colon + 1));
    int question = pathAndQuery.indexOf('?');
    String path = question < 0 ? pathAndQuery : pathAndQuery.substring(0, question);
    List<String> kept = new ArrayList<>();
    if (question >= 0) {
      for (String parameter : pathAndQuery.substring(question + 1).split("&", -1)) {
        if (parameter.startsWith("user=")) user = decode(parameter.substring("user=".length()));
        else if (parameter.startsWith("password="))
          password = decode(parameter.substring("password=".length()));
        else if (!parameter.isEmpty()) kept.add(parameter);
      }
    }
    String query = kept.isEmpty() ? "" : "?" + String.join("&", kept);
    return new DatabaseUrl("jdbc:postgresql://" + hosts + path + query, user, new Secret(password));
  }

  private static void requireHosts(String hosts) {
    // PostgreSQL takes several hosts, a URI only one.
    for (String host : hosts.split(",", -1)) {
      try {
        if (new URI("postgres://" + host).getHost() == null)
          throw new IllegalArgumentException(EXPECTED);
      } catch (URISyntaxException e) {
        throw new IllegalArgumentException(EXPECTED);
      }
    }
  }

  private static Optional<String> after(String text, String prefix) {
    return text.startsWith(prefix)
        ? Optional.of(text.substring(prefix.length()))
        : Optional.empty();
  }

  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    if (isEmbedded()) return "";
    String credentials =
        user.isEmpty() ? "" : user + (password.value().isEmpty() ? "" : ":****") + "@";
    return "postgres://" + credentials + jdbcUrl.substring("jdbc:postgresql://".length());
  }
}
