package io.kapsel.deliver;

import akka.http.scaladsl.model.headers.CustomHeader;
import io.kapsel.core.webhook.Header;

/**
 * A header line that goes out exactly as it is: not parsed, not normalised, one octet per character
 * (ISO-8859-1), and in its place among the others, even when it is {@code Content-Type}.
 */
final class WireHeader extends CustomHeader {
  private final String name;
  private final String value;

  WireHeader(String name, String value) {
    this.name = name;
    this.value = value;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String value() {
    return value;
  }

  @Override
  public boolean renderInRequests() {
    return true;
  }

  @Override
  public boolean renderInResponses() {
    return false;
  }

  /** Whether the line can be sent at all: RFC 9110 §5.1 and §5.5, in octets. */
  static boolean isTransmissible(Header header) {
    String name = header.name();
    if (name.isEmpty()) {
      return false;
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean alphanumeric =
          (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      if (!alphanumeric && "!#$%&'*+-.^_`|~".indexOf(c) < 0) {
        return false;
      }
    }
    String value = header.value();
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < ' ' && c != '\t') || c == 0x7f || c > 0xff) {
        return false;
      }
    }
    return true;
  }
}
