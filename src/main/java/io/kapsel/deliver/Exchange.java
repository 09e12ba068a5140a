package io.kapsel.deliver;

import akka.http.javadsl.model.HttpRequest;
import akka.http.scaladsl.model.IllegalResponseException;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.ErrorCode;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One attempt, from the name lookup to its outcome. The first to {@link #finish} it wins: the
 * stream with an answer or a failure, or the clock.
 */
final class Exchange {
  /** What an exchange needs of its surroundings. */
  interface Surroundings {
    long nanos();

    /** Opens a connection with the exchange's request as the first on it. */
    void dial(ConnectionKey key, InetAddress address, Exchange exchange);

    /** Runs the check after this long; what it returns takes it back. */
    Runnable after(long nanos, Runnable check);
  }

  private static final long CONNECT_MARGIN_MILLIS = 250;

  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private final Surroundings surroundings;
  private final HttpDestinationSettings settings;
  private final ConnectionKey key;
  private final HttpRequest request;
  private final int excerptBytesMax;
  private final long startedAtNanos;
  private final long deadlineNanos;

  private List<InetAddress> addresses = List.of();
  private int dialled;
  private boolean resent;
  private volatile @Nullable Passage passage;
  private volatile Runnable cancelCheck = () -> {};

  /**
   * @param excerptBytesMax how much of the answer's body the outcome is to hold
   */
  Exchange(
      Surroundings surroundings,
      HttpDestinationSettings settings,
      ConnectionKey key,
      HttpRequest request,
      int excerptBytesMax,
      int timeoutMillis) {
    this.surroundings = surroundings;
    this.settings = settings;
    this.key = key;
    this.request = request;
    this.excerptBytesMax = excerptBytesMax;
    this.startedAtNanos = surroundings.nanos();
    this.deadlineNanos = startedAtNanos + timeoutMillis * 1_000_000L;
  }

  int excerptBytesMax() {
    return excerptBytesMax;
  }

  CompletableFuture<Outcome> outcome() {
    return outcome;
  }

  void finish(Outcome result) {
    if (outcome.complete(result)) {
      cancelCheck.run();
    }
  }

  /** Starts the clock; everything else may hang from here on. */
  void watch() {
    long earliest =
        Math.min(
            Math.min(settings.resolveTimeoutMillis(), settings.connectTimeoutMillis()),
            settings.idleTimeoutMillis());
    checkAfter(Math.min(earliest * 1_000_000, deadlineNanos - startedAtNanos));
  }

  /** With every address of the destination, all of them allowed. */
  void connect(ConnectionPool pool, List<InetAddress> allowed) {
    addresses = allowed;
    Optional<Passage> kept = pool.take(key, allowed, this, surroundings.nanos());
    if (kept.isPresent()) {
      kept.get().connection.send(kept.get());
    } else {
      dialNext();
    }
    abortIfLate();
  }

  /** A new try on that connection; from now on it is the one that counts. */
  Passage passage(HttpConnection connection, boolean reused) {
    Passage next = new Passage(this, connection, request, reused, surroundings.nanos());
    passage = next;
    return next;
  }

  private void dialNext() {
    surroundings.dial(key, addresses.get(dialled++), this);
    abortIfLate();
  }

  /** The clock may have decided while a connection was being taken or opened. */
  private void abortIfLate() {
    Passage last = passage;
    if (outcome.isDone() && last != null) {
      last.connection.abort(last);
    }
  }

  /** From the connection: the whole answer, or as much of it as anybody reads. */
  void answered(Passage ended) {
    finish(
        OutcomeRules.answered(ended.status, Excerpt.text(ended.excerpt), ended.retryAfterMillis));
  }

  /** From the connection: it ended before the answer did. */
  void broken(Passage ended, Throwable cause) {
    try {
      if (!outcome.isDone() && !tryAgain(ended)) {
        finish(judge(ended, cause));
      }
    } catch (RuntimeException e) {
      finish(OutcomeRules.bug(e));
    }
  }

  /** Where nothing reached the destination, or only a connection that it had already given up. */
  private boolean tryAgain(Passage ended) {
    if (surroundings.nanos() - deadlineNanos >= 0) {
      return false;
    }
    boolean nextAddress = !ended.connection.isConnected() && dialled < addresses.size();
    boolean stale = ended.reused && !resent && (!ended.mayHaveBeenSent() || isStale(ended));
    if (stale) {
      resent = true;
    }
    if (nextAddress || stale) {
      dialNext();
      return true;
    }
    return false;
  }

  /**
   * A kept connection that ends without a byte right after the request was the race with a server
   * that closes idle connections: not an attempt. Whether the request was read cannot be known, but
   * the repetition carries the same webhook id and attempt number.
   */
  private boolean isStale(Passage ended) {
    return ended.bytesReceived == 0
        && surroundings.nanos() - ended.lastActivityNanos
            < settings.staleConnectionMillis() * 1_000_000L;
  }

  private Outcome judge(Passage ended, Throwable cause) {
    if (!ended.connection.isConnected()) {
      return notConnected(ended);
    }
    if (!ended.connection.isReady()) {
      return OutcomeRules.insecure();
    }
    if (!ended.mayHaveBeenSent()) {
      return OutcomeRules.unreachable();
    }
    if (ended.status != 0) {
      return OutcomeRules.cutOff(
          ended.status,
          Excerpt.text(ended.excerpt),
          ended.retryAfterMillis,
          ErrorCode.CONNECTION_FAILED,
          "The answer of the destination was cut off.");
    }
    boolean unusable =
        (cause instanceof IllegalResponseException && !ended.endedByPeer)
            || (cause instanceof Wire.Excess excess && excess.what == Wire.Excess.Of.HEAD);
    return unusable ? OutcomeRules.unusableHead() : OutcomeRules.notAnswered();
  }

  private Outcome notConnected(Passage ended) {
    long tookNanos = surroundings.nanos() - ended.startedAtNanos;
    return tookNanos >= settings.connectTimeoutMillis() * 1_000_000L
        ? OutcomeRules.notConnectedInTime()
        : OutcomeRules.unreachable();
  }

  private void checkAfter(long nanos) {
    cancelCheck = surroundings.after(nanos, this::check);
    if (outcome.isDone()) {
      cancelCheck.run();
    }
  }

  private void check() {
    if (outcome.isDone()) {
      return;
    }
    long now = surroundings.nanos();
    Passage current = passage;
    long limit = limitNanos(current);
    if (now - limit < 0) {
      checkAfter(limit - now);
      return;
    }
    finish(timedOut(current));
    abortIfLate();
  }

  /** The next moment at which something has taken too long. */
  private long limitNanos(@Nullable Passage current) {
    long limit;
    if (current == null) {
      limit = startedAtNanos + settings.resolveTimeoutMillis() * 1_000_000L;
    } else if (current.mayHaveBeenSent()) {
      limit = current.lastActivityNanos + settings.idleTimeoutMillis() * 1_000_000L;
    } else {
      // The TCP layer keeps the time of a connection itself, and then the next address has its
      // turn.
      long phases = key.secure() ? 2 : 1;
      long millis = phases * settings.connectTimeoutMillis() + CONNECT_MARGIN_MILLIS;
      limit = current.startedAtNanos + millis * 1_000_000L;
    }
    return limit - deadlineNanos < 0 ? limit : deadlineNanos;
  }

  private static Outcome timedOut(@Nullable Passage current) {
    if (current == null) {
      return OutcomeRules.unresolved();
    }
    if (!current.mayHaveBeenSent()) {
      return OutcomeRules.notConnectedInTime();
    }
    return current.status == 0
        ? OutcomeRules.notAnsweredInTime()
        : OutcomeRules.cutOff(
            current.status,
            Excerpt.text(current.excerpt),
            current.retryAfterMillis,
            ErrorCode.DELIVERY_TIMEOUT,
            "The destination did not finish its answer in time.");
  }
}
