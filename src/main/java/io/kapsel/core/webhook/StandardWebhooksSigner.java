package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.kapsel.core.webhook.SignatureSettings.Algorithm;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Signs what Kapsel sends, by the Standard Webhooks specification. */
public final class StandardWebhooksSigner {
  /** What {@link #createSecret} draws; the specification asks for 24 to 64. */
  private static final int SECRET_BYTES = 32;

  private static final int SECRET_BYTES_MAX = 64;

  private StandardWebhooksSigner() {}

  /**
   * The headers {@code webhook-id}, {@code webhook-timestamp} and {@code webhook-signature} of one
   * attempt, with one signature for each secret in the given order.
   *
   * @param secrets signing secrets, current first; each has passed {@link #secretProblem}
   * @param messageId stable over the attempts; holds no full stop
   * @param nowMillis the time of the attempt
   */
  public static List<Header> sign(
      List<Secret> secrets, String messageId, long nowMillis, byte[] body) {
    if (messageId.isEmpty() || messageId.indexOf('.') >= 0) {
      throw new IllegalArgumentException("a message id is not empty and holds no full stop");
    }
    String timestamp = Long.toString(Math.floorDiv(nowMillis, 1000L));
    List<byte[]> parts = List.of((messageId + "." + timestamp + ".").getBytes(US_ASCII), body);
    StringBuilder signatures = new StringBuilder();
    for (Secret secret : secrets) {
      if (!signatures.isEmpty()) signatures.append(' ');
      signatures.append(signature(secret, parts));
    }
    return List.of(
        new Header("webhook-id", messageId),
        new Header("webhook-timestamp", timestamp),
        new Header("webhook-signature", signatures.toString()));
  }

  /** A new secret, {@code whsec_} and base64 of 32 bytes; the randomness must be unpredictable. */
  public static Secret createSecret(RandomGenerator random) {
    byte[] bytes = new byte[SECRET_BYTES];
    random.nextBytes(bytes);
    return new Secret(StandardWebhooksKey.SYMMETRIC_PREFIX + CanonicalBase64.encode(bytes));
  }

  /** Why a secret cannot sign ({@code E1307}); never repeats the secret. Empty when it can. */
  public static Optional<String> secretProblem(Secret secret) {
    StandardWebhooksKey key = StandardWebhooksKey.parse(secret).orElse(null);
    return switch (key) {
      case null ->
          Optional.of(
              "Must be whsec_ and base64 of 24 to 64 bytes, or whsk_ and base64 of 64 bytes.");
      case StandardWebhooksKey.Symmetric symmetric ->
          symmetric.key().length() <= SECRET_BYTES_MAX
              ? Optional.empty()
              : Optional.of("Must have at most 64 bytes.");
      case StandardWebhooksKey.Private pair -> Optional.empty();
      case StandardWebhooksKey.Public half ->
          Optional.of("Must not be a public key: it cannot sign.");
    };
  }

  private static String signature(Secret secret, List<byte[]> parts) {
    StandardWebhooksKey key = StandardWebhooksKey.parse(secret).orElse(null);
    return switch (key) {
      case StandardWebhooksKey.Symmetric symmetric ->
          "v1,"
              + CanonicalBase64.encode(
                  Hmac.of(Algorithm.SHA256, symmetric.key().unsafeBytes(), parts));
      case StandardWebhooksKey.Private pair ->
          "v1a," + CanonicalBase64.encode(Ed25519.sign(pair.seed().unsafeBytes(), parts));
      case StandardWebhooksKey.Public half ->
          throw new IllegalArgumentException("a public key cannot sign");
      case null -> throw new IllegalArgumentException("not a signing secret");
    };
  }
}
