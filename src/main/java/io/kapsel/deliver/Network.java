package io.kapsel.deliver;

import java.util.Arrays;
import java.util.Optional;

/** A block of addresses in CIDR notation. */
public final class Network {
  private final byte[] first;
  private final int prefixBits;

  private Network(byte[] first, int prefixBits) {
    this.first = first;
    this.prefixBits = prefixBits;
  }

  /** Such as {@code 10.0.0.0/8} or {@code fc00::/7}; empty when the text is anything else. */
  public static Optional<Network> parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0 || !text.substring(slash + 1).matches("[0-9]{1,3}")) {
      return Optional.empty();
    }
    int bits = Integer.parseInt(text.substring(slash + 1));
    return IpLiteral.parse(text.substring(0, slash))
        .filter(bytes -> bits <= bytes.length * 8)
        .map(bytes -> new Network(bytes, bits));
  }

  static Network of(String text) {
    return parse(text).orElseThrow(() -> new IllegalArgumentException("Not a network: " + text));
  }

  /** Whether the text is an address in this block. */
  public boolean contains(String address) {
    return IpLiteral.parse(address).filter(this::contains).isPresent();
  }

  /** An IPv4 block (4 bytes) contains no IPv6 address (16 bytes), nor the other way round. */
  boolean contains(byte[] address) {
    if (first.length != address.length) {
      return false;
    }
    int whole = prefixBits / 8;
    int rest = prefixBits % 8;
    if (!Arrays.equals(first, 0, whole, address, 0, whole)) {
      return false;
    }
    return rest == 0 || ((first[whole] ^ address[whole]) & 0xff) >>> (8 - rest) == 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Network network
        && prefixBits == network.prefixBits
        && Arrays.equals(first, network.first);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(first) + prefixBits;
  }

  @Override
  public String toString() {
    return IpLiteral.text(first) + "/" + prefixBits;
  }
}
