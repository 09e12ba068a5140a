package io.kapsel.core.limit;

/**
 * A token bucket whose whole state is one number, so that a shell may keep it in an atomic. The
 * number counts what has been spent since the bucket began, in thousandths of a token, and is
 * compared with what the rate has supplied until now. Both are functions of the total time, never
 * sums of small differences: nothing is rounded twice, so nothing drifts.
 *
 * <p>A clock that runs backwards supplies nothing and takes nothing away.
 */
public final class TokenBucket {
  /** Instead of a state: there is no token. */
  public static final long EMPTY = Long.MAX_VALUE;

  private static final long TOKEN = 1_000;
  private static final double NANOS_PER_SECOND = 1e9;

  private final Allowance allowance;
  private final long beginNanos;
  private final double suppliedPerNano;
  private final long room;

  /**
   * @param allowance must be limited
   * @param beginNanos when it begins, by the clock that every call is given
   */
  public TokenBucket(Allowance allowance, long beginNanos) {
    if (!allowance.isLimited()) throw new IllegalArgumentException("no limit, no bucket");
    this.allowance = allowance;
    this.beginNanos = beginNanos;
    this.suppliedPerNano = allowance.perSecond() * TOKEN / NANOS_PER_SECOND;
    this.room = allowance.burst() * TOKEN;
  }

  public Allowance allowance() {
    return allowance;
  }

  /** The state of a bucket that begins full. */
  public long full() {
    return -room;
  }

  /** The state in which a bucket takes over, beginning now, what another one holds. */
  public long takingOver(TokenBucket other, long spent, long nowNanos) {
    long level = other.supplied(nowNanos) - other.floor(spent, nowNanos);
    return -Math.clamp(level, 0, room);
  }

  /** The state after one token is taken, or {@link #EMPTY}. */
  public long take(long spent, long nowNanos) {
    return take(spent, 1, nowNanos);
  }

  /** The state after all of these tokens are taken together, or {@link #EMPTY}. */
  public long take(long spent, long tokens, long nowNanos) {
    long after = floor(spent, nowNanos) + tokens * TOKEN;
    return after <= supplied(nowNanos) ? after : EMPTY;
  }

  /** The state after a token that was taken is given back; a full bucket has no room for it. */
  public long giveBack(long spent) {
    return spent - TOKEN;
  }

  /** The state after a token was taken elsewhere: it takes one if there is any, and never fails. */
  public long charge(long spent, long nowNanos) {
    long after = Math.min(floor(spent, nowNanos) + TOKEN, supplied(nowNanos));
    return Math.max(spent, after);
  }

  /** Whole tokens that could be taken now. */
  public long tokens(long spent, long nowNanos) {
    return Math.max(0, supplied(nowNanos) - floor(spent, nowNanos)) / TOKEN;
  }

  /** How long until there is a token, if nobody takes any; 0 when there is one. */
  public long waitNanos(long spent, long nowNanos) {
    long enough = floor(spent, nowNanos) + TOKEN;
    if (enough <= supplied(nowNanos)) return 0;
    long afterNanos = (long) Math.ceil(enough / suppliedPerNano);
    // The last bit of a double counts once the bucket is months old.
    if ((long) (afterNanos * suppliedPerNano) < enough)
      afterNanos += 1 + (long) Math.ulp((double) afterNanos);
    return Math.max(1, afterNanos - (nowNanos - beginNanos));
  }

  /** As Retry-After wants it: whole seconds, at least one. */
  public static int retryAfterSeconds(long waitNanos) {
    double seconds = Math.ceil(waitNanos / NANOS_PER_SECOND);
    return (int) Math.clamp(seconds, 1, Integer.MAX_VALUE);
  }

  private long supplied(long nowNanos) {
    return (long) (Math.max(0, nowNanos - beginNanos) * suppliedPerNano);
  }

  /** What does not fit into the bucket counts as spent. */
  private long floor(long spent, long nowNanos) {
    return Math.max(spent, supplied(nowNanos) - room);
  }
}
