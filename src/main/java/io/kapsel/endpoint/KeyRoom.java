package io.kapsel.endpoint;

import io.kapsel.core.endpoint.Limits;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many idempotency keys the endpoints of one node remember together. An endpoint may remember
 * four times as many as there is room for, alone four fifths of all: the more of them there are,
 * the earlier each forgets its oldest. What a recovery brings may exceed the room, until those that
 * accept webhooks have made up for it.
 */
public final class KeyRoom {
  private static final long SHARE_OF_FREE = 4;

  private final long keysMax;
  private final AtomicLong held = new AtomicLong();

  public KeyRoom(long keysMax) {
    this.keysMax = keysMax;
  }

  /** An endpoint remembers so many keys more, or fewer, than before. */
  void changed(int keys) {
    if (keys != 0) held.addAndGet(keys);
  }

  /** The limits that hold now. */
  Limits within(Limits limits) {
    long share = SHARE_OF_FREE * Math.max(0, keysMax - held.get());
    return share >= limits.windowKeysMax() ? limits : limits.withWindowKeysMax((int) share);
  }
}
