package io.kapsel.manage;

import io.kapsel.core.limit.Allowance;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.LongSupplier;

/**
 * How many wrong keys an address may try: a burst, then one at a time. An IPv6 address counts with
 * its whole /64, which one host usually owns.
 */
final class FailedLogins {
  private static final int NETWORK_BYTES = 8;
  private static final double MILLIS_PER_SECOND = 1_000;

  private final Buckets buckets;

  /**
   * @param burst tries at once
   * @param intervalMillis between tries after the burst
   * @param addressesMax addresses remembered; further ones push out the least used
   */
  FailedLogins(int burst, long intervalMillis, int addressesMax, LongSupplier nanoTime) {
    this.buckets =
        new Buckets(
            Allowance.of(MILLIS_PER_SECOND / intervalMillis, burst), addressesMax, nanoTime);
  }

  /** Takes one try; returns 0, or the seconds to wait when there is none. */
  int take(String address) {
    return buckets.take(network(address));
  }

  /** The try turned out to be a right key. */
  void giveBack(String address) {
    buckets.giveBack(network(address));
  }

  private static String network(String address) {
    if (address.indexOf(':') < 0) return address;
    try {
      // Of a literal: nothing is resolved.
      byte[] bytes = InetAddress.getByName(address).getAddress();
      return HexFormat.of().formatHex(Arrays.copyOf(bytes, NETWORK_BYTES));
    } catch (UnknownHostException notALiteral) {
      return address;
    }
  }
}
