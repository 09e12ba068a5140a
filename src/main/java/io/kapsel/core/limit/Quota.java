package io.kapsel.core.limit;

/**
 * How many webhooks may be accepted in a window. Windows follow each other without a gap, as
 * multiples of their length since 1970-01-01T00:00:00Z: a day begins at midnight UTC.
 *
 * @param webhooks 0 when there is no quota
 */
public record Quota(long webhooks, int windowSeconds) {
  public static final int DAY_SECONDS = 86_400;
  public static final Quota NONE = new Quota(0, DAY_SECONDS);

  /** A node draws a thousandth at a time: what a node loses with its memory is no more. */
  private static final long DRAWS = 1_000;

  private static final long DRAW_MAX = 1_000;

  public boolean isLimited() {
    return webhooks > 0;
  }

  /** How many a node draws at once, so that most webhooks ask nobody. */
  public long draw() {
    return Math.clamp(webhooks / DRAWS, 1, DRAW_MAX);
  }
}
