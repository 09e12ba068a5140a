package io.kapsel.limit;

import io.kapsel.core.webhook.Rejection;
import java.util.concurrent.atomic.AtomicLong;

/** What came of counting a webhook against its tenant's quota. */
public sealed interface Counting {
  /** Nothing to count. */
  enum Unlimited implements Counting {
    INSTANCE
  }

  /**
   * @param left of what this node has drawn of the window in which the webhook was counted
   */
  record Counted(AtomicLong left) implements Counting {}

  record Refused(Rejection rejection) implements Counting {}

  /** The webhook was not accepted after all. */
  default void giveBack() {
    if (this instanceof Counted counted) counted.left.incrementAndGet();
  }
}
