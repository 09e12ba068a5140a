package io.kapsel.deliver;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/**
 * IP addresses as text, strictly. The platform's parser resolves {@code 127.1}, {@code 2130706433}
 * and the like, and would ask the name service for what it cannot read.
 */
final class IpLiteral {
  private static final int IPV6_GROUPS = 8;

  private IpLiteral() {}

  /** 4 or 16 bytes; empty for everything but the plain dotted-quad and RFC 4291 §2.2 forms. */
  static Optional<byte[]> parse(String text) {
    return text.indexOf(':') >= 0 ? parseIpv6(text) : parseIpv4(text);
  }

  static Optional<byte[]> parseIpv4(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      return Optional.empty();
    }
    byte[] bytes = new byte[4];
    for (int i = 0; i < 4; i++) {
      if (!parts[i].matches("0|[1-9][0-9]{0,2}") || Integer.parseInt(parts[i]) > 255) {
        return Optional.empty();
      }
      bytes[i] = (byte) Integer.parseInt(parts[i]);
    }
    return Optional.of(bytes);
  }

  /** Without brackets and without a zone. */
  static Optional<byte[]> parseIpv6(String text) {
    int gap = text.indexOf("::");
    if (gap < 0) {
      return groups(text).filter(bytes -> bytes.length == 2 * IPV6_GROUPS);
    }
    Optional<byte[]> head = groups(text.substring(0, gap));
    Optional<byte[]> tail = groups(text.substring(gap + 2));
    if (head.isEmpty() || tail.isEmpty() || endsInIpv4(text.substring(0, gap))) {
      return Optional.empty();
    }
    byte[] bytes = new byte[2 * IPV6_GROUPS];
    if (head.get().length + tail.get().length > bytes.length - 2) {
      return Optional.empty();
    }
    System.arraycopy(head.get(), 0, bytes, 0, head.get().length);
    System.arraycopy(tail.get(), 0, bytes, bytes.length - tail.get().length, tail.get().length);
    return Optional.of(bytes);
  }

  private static boolean endsInIpv4(String text) {
    return text.indexOf('.') >= 0;
  }

  private static Optional<byte[]> groups(String text) {
    if (text.isEmpty()) {
      return Optional.of(new byte[0]);
    }
    String[] groups = text.split(":", -1);
    int last = groups.length - 1;
    Optional<byte[]> quad = endsInIpv4(groups[last]) ? parseIpv4(groups[last]) : Optional.empty();
    int plain = quad.isPresent() ? last : groups.length;
    byte[] bytes = new byte[2 * plain + (quad.isPresent() ? 4 : 0)];
    for (int i = 0; i < plain; i++) {
      if (!groups[i].matches("[0-9a-fA-F]{1,4}")) {
        return Optional.empty();
      }
      int value = Integer.parseInt(groups[i], 16);
      bytes[2 * i] = (byte) (value >>> 8);
      bytes[2 * i + 1] = (byte) value;
    }
    quad.ifPresent(tail -> System.arraycopy(tail, 0, bytes, bytes.length - 4, 4));
    return Optional.of(bytes);
  }

  static String text(byte[] bytes) {
    return inetAddress("", bytes).getHostAddress();
  }

  /** The platform's object for raw bytes; never asks the name service. */
  static InetAddress inetAddress(String host, byte[] bytes) {
    try {
      return host.isEmpty()
          ? InetAddress.getByAddress(bytes)
          : InetAddress.getByAddress(host, bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("Neither 4 nor 16 bytes", e);
    }
  }
}
