package io.kapsel.core.endpoint;

/** What an attempt means for its webhook. */
public enum Verdict {
  DELIVERED,
  /** Attempted again later. */
  RETRY,
  /** The destination refused it for good. */
  FAILED,
  /** The attempts are used up. */
  DEAD_LETTER
}
