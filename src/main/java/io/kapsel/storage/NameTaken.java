package io.kapsel.storage;

/** Another living tenant, or another endpoint of the tenant, has this name. Nothing was changed. */
public final class NameTaken extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NameTaken(String name) {
    super("the name is taken: " + name, null, false, false);
  }
}
