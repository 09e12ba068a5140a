package io.kapsel.deliver;

import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;

/**
 * The vacant connections. There is no limit per destination and no queue for one: a delivery takes
 * a vacant connection or opens its own, so that a slow endpoint never keeps another one waiting.
 */
final class ConnectionPool {
  private final int vacantMax;
  private final long lifetimeNanos;

  /** Of each destination, the one used last first: the others may then expire. */
  private final Map<ConnectionKey, ArrayDeque<HttpConnection>> byKey = new HashMap<>();

  private final SequencedSet<HttpConnection> longestVacantFirst = new LinkedHashSet<>();
  private boolean closed;

  ConnectionPool(HttpDestinationSettings settings) {
    this.vacantMax = settings.idleConnectionsMax();
    this.lifetimeNanos = settings.connectionLifetimeMillis() * 1_000_000L;
  }

  /**
   * A passage on a vacant connection to one of these addresses. A connection to an address that the
   * name no longer has is closed.
   */
  Optional<Passage> take(
      ConnectionKey key, List<InetAddress> addresses, Exchange exchange, long nowNanos) {
    List<HttpConnection> unwanted = new ArrayList<>();
    try {
      synchronized (this) {
        ArrayDeque<HttpConnection> vacant = byKey.get(key);
        while (vacant != null && !vacant.isEmpty()) {
          HttpConnection connection = vacant.getFirst();
          remove(connection);
          if (!isFresh(connection, nowNanos) || !addresses.contains(connection.address)) {
            unwanted.add(connection);
          } else {
            Passage passage = exchange.passage(connection, true);
            if (connection.occupy(passage)) {
              return Optional.of(passage);
            }
          }
          vacant = byKey.get(key);
        }
        return Optional.empty();
      }
    } finally {
      unwanted.forEach(HttpConnection::closeIfVacant);
    }
  }

  void release(HttpConnection connection) {
    List<HttpConnection> unwanted = new ArrayList<>();
    synchronized (this) {
      if (closed) {
        unwanted.add(connection);
      } else {
        byKey.computeIfAbsent(connection.key, key -> new ArrayDeque<>()).addFirst(connection);
        longestVacantFirst.addLast(connection);
        if (longestVacantFirst.size() > vacantMax) {
          HttpConnection oldest = longestVacantFirst.getFirst();
          remove(oldest);
          unwanted.add(oldest);
        }
      }
    }
    unwanted.forEach(HttpConnection::closeIfVacant);
  }

  synchronized void forget(HttpConnection connection) {
    remove(connection);
  }

  /** Closes what has been vacant or has lived for too long. */
  void sweep(long nowNanos) {
    List<HttpConnection> expired = new ArrayList<>();
    synchronized (this) {
      for (HttpConnection connection : List.copyOf(longestVacantFirst)) {
        if (!isFresh(connection, nowNanos)) {
          remove(connection);
          expired.add(connection);
        }
      }
    }
    expired.forEach(HttpConnection::closeIfVacant);
  }

  synchronized int vacantCount() {
    return longestVacantFirst.size();
  }

  void close() {
    List<HttpConnection> all;
    synchronized (this) {
      closed = true;
      all = List.copyOf(longestVacantFirst);
      longestVacantFirst.clear();
      byKey.clear();
    }
    all.forEach(HttpConnection::closeIfVacant);
  }

  private boolean isFresh(HttpConnection connection, long nowNanos) {
    return nowNanos - connection.reusableUntilNanos < 0
        && nowNanos - connection.openedAtNanos < lifetimeNanos;
  }

  private void remove(HttpConnection connection) {
    if (!longestVacantFirst.remove(connection)) {
      return;
    }
    ArrayDeque<HttpConnection> vacant = byKey.get(connection.key);
    if (vacant != null) {
      Iterator<HttpConnection> each = vacant.iterator();
      while (each.hasNext()) {
        if (each.next() == connection) {
          each.remove();
          break;
        }
      }
      if (vacant.isEmpty()) {
        byKey.remove(connection.key);
      }
    }
  }
}
