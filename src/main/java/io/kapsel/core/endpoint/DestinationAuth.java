package io.kapsel.core.endpoint;

import io.kapsel.core.webhook.Secret;

/** How a destination knows that it is we who call, besides the signature. */
public sealed interface DestinationAuth {
  Secret NO_SECRET = new Secret("");

  /** What may be seen by whoever may not see the secrets. */
  default DestinationAuth withoutSecrets() {
    return switch (this) {
      case None none -> none;
      case Basic basic -> new Basic(basic.username(), NO_SECRET);
      case Bearer bearer -> new Bearer(NO_SECRET);
      case ClientCredentials client ->
          new ClientCredentials(
              client.tokenUrl(),
              client.clientId(),
              NO_SECRET,
              client.scope(),
              client.audience(),
              client.placement());
    };
  }

  record None() implements DestinationAuth {}

  /** RFC 7617, in UTF-8. */
  record Basic(String username, Secret password) implements DestinationAuth {}

  /** RFC 6750 §2.1: a token that its issuer gave us for good. */
  record Bearer(Secret token) implements DestinationAuth {}

  /**
   * RFC 6749 §4.4: a token that we fetch, keep until shortly before it expires, and use as a bearer
   * token.
   *
   * @param scope space-separated, empty for what the server gives by default
   * @param audience for the servers that want to know whom the token is for; empty for none
   * @param placement how the client shows its own credentials to the token endpoint
   */
  record ClientCredentials(
      String tokenUrl,
      String clientId,
      Secret clientSecret,
      String scope,
      String audience,
      Placement placement)
      implements DestinationAuth {}

  /** RFC 6749 §2.3.1. */
  enum Placement {
    HEADER,
    BODY
  }
}
