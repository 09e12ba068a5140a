package io.kapsel.core.webhook;

/**
 * One header line as received. The value holds the octets as ISO-8859-1 characters (RFC 9110 §5.5).
 */
public record Header(String name, String value) {
  public boolean isNamed(String other) {
    return name.equalsIgnoreCase(other);
  }
}
