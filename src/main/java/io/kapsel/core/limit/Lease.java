package io.kapsel.core.limit;

/**
 * How a node leases tokens from a bucket that the whole cluster shares, so that few webhooks wait
 * for it. A lease starts with one token and doubles while it is used up quickly, so a node with
 * little traffic strands little, and a busy one asks a few times a second.
 *
 * @param allowance of the shared bucket
 */
public record Lease(Allowance allowance) {
  /** A leased token that was not used for so long is forgotten; the bucket fills meanwhile. */
  public static final long LIFE_NANOS = 1_000_000_000L;

  /** The largest lease is what this time brings. */
  private static final double LARGEST_SECONDS = 0.1;

  /** Leases of fewer tokens are not renewed ahead: that would strand half of them. */
  private static final long AHEAD_MIN = 4;

  private static final double ASK_AGAIN_SECONDS = 0.01;
  private static final long ASK_AGAIN_NANOS_MAX = 1_000_000_000L;
  private static final double NANOS_PER_SECOND = 1e9;

  /** How far a node's clock may run slower than that of the shared bucket. */
  private static final double CLOCK_TOLERANCE = 1.05;

  /** Tokens in the largest lease: never more than half a burst, so that nodes can share. */
  public long largest() {
    double tokens = Math.min(allowance.perSecond() * LARGEST_SECONDS, allowance.burst() / 2.0);
    return Math.max(1, (long) tokens);
  }

  /**
   * Tokens to ask for next.
   *
   * @param before the lease before this one, 0 when there was none
   * @param ageNanos since it was granted
   */
  public long next(long before, long ageNanos) {
    if (before <= 0 || ageNanos > LIFE_NANOS) return 1;
    boolean quick = ageNanos < LARGEST_SECONDS * NANOS_PER_SECOND;
    return Math.clamp(quick ? 2 * before : before / 2, 1, largest());
  }

  /** Whether to ask for the next lease while so many tokens of this one are left. */
  public static boolean isLow(long size, long left) {
    return size >= AHEAD_MIN && left <= size / 2;
  }

  /** After the shared bucket was found empty: how long not to ask it again. */
  public long askAgainNanos(long waitNanos) {
    double pause = Math.min(ASK_AGAIN_SECONDS, allowance.burst() / allowance.perSecond() / 2);
    long nanos = Math.max(waitNanos, (long) (pause * NANOS_PER_SECOND));
    return Math.min(nanos, ASK_AGAIN_NANOS_MAX);
  }

  /** The longest wait for a token that can be true. */
  public long waitNanosMax() {
    return (long) Math.ceil(NANOS_PER_SECOND / allowance.perSecond()) + 1;
  }

  /**
   * What one node alone could truthfully be granted: more than this is a lie.
   *
   * @param delaySeconds how long an answer may be under way
   */
  public Allowance credible(double delaySeconds) {
    double perSecond = allowance.perSecond() * CLOCK_TOLERANCE;
    return new Allowance(
        perSecond, allowance.burst() + (long) Math.ceil(perSecond * delaySeconds) + 1);
  }
}
