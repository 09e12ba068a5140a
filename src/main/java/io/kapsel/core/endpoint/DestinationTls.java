package io.kapsel.core.endpoint;

import io.kapsel.core.webhook.Secret;

/**
 * What is special about the encryption to a destination; everything in PEM (RFC 7468), empty for
 * nothing special.
 *
 * @param certificateChain the client certificate that we show, followed by those that issued it
 * @param privateKey of the client certificate, PKCS #8
 * @param authorities the only issuers that the destination's own certificate may come from
 */
public record DestinationTls(String certificateChain, Secret privateKey, String authorities) {
  public static final DestinationTls NONE = new DestinationTls("", new Secret(""), "");

  public boolean showsCertificate() {
    return !certificateChain.isEmpty();
  }

  public DestinationTls withoutSecrets() {
    return new DestinationTls(certificateChain, new Secret(""), authorities);
  }
}
