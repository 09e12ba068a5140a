package io.kapsel.storage;

/** The store did not answer, or refused for a passing reason; what was asked may have happened. */
public final class StorageUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StorageUnavailable(String message, Throwable cause) {
    super(message, cause);
  }
}
