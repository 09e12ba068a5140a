package io.kapsel.core.endpoint;

/** What an endpoint does with webhooks. */
public enum Status {
  /** Accepts and delivers. */
  ACTIVE,
  /** Accepts and keeps; attempts nothing. */
  PAUSED,
  /** Refuses new webhooks, keeps and does not attempt the old ones. */
  DISABLED,
  /** Gone for good. */
  DELETED
}
