package io.kapsel.manage;

import io.kapsel.core.webhook.TenantId;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;

/** Identifiers of what only the management API knows: a prefix and 32 lower-case hex digits. */
final class Identifiers {
  private static final HexFormat HEX = HexFormat.of();
  private static final int HALF = 16;

  private Identifiers() {}

  /** Sorts by time, like the identifiers of tenants. */
  static UUID create(long epochMillis, RandomGenerator random) {
    TenantId layout = TenantId.create(epochMillis, random);
    return new UUID(layout.high(), layout.low());
  }

  static String text(String prefix, UUID id) {
    return prefix
        + HEX.toHexDigits(id.getMostSignificantBits())
        + HEX.toHexDigits(id.getLeastSignificantBits());
  }

  static Optional<UUID> parse(String prefix, String text) {
    if (!text.matches(prefix + "[0-9a-f]{32}")) return Optional.empty();
    int middle = prefix.length() + HALF;
    return Optional.of(
        new UUID(
            HexFormat.fromHexDigitsToLong(text, prefix.length(), middle),
            HexFormat.fromHexDigitsToLong(text, middle, text.length())));
  }
}
