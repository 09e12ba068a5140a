package io.kapsel.storage;

/** The database's schema cannot be used by this version of Kapsel (E4006). */
public final class SchemaMismatch extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public SchemaMismatch(String message) {
    super(message);
  }
}
