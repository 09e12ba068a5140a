package io.kapsel.manage;

import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Where the next page of a list starts, as text that only Kapsel can make: authenticated, bound to
 * the caller, the list and its filters, and good for a day.
 */
final class Cursors {
  /** One message for whatever is wrong, so that nothing can be learnt by trying. */
  static final Rejection INVALID =
      Rejection.of(
          ErrorCode.INVALID_CURSOR,
          "Use the next_cursor of the page before, with the same parameters, within a day.");

  private static final long MILLIS_MAX = Duration.ofDays(1).toMillis();
  private static final int CONTENT_BYTES = 3 * Long.BYTES;
  private static final int MAC_BYTES = 16;
  private static final int TEXT_CHARS = (CONTENT_BYTES + MAC_BYTES) * 4 / 3 + 1;
  private static final String ALGORITHM = "HmacSHA256";

  private final SecretKeySpec key;
  private final InstantSource clock;

  Cursors(byte[] key, InstantSource clock) {
    this.key = new SecretKeySpec(key, ALGORITHM);
    this.clock = clock;
  }

  String seal(Call call, UUID last) {
    byte[] content =
        ByteBuffer.allocate(CONTENT_BYTES)
            .putLong(clock.millis() + MILLIS_MAX)
            .putLong(last.getMostSignificantBits())
            .putLong(last.getLeastSignificantBits())
            .array();
    byte[] sealed = Arrays.copyOf(content, CONTENT_BYTES + MAC_BYTES);
    System.arraycopy(mac(call, content), 0, sealed, CONTENT_BYTES, MAC_BYTES);
    return encode(sealed);
  }

  private static String encode(byte[] sealed) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(sealed);
  }

  /** Empty when this is not a cursor for the call. */
  Optional<UUID> open(Call call, String text) {
    if (text.length() != TEXT_CHARS) return Optional.empty();
    byte[] sealed;
    try {
      sealed = Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
    // The decoder ignores bits at the end: only one text may stand for a cursor.
    if (!encode(sealed).equals(text)) return Optional.empty();
    byte[] content = Arrays.copyOf(sealed, CONTENT_BYTES);
    byte[] mac = Arrays.copyOfRange(sealed, CONTENT_BYTES, sealed.length);
    ByteBuffer fields = ByteBuffer.wrap(content);
    boolean ours = MessageDigest.isEqual(mac(call, content), mac);
    if (!ours || fields.getLong() < clock.millis()) return Optional.empty();
    return Optional.of(new UUID(fields.getLong(), fields.getLong()));
  }

  private byte[] mac(Call call, byte[] content) {
    String binding = call.owner() + "\n" + call.head().path() + "\n" + call.query().selection();
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      mac.update(content);
      return Arrays.copyOf(mac.doFinal(binding.getBytes(StandardCharsets.UTF_8)), MAC_BYTES);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("every JDK has HMAC-SHA-256", impossible);
    }
  }
}
