package io.kapsel.deliver;

import akka.http.javadsl.model.HttpRequest;
import akka.util.ByteString;

/**
 * One request on one connection, and how far it got. Written by the connection's stream, read by
 * whoever judges the exchange; {@code headSeen} and {@code bytesReceived} settle before the end.
 */
final class Passage {
  final Exchange exchange;
  final HttpConnection connection;
  final HttpRequest request;

  /** Whether the connection had carried others before. */
  final boolean reused;

  final long startedAtNanos;

  volatile boolean requestOnItsWay;
  volatile long lastActivityNanos;

  /** Of the answer, 0 before its head is complete. */
  volatile int status;

  volatile ByteString excerpt = ByteString.emptyByteString();
  volatile long retryAfterMillis = OutcomeRules.NO_RETRY_AFTER;

  /** Whether nothing more can come; what had come is then a beginning, not nonsense. */
  volatile boolean endedByPeer;

  boolean headSeen;
  long bytesReceived;

  Passage(
      Exchange exchange,
      HttpConnection connection,
      HttpRequest request,
      boolean reused,
      long nowNanos) {
    this.exchange = exchange;
    this.connection = connection;
    this.request = request;
    this.reused = reused;
    this.startedAtNanos = nowNanos;
    this.lastActivityNanos = nowNanos;
  }

  /** Whether the destination may have seen any of the request. */
  boolean mayHaveBeenSent() {
    return requestOnItsWay && connection.isReady();
  }
}
