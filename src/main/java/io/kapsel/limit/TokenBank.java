package io.kapsel.limit;

import io.kapsel.core.limit.Allowance;
import java.util.concurrent.CompletionStage;

/**
 * Buckets that all nodes of the cluster take from. Implementations: Redis in production, a
 * simulated one in the simulator.
 */
public interface TokenBank {
  /**
   * @param tokens granted, from 0 to what was asked for
   * @param waitNanos until the bucket has a token; 0 unless it is empty
   */
  record Grant(long tokens, long waitNanos) {}

  /** Why the bank cannot be relied on. */
  enum Trouble {
    /** No answer in time. */
    SLOW,
    /** No connection, or an error instead of an answer. */
    DOWN,
    /** It has forgotten its buckets. */
    FLUSHED,
    /** It answers what cannot be true. */
    LYING
  }

  final class Unreliable extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Trouble trouble;

    public Unreliable(Trouble trouble, String message) {
      super(message, null, false, false);
      this.trouble = trouble;
    }

    public Trouble trouble() {
      return trouble;
    }
  }

  /**
   * Asks for tokens of an account's bucket. Completes within a bounded time, or fails within it.
   */
  CompletionStage<Grant> ask(String account, Allowance allowance, long tokens);

  /** Completes when the bank can be relied on again. */
  CompletionStage<?> probe();
}
