package io.kapsel;

/** The process entry point. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {}
}
