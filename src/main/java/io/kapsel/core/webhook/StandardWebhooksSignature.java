package io.kapsel.core.webhook;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.kapsel.core.webhook.SignatureSettings.Algorithm;
import io.kapsel.core.webhook.SignatureSettings.Encoding;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Verifies Standard Webhooks signatures: {@code v1} (HMAC-SHA256) and {@code v1a} (Ed25519). */
final class StandardWebhooksSignature {
  /** Svix sends at most eleven during a rotation. */
  static final int CANDIDATES_MAX = 24;

  /** The two sets of names that carry the same signature. */
  enum Family {
    WEBHOOK("webhook-id", "webhook-timestamp", "webhook-signature"),
    SVIX("svix-id", "svix-timestamp", "svix-signature");

    final String id;
    final String timestamp;
    final String signature;

    Family(String id, String timestamp, String signature) {
      this.id = id;
      this.timestamp = timestamp;
      this.signature = signature;
    }

    /**
     * The family whose three headers are all there. They are never mixed: otherwise an id that
     * nobody signed could stand beside a signature of the other family.
     */
    static Family of(List<Header> headers) {
      return !WEBHOOK.isComplete(headers) && SVIX.isComplete(headers) ? SVIX : WEBHOOK;
    }

    private boolean isComplete(List<Header> headers) {
      return HeaderLines.count(headers, id) > 0
          && HeaderLines.count(headers, timestamp) > 0
          && HeaderLines.count(headers, signature) > 0;
    }
  }

  private StandardWebhooksSignature() {}

  static Optional<Rejection> verify(
      SignatureSettings settings, long nowMillis, List<Header> headers, byte[] body) {
    List<byte[]> macKeys = new ArrayList<>();
    List<byte[]> publicKeys = new ArrayList<>();
    for (Secret secret : settings.secrets()) {
      StandardWebhooksKey key = StandardWebhooksKey.parse(secret).orElse(null);
      if (key == null) continue;
      switch (key) {
        case StandardWebhooksKey.Symmetric symmetric -> macKeys.add(symmetric.key().unsafeBytes());
        case StandardWebhooksKey.Private pair -> publicKeys.add(pair.publicKey().unsafeBytes());
        case StandardWebhooksKey.Public half -> publicKeys.add(half.publicKey().unsafeBytes());
      }
    }
    if (macKeys.isEmpty() && publicKeys.isEmpty()) return SignatureVerifier.misconfigured();

    Family family = Family.of(headers);
    Optional<Rejection> incomplete =
        HeaderLines.requireSingle(headers, family.id, family.timestamp, family.signature);
    if (incomplete.isPresent()) return incomplete;
    String id = HeaderLines.firstOrEmpty(headers, family.id);
    String timestamp = HeaderLines.firstOrEmpty(headers, family.timestamp);
    long seconds = SignedTime.parse(timestamp);
    // A full stop in the id would let bytes move between id, timestamp and body.
    if (seconds == SignedTime.MALFORMED || id.indexOf('.') >= 0)
      return SignatureVerifier.malformed();

    List<String> v1 = new ArrayList<>();
    List<String> v1a = new ArrayList<>();
    if (!collect(HeaderLines.firstOrEmpty(headers, family.signature), v1, v1a)) {
      return SignatureVerifier.malformed();
    }
    List<byte[]> parts = List.of((id + "." + timestamp + ".").getBytes(ISO_8859_1), body);
    // Both kinds are always tried: how long it takes must not tell which one matched.
    boolean matches = Hmac.anyMatches(Algorithm.SHA256, macKeys, parts, Encoding.BASE64, v1);
    matches |= anyVerifies(publicKeys, parts, v1a);
    if (!matches) return SignatureVerifier.mismatch();
    return SignedTime.isFreshSeconds(nowMillis, seconds, settings.toleranceSeconds())
        ? Optional.empty()
        : SignatureVerifier.expired();
  }

  /**
   * Sorts the space-separated list by version; false when nothing in it has the form of a
   * signature.
   */
  private static boolean collect(String header, List<String> v1, List<String> v1a) {
    int candidates = 0;
    int start = 0;
    while (start <= header.length()) {
      int end = header.indexOf(' ', start);
      if (end < 0) end = header.length();
      int comma = header.indexOf(',', start);
      if (comma >= 0 && comma < end) {
        if (++candidates > CANDIDATES_MAX) return false;
        String version = header.substring(start, comma);
        String signature = header.substring(comma + 1, end);
        if (version.equals("v1")) v1.add(signature);
        else if (version.equals("v1a")) v1a.add(signature);
        if (v1a.size() > Ed25519.CANDIDATES_MAX) return false;
      }
      start = end + 1;
    }
    return candidates > 0;
  }

  private static boolean anyVerifies(
      List<byte[]> publicKeys, List<byte[]> parts, List<String> candidates) {
    boolean matches = false;
    for (String candidate : candidates) {
      byte[] signature = CanonicalBase64.decode(candidate);
      if (signature == null) continue;
      for (byte[] publicKey : publicKeys) matches |= Ed25519.verifies(publicKey, parts, signature);
    }
    return matches;
  }
}
