package io.kapsel.deliver;

import akka.stream.stage.AsyncCallback;
import java.net.InetAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One connection to one checked address, carrying one passage at a time. Behind it runs a stream:
 * {@link Conversation} (requests in, answers out), akka-http's client layer, {@link Wire}, TLS,
 * TCP.
 */
final class HttpConnection {
  /** Commands to the stream, besides the passages themselves. */
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

  /** Set when the TLS handshake is over and the certificate was found valid. */
  volatile boolean secured;

  volatile long reusableUntilNanos;

  /** The stream's own: what it is carrying. */
  @Nullable Passage current;

  /** What is being carried, or a {@link Vacancy}. */
  private final AtomicReference<Object> occupant = new AtomicReference<>(Vacancy.VACANT);

  private final ConnectionPool pool;
  private volatile @Nullable AsyncCallback<Object> stream;

  /** Completed by the TCP layer; only asked whether it is done: its dependents change threads. */
  private volatile CompletionStage<?> connected = new CompletableFuture<>();

  HttpConnection(ConnectionKey key, InetAddress address, ConnectionPool pool, long nowNanos) {
    this.key = key;
    this.address = address;
    this.openedAtNanos = nowNanos;
    this.pool = pool;
  }

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

  /** Whether bytes of a request now reach the destination. */
  boolean isReady() {
    return isConnected() && (!key.secure() || secured);
  }

  /** Takes a vacant connection; false when it has been closed in the meantime. */
  boolean occupy(Passage passage) {
    return occupant.compareAndSet(Vacancy.VACANT, passage);
  }

  void send(Passage passage) {
    tell(passage);
  }

  /** Closes it at once, unless it is no longer concerned with this passage. */
  void abort(Passage passage) {
    if (occupant.compareAndSet(passage, Vacancy.CLOSED)) {
      tell(Command.ABORT);
    }
  }

  /** Closes it unless somebody took it in the meantime. */
  void closeIfVacant() {
    if (occupant.compareAndSet(Vacancy.VACANT, Vacancy.CLOSED)) {
      tell(Command.ABORT);
    }
  }

  /** From the stream: the answer is complete, or as much of it as anybody will read. */
  void answered(Passage passage, boolean reusable) {
    if (occupant.compareAndSet(passage, reusable ? Vacancy.VACANT : Vacancy.CLOSED)) {
      if (reusable) {
        pool.release(this);
      }
      passage.exchange.answered(passage);
    }
  }

  /** From the stream: it has ended, whatever the reason. */
  void ended(Throwable cause) {
    pool.forget(this);
    if (occupant.getAndSet(Vacancy.CLOSED) instanceof Passage passage) {
      passage.exchange.broken(passage, cause);
    }
  }

  private void tell(Object command) {
    AsyncCallback<Object> callback = stream;
    if (callback != null) {
      callback.invoke(command);
    }
  }
}
