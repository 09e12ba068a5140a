package io.kapsel.storage;

import org.jspecify.annotations.Nullable;

/** The store did not answer, or refused for a passing reason; what was asked may have happened. */
public final class StorageUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StorageUnavailable(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
