package io.kapsel.endpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.endpoint.DestinationAuth;
import io.kapsel.core.endpoint.DestinationAuth.Basic;
import io.kapsel.core.endpoint.DestinationAuth.Bearer;
import io.kapsel.core.endpoint.DestinationAuth.ClientCredentials;
import io.kapsel.core.endpoint.DestinationAuth.None;
import io.kapsel.core.endpoint.DestinationAuth.Placement;
import io.kapsel.core.endpoint.DestinationTls;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.core.webhook.Secret;
import io.kapsel.deliver.TlsIdentity;
import io.kapsel.json.Fields;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** {@code delivery.auth} and {@code delivery.tls}: read from a tenant, written, and read again. */
final class AuthJson {
  enum Scheme {
    NONE,
    BASIC,
    BEARER,
    OAUTH2_CLIENT_CREDENTIALS
  }

  /** The write-only members; each scheme has one. */
  private static final List<String> SECRETS = List.of("password", "token", "client_secret");

  private static final List<String> ALL_MEMBERS =
      List.of(
          "username",
          "password",
          "token",
          "token_url",
          "client_id",
          "client_secret",
          "scope",
          "audience",
          "client_auth");

  private static final int NAME_CHARS_MAX = 200;
  private static final int SECRET_CHARS_MAX = 1_000;
  private static final int TOKEN_CHARS_MAX = 4_096;
  private static final int PEM_CHARS_MAX = 65_536;

  /** RFC 7617 §2: no colon, no control character. */
  private static final Pattern USERNAME = Pattern.compile("[^:\\p{Cntrl}]+");

  private static final Pattern PRINTABLE = Pattern.compile("[^\\p{Cntrl}]+");

  /** Wider than RFC 6750 §2.1, because issuers are. */
  private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]+");

  /** RFC 6749 appendix A.1 and A.2. */
  private static final Pattern VISIBLE = Pattern.compile("[\\x20-\\x7e]+");

  /** RFC 6749 §3.3. */
  private static final Pattern SCOPE =
      Pattern.compile("[\\x21\\x23-\\x5b\\x5d-\\x7e]+( [\\x21\\x23-\\x5b\\x5d-\\x7e]+)*");

  private AuthJson() {}

  // --------------------------------------------------------------------------------- a tenant's

  /**
   * @param url the rule for a URL that we call
   */
  static DestinationAuth auth(Fields fields, Function<String, Optional<Rejection>> url) {
    Scheme scheme = fields.choice("scheme", Scheme.class, Scheme.NONE);
    DestinationAuth auth =
        switch (scheme) {
          case NONE -> new DestinationAuth.None();
          case BASIC ->
              new Basic(
                  required(fields, "username", NAME_CHARS_MAX, USERNAME),
                  secret(fields, "password", SECRET_CHARS_MAX, PRINTABLE));
          case BEARER -> new Bearer(secret(fields, "token", TOKEN_CHARS_MAX, TOKEN));
          case OAUTH2_CLIENT_CREDENTIALS ->
              new ClientCredentials(
                  url(fields, url),
                  required(fields, "client_id", NAME_CHARS_MAX, VISIBLE),
                  secret(fields, "client_secret", SECRET_CHARS_MAX, VISIBLE),
                  optional(fields, "scope", SECRET_CHARS_MAX, SCOPE),
                  optional(fields, "audience", SECRET_CHARS_MAX, PRINTABLE),
                  fields.choice("client_auth", Placement.class, Placement.HEADER));
        };
    List<String> used = members(scheme);
    for (String member : ALL_MEMBERS)
      if (!used.contains(member) && fields.any(member).isPresent())
        fields.problem(
            member,
            ErrorCode.INVALID_FIELD,
            "Is not used by the scheme " + scheme.name().toLowerCase(Locale.ROOT) + ".");
    fields.end();
    return auth;
  }

  private static List<String> members(Scheme scheme) {
    return switch (scheme) {
      case NONE -> List.of();
      case BASIC -> List.of("username", "password");
      case BEARER -> List.of("token");
      case OAUTH2_CLIENT_CREDENTIALS -> ALL_MEMBERS.subList(3, ALL_MEMBERS.size());
    };
  }

  private static String url(Fields fields, Function<String, Optional<Rejection>> rule) {
    Optional<JsonNode> value = fields.required("token_url");
    if (value.isEmpty()) return "";
    String url = fields.string("token_url", "");
    if (value.get().isTextual())
      rule.apply(url).ifPresent(wrong -> fields.problem("token_url", wrong.code(), wrong.detail()));
    return url;
  }

  private static Secret secret(Fields fields, String name, int charsMax, Pattern form) {
    return new Secret(required(fields, name, charsMax, form));
  }

  private static String required(Fields fields, String name, int charsMax, Pattern form) {
    return fields.required(name).isEmpty() ? "" : text(fields, name, charsMax, form, 1);
  }

  private static String optional(Fields fields, String name, int charsMax, Pattern form) {
    return text(fields, name, charsMax, form, 0);
  }

  /** Never repeats what it refuses: most of these are secret. */
  private static String text(Fields fields, String name, int charsMax, Pattern form, int charsMin) {
    String text = fields.string(name, "");
    boolean given = fields.any(name).map(JsonNode::isTextual).orElse(false);
    boolean fits =
        text.isEmpty()
            ? charsMin == 0
            : text.length() <= charsMax && form.matcher(text).matches() && Fields.isPrintable(text);
    if (given && !fits)
      fields.problem(
          name,
          ErrorCode.INVALID_CONFIGURATION,
          "Must have "
              + charsMin
              + " to "
              + charsMax
              + " characters, all of them allowed in this place.");
    return text;
  }

  static DestinationTls tls(Fields fields) {
    String certificate = pem(fields, "client_certificate");
    String key = pem(fields, "client_key");
    String authorities = pem(fields, "ca");
    fields.end();
    var tls = new DestinationTls(certificate, new Secret(key), authorities);
    TlsIdentity.problems(tls)
        .forEach(
            (part, wrong) ->
                fields.problem(
                    switch (part) {
                      case CERTIFICATE -> "client_certificate";
                      case KEY -> "client_key";
                      case AUTHORITIES -> "ca";
                    },
                    ErrorCode.INVALID_CONFIGURATION,
                    wrong));
    return tls;
  }

  private static String pem(Fields fields, String name) {
    String text = fields.string(name, "");
    if (text.length() <= PEM_CHARS_MAX) return text;
    fields.problem(
        name,
        ErrorCode.INVALID_CONFIGURATION,
        "Must have at most " + PEM_CHARS_MAX + " characters.");
    return "";
  }

  // ---------------------------------------------------------------------------- shown and stored

  static ObjectNode written(DestinationAuth auth) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    switch (auth) {
      case None none -> node.put("scheme", name(Scheme.NONE));
      case Basic basic ->
          node.put("scheme", name(Scheme.BASIC))
              .put("username", basic.username())
              .put("password", basic.password().value());
      case Bearer bearer ->
          node.put("scheme", name(Scheme.BEARER)).put("token", bearer.token().value());
      case ClientCredentials client ->
          node.put("scheme", name(Scheme.OAUTH2_CLIENT_CREDENTIALS))
              .put("token_url", client.tokenUrl())
              .put("client_id", client.clientId())
              .put("client_secret", client.clientSecret().value())
              .put("scope", client.scope())
              .put("audience", client.audience())
              .put("client_auth", name(client.placement()));
    }
    return node;
  }

  static ObjectNode written(DestinationTls tls) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("client_certificate", tls.certificateChain())
        .put("client_key", tls.privateKey().value())
        .put("ca", tls.authorities());
  }

  static ObjectNode shown(DestinationAuth auth) {
    return written(auth).remove(SECRETS);
  }

  static ObjectNode shown(DestinationTls tls) {
    ObjectNode node = written(tls);
    node.remove("client_key");
    return node;
  }

  /** Leaves out of a configuration about to be merged what must be said anew. */
  static void dropSecrets(ObjectNode auth) {
    auth.remove(SECRETS);
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** Of the journal: lenient by intent, see {@link ConfigJson}. */
  static DestinationAuth storedAuth(JsonNode node) {
    return switch (node.path("scheme").asText()) {
      case "basic" -> new Basic(node.path("username").asText(), storedSecret(node, "password"));
      case "bearer" -> new Bearer(storedSecret(node, "token"));
      case "oauth2_client_credentials" ->
          new ClientCredentials(
              node.path("token_url").asText(),
              node.path("client_id").asText(),
              storedSecret(node, "client_secret"),
              node.path("scope").asText(),
              node.path("audience").asText(),
              node.path("client_auth").asText().equals("body") ? Placement.BODY : Placement.HEADER);
      case "", "none" -> new DestinationAuth.None();
      // Sending without what the destination wants would be a refusal for good.
      default -> throw new IllegalArgumentException("Unknown authentication scheme");
    };
  }

  static DestinationTls storedTls(JsonNode node) {
    return new DestinationTls(
        node.path("client_certificate").asText(),
        storedSecret(node, "client_key"),
        node.path("ca").asText());
  }

  private static Secret storedSecret(JsonNode node, String name) {
    return new Secret(node.path(name).asText());
  }
}
