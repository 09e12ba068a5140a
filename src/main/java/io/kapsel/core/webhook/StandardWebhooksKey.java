package io.kapsel.core.webhook;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A Standard Webhooks secret: {@code whsec_} (or no prefix) and base64 of 24 to 75 random bytes,
 * {@code whsk_} and base64 of seed and public key, or {@code whpk_} and base64 of the public key.
 *
 * <p>The specification says 24 to 64 bytes; Svix has given out up to 75.
 */
sealed interface StandardWebhooksKey {
  String SYMMETRIC_PREFIX = "whsec_";
  String PRIVATE_PREFIX = "whsk_";
  String PUBLIC_PREFIX = "whpk_";
  int SYMMETRIC_BYTES_MIN = 24;
  int SYMMETRIC_BYTES_MAX = 75;

  record Symmetric(Body key) implements StandardWebhooksKey {}

  record Private(Body seed, Body publicKey) implements StandardWebhooksKey {}

  record Public(Body publicKey) implements StandardWebhooksKey {}

  static Optional<StandardWebhooksKey> parse(Secret secret) {
    String text = secret.value();
    if (text.startsWith(PRIVATE_PREFIX)) {
      return privateKey(CanonicalBase64.decode(text.substring(PRIVATE_PREFIX.length())));
    }
    if (text.startsWith(PUBLIC_PREFIX)) {
      byte[] key = CanonicalBase64.decode(text.substring(PUBLIC_PREFIX.length()));
      return key != null && key.length == Ed25519.KEY_BYTES
          ? Optional.of(new Public(Body.wrap(key)))
          : Optional.empty();
    }
    int start = text.startsWith(SYMMETRIC_PREFIX) ? SYMMETRIC_PREFIX.length() : 0;
    byte[] key = CanonicalBase64.decode(text.substring(start));
    return key != null && key.length >= SYMMETRIC_BYTES_MIN && key.length <= SYMMETRIC_BYTES_MAX
        ? Optional.of(new Symmetric(Body.wrap(key)))
        : Optional.empty();
  }

  private static Optional<StandardWebhooksKey> privateKey(byte @Nullable [] bytes) {
    if (bytes == null || bytes.length != 2 * Ed25519.KEY_BYTES) return Optional.empty();
    byte[] seed = Arrays.copyOf(bytes, Ed25519.KEY_BYTES);
    byte[] publicKey = Arrays.copyOfRange(bytes, Ed25519.KEY_BYTES, bytes.length);
    return Ed25519.belongTogether(seed, publicKey)
        ? Optional.of(new Private(Body.wrap(seed), Body.wrap(publicKey)))
        : Optional.empty();
  }
}
