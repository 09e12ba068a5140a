package io.kapsel.storage;

/** Nothing was done: the store already has as much work queued as its settings allow. */
public final class StorageOverloaded extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StorageOverloaded(String message) {
    // Thrown once for each refused webhook while overloaded: no stack trace, it says nothing.
    super(message, null, false, false);
  }
}
