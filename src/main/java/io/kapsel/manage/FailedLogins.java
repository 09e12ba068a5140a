package io.kapsel.manage;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How many wrong keys an address may try: a burst, then one at a time. An IPv6 address counts with
 * its whole /64, which one host usually owns.
 */
final class FailedLogins {
  private static final int NETWORK_BYTES = 8;
  private static final Duration KEPT = Duration.ofMinutes(10);

  private final int burst;
  private final long intervalNanos;
  private final LongSupplier nanoTime;
  private final Cache<String, AtomicLong> busyUntilNanos;

  /**
   * @param burst tries at once
   * @param intervalMillis between tries after the burst
   * @param addressesMax addresses remembered; further ones push out the least used
   */
  FailedLogins(int burst, long intervalMillis, int addressesMax, LongSupplier nanoTime) {
    this.burst = burst;
    this.intervalNanos = TimeUnit.MILLISECONDS.toNanos(intervalMillis);
    this.nanoTime = nanoTime;
    this.busyUntilNanos =
        Caffeine.newBuilder()
            .maximumSize(addressesMax)
            .expireAfterAccess(KEPT)
            .executor(Runnable::run)
            .build();
  }

  /** Takes one try; returns 0, or the seconds to wait when there is none. */
  int take(String address) {
    long now = nanoTime.getAsLong();
    AtomicLong busy = busyUntilNanos.get(network(address), unused -> new AtomicLong(now));
    while (true) {
      long until = busy.get();
      long ahead = Math.max(0, until - now) + intervalNanos;
      long wait = ahead - burst * intervalNanos;
      if (wait > 0) return (int) Math.ceilDiv(wait, TimeUnit.SECONDS.toNanos(1));
      if (busy.compareAndSet(until, now + ahead)) return 0;
    }
  }

  /** The try turned out to be a right key. */
  void giveBack(String address) {
    AtomicLong busy = busyUntilNanos.getIfPresent(network(address));
    if (busy != null) busy.addAndGet(-intervalNanos);
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
