package io.kapsel.limit;

import io.kapsel.core.limit.Allowance;
import org.jspecify.annotations.Nullable;

/** Where tokens are kept: in this node's memory, or in a bank that all nodes share. */
public interface Meters {
  /**
   * @param account the same on every node for what shares one allowance
   * @param before the account's meter until now, of the same store; its tokens are taken over
   */
  Meter open(String account, Allowance allowance, @Nullable Meter before);
}
