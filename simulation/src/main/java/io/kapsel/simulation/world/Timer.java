package io.kapsel.simulation.world;

import org.jspecify.annotations.Nullable;

/** Fires once at a point of virtual time, unless cancelled or its node has died. */
public final class Timer implements Comparable<Timer> {
  final long atNanos;
  final long sequence;
  final Node node;
  private @Nullable Runnable work;

  Timer(long atNanos, long sequence, Node node, Runnable work) {
    this.atNanos = atNanos;
    this.sequence = sequence;
    this.node = node;
    this.work = work;
  }

  /** False when it has fired or was cancelled before. */
  public boolean cancel() {
    boolean pending = work != null;
    work = null;
    return pending;
  }

  public boolean isCancelled() {
    return work == null;
  }

  @Nullable Runnable take() {
    Runnable taken = work;
    work = null;
    return taken;
  }

  @Override
  public int compareTo(Timer other) {
    int order = Long.compare(atNanos, other.atNanos);
    return order != 0 ? order : Long.compare(sequence, other.sequence);
  }
}
