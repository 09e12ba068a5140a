package io.kapsel.core.limit;

/**
 * How much may pass: so many tokens a second, and so many at once after a pause.
 *
 * @param perSecond 0 when there is no limit
 * @param burst tokens, at least 1 when there is a limit
 */
public record Allowance(double perSecond, long burst) {
  public static final Allowance UNLIMITED = new Allowance(0, 0);

  /** Slower than a token in eleven days is a prohibition, not a rate. */
  private static final double PER_SECOND_MIN = 1e-6;

  private static final double PER_SECOND_MAX = 1e6;
  private static final long BURST_MAX = 1_000_000_000;

  public Allowance {
    if (!(perSecond >= 0)) throw new IllegalArgumentException("a rate is not below 0");
    if (perSecond > 0) {
      perSecond = Math.clamp(perSecond, PER_SECOND_MIN, PER_SECOND_MAX);
      burst = Math.clamp(burst, 1, BURST_MAX);
    }
  }

  /**
   * An allowance as it is configured.
   *
   * @param perSecond 0 for no limit
   * @param burst 0 for what a second brings
   */
  public static Allowance of(double perSecond, long burst) {
    if (perSecond <= 0) return UNLIMITED;
    return new Allowance(perSecond, burst > 0 ? burst : (long) Math.ceil(perSecond));
  }

  public boolean isLimited() {
    return perSecond > 0;
  }

  /** A part of it, in which at least one token has room. */
  public Allowance share(double fraction) {
    return isLimited() && fraction < 1
        ? new Allowance(perSecond * fraction, (long) (burst * fraction))
        : this;
  }

  /** The window of the {@code RateLimit-Policy} field: the time in which an empty bucket fills. */
  public long windowSeconds() {
    return Math.max(1, (long) Math.ceil(burst / perSecond));
  }

  /** What the {@code RateLimit-Policy} field promises for each window. */
  public long windowTokens() {
    return Math.max(1, (long) (perSecond * windowSeconds()));
  }
}
