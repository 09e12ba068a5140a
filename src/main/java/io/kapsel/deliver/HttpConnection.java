package io.kapsel.deliver;

import akka.http.javadsl.model.HttpRequest;
import akka.stream.stage.AsyncCallback;
import akka.util.ByteString;
import java.net.InetAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One connection to one checked address, carrying one exchange at a time. Behind it runs a stream:
 * {@link Conversation} (requests in, answers out), akka-http's client layer, {@link Wire}, TLS,
 * TCP.
 *
 * <p>The fields below {@code address} are written by that stream alone and read by whoever judges
 * the exchange; {@code carrying}, {@code headSeen} and {@code bytesReceived} are the stream's own.
 */
final class HttpConnection {
  /** Commands to the stream, besides the requests themselves. */
  enum Command {
    ABORT
  }

  private enum Vacancy {
    VACANT,
    CLOSED
  }

  final ConnectionKey key;
  final InetAddress address;
  final long openedAtNanos;

  volatile boolean secured;
  volatile boolean requestOnItsWay;
  volatile long lastActivityNanos;
  volatile int status;
  volatile ByteString body = ByteString.emptyByteString();
  volatile long retryAfterMillis = OutcomeRules.NO_RETRY_AFTER;
  volatile long reusableUntilNanos;
  volatile boolean reused;

  boolean carrying;
  boolean headSeen;
  long bytesReceived;

  /** The exchange being carried, or a {@link Vacancy}. */
  private final AtomicReference<Object> occupant;

  private final ConnectionPool pool;
  private @Nullable AsyncCallback<Object> stream;

  /** Completed by the TCP layer; only asked whether it is done: its dependents change threads. */
  private CompletionStage<?> connected = new CompletableFuture<>();

  HttpConnection(
      ConnectionKey key, InetAddress address, Exchange first, ConnectionPool pool, long nowNanos) {
    this.key = key;
    this.address = address;
    this.openedAtNanos = nowNanos;
    this.lastActivityNanos = nowNanos;
    this.occupant = new AtomicReference<>(first);
    this.pool = pool;
  }

  /** Tells how to reach the stream; before anything else is asked of this connection. */
  void attach(AsyncCallback<Object> stream) {
    this.stream = stream;
  }

  void connecting(CompletionStage<?> connected) {
    this.connected = connected;
  }

  boolean isConnected() {
    CompletableFuture<?> future = connected.toCompletableFuture();
    return future.isDone() && !future.isCompletedExceptionally();
  }

  /** Whether the destination may have seen any of the request. */
  boolean mayHaveSent() {
    return requestOnItsWay && (!key.secure() || secured);
  }

  /** Takes a vacant connection; false when it has been closed in the meantime. */
  boolean occupy(Exchange exchange) {
    if (!occupant.compareAndSet(Vacancy.VACANT, exchange)) {
      return false;
    }
    reused = true;
    return true;
  }

  void send(HttpRequest request, long nowNanos) {
    requestOnItsWay = false;
    status = 0;
    body = ByteString.emptyByteString();
    retryAfterMillis = OutcomeRules.NO_RETRY_AFTER;
    lastActivityNanos = nowNanos;
    tell(request);
  }

  /** Closes it at once; whoever is being carried hears nothing more. */
  void abort() {
    occupant.set(Vacancy.CLOSED);
    tell(Command.ABORT);
  }

  /** Closes it unless somebody took it in the meantime. */
  void closeIfVacant() {
    if (occupant.compareAndSet(Vacancy.VACANT, Vacancy.CLOSED)) {
      tell(Command.ABORT);
    }
  }

  /** From the stream: the answer is complete, or as much of it as anybody will read. */
  void answered(boolean reusable) {
    Object carried = occupant.get();
    if (carried instanceof Exchange exchange) {
      int answeredStatus = status;
      ByteString excerpt = body;
      long retryAfter = retryAfterMillis;
      if (reusable) {
        if (occupant.compareAndSet(exchange, Vacancy.VACANT)) {
          pool.release(this);
        }
      } else {
        occupant.compareAndSet(exchange, Vacancy.CLOSED);
      }
      exchange.answered(answeredStatus, excerpt, retryAfter);
    }
  }

  /** From the stream: it has ended, whatever the reason. */
  void ended(Throwable cause) {
    pool.forget(this);
    if (occupant.getAndSet(Vacancy.CLOSED) instanceof Exchange exchange) {
      exchange.broken(this, cause);
    }
  }

  private void tell(Object command) {
    AsyncCallback<Object> callback = stream;
    if (callback != null) {
      callback.invoke(command);
    }
  }
}
