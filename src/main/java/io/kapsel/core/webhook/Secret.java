package io.kapsel.core.webhook;

/** A secret as its owner wrote it. Its text form is masked so that it can never reach a log. */
public record Secret(String value) {
  @Override
  public String toString() {
    return "****";
  }
}
