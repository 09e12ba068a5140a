package io.kapsel.simulation.world;

/**
 * One incarnation of a simulated process. When it has died nothing of it ever runs again; a restart
 * is a new incarnation at the same address.
 */
public final class Node {
  /** Whatever is not inside the cluster: senders, destinations, the database server, operators. */
  public static final Node OUTSIDE = new Node("outside", 0);

  private final String name;
  private final int incarnation;
  private final String id;
  private boolean alive = true;
  private long wallSkewMillis;
  private double wallDrift;
  private long driftSinceNanos;
  private long pausedUntilNanos;
  private long slowNanos;

  public Node(String name, int incarnation) {
    this.name = name;
    this.incarnation = incarnation;
    this.id = incarnation == 0 ? name : name + "." + incarnation;
  }

  /** The process's place: shared by all its incarnations. */
  public String name() {
    return name;
  }

  public int incarnation() {
    return incarnation;
  }

  /** {@code name.incarnation} */
  public String id() {
    return id;
  }

  public boolean alive() {
    return alive;
  }

  void die() {
    alive = false;
  }

  /** Moves this node's wall clock by so much from now on. */
  public void skewWall(long millis) {
    wallSkewMillis += millis;
  }

  /**
   * @param rate 0.01 gains ten milliseconds a second
   */
  public void driftWall(double rate, long nowNanos) {
    wallSkewMillis = wallSkewMillis(nowNanos);
    wallDrift = rate;
    driftSinceNanos = nowNanos;
  }

  /** Somebody has set this node's wall clock. */
  public void setWallRight(long nowNanos) {
    wallSkewMillis = 0;
    wallDrift = 0;
    driftSinceNanos = nowNanos;
  }

  long wallSkewMillis(long nowNanos) {
    return wallSkewMillis + (long) (wallDrift * (nowNanos - driftSinceNanos) / 1_000_000);
  }

  /**
   * Nothing of this node runs before then; its timers and messages wait, as in a long collection.
   */
  public void pauseUntil(long nanos) {
    pausedUntilNanos = Math.max(pausedUntilNanos, nanos);
  }

  long pausedUntilNanos() {
    return pausedUntilNanos;
  }

  /** Every task of this node waits so long before it runs. */
  public void slowBy(long nanos) {
    slowNanos = nanos;
  }

  long slowNanos() {
    return slowNanos;
  }

  @Override
  public String toString() {
    return id;
  }
}
