package io.kapsel.deliver;

import akka.http.javadsl.model.HttpRequest;
import akka.http.scaladsl.model.IllegalResponseException;
import akka.util.ByteString;
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

    HttpConnection dial(ConnectionKey key, InetAddress address, Exchange exchange);

    /** Runs the check after this long; what it returns takes it back. */
    Runnable after(long nanos, Runnable check);
  }

  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private final Surroundings surroundings;
  private final HttpDestinationSettings settings;
  private final ConnectionKey key;
  private final HttpRequest request;
  private final long startedAtNanos;
  private final long deadlineNanos;

  private List<InetAddress> addresses = List.of();
  private int dialled;
  private boolean resent;
  private volatile @Nullable HttpConnection connection;
  private volatile long connectingSinceNanos;
  private volatile Runnable cancelCheck = () -> {};

  Exchange(
      Surroundings surroundings,
      HttpDestinationSettings settings,
      ConnectionKey key,
      HttpRequest request,
      int timeoutMillis) {
    this.surroundings = surroundings;
    this.settings = settings;
    this.key = key;
    this.request = request;
    this.startedAtNanos = surroundings.nanos();
    this.deadlineNanos = startedAtNanos + timeoutMillis * 1_000_000L;
    this.connectingSinceNanos = startedAtNanos;
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
    Optional<HttpConnection> kept = pool.take(key, allowed, this, surroundings.nanos());
    if (kept.isPresent()) {
      hold(kept.get());
      kept.get().send(request, surroundings.nanos());
    } else {
      dialNext();
    }
  }

  private void dialNext() {
    connectingSinceNanos = surroundings.nanos();
    HttpConnection dialling = surroundings.dial(key, addresses.get(dialled++), this);
    hold(dialling);
    dialling.send(request, surroundings.nanos());
  }

  private void hold(HttpConnection held) {
    connection = held;
    if (outcome.isDone()) {
      held.abort();
    }
  }

  /** From the connection: the whole answer, or as much of it as anybody reads. */
  void answered(int status, ByteString body, long retryAfterMillis) {
    finish(OutcomeRules.answered(status, Excerpt.text(body), retryAfterMillis));
  }

  /** From the connection: it ended before the answer did. */
  void broken(HttpConnection ended, Throwable cause) {
    if (outcome.isDone()) {
      return;
    }
    boolean timeLeft = surroundings.nanos() < deadlineNanos;
    if (!ended.isConnected()) {
      if (dialled < addresses.size() && timeLeft) {
        dialNext();
      } else {
        finish(notConnected(ended));
      }
    } else if (key.secure() && !ended.secured) {
      finish(OutcomeRules.insecure());
    } else if (isStale(ended) && !resent && timeLeft) {
      resent = true;
      dialNext();
    } else {
      finish(judge(ended, cause));
    }
  }

  private Outcome notConnected(HttpConnection ended) {
    long tookNanos = surroundings.nanos() - ended.openedAtNanos;
    return tookNanos >= settings.connectTimeoutMillis() * 1_000_000L
        ? OutcomeRules.notConnectedInTime()
        : OutcomeRules.unreachable();
  }

  /**
   * A kept connection that ends without a byte right after the request was the race with a server
   * that closes idle connections: not an attempt. Whether the request was read cannot be known, but
   * the repetition carries the same webhook id and attempt number.
   */
  private boolean isStale(HttpConnection ended) {
    return ended.reused
        && ended.status == 0
        && ended.bytesReceived == 0
        && surroundings.nanos() - ended.lastActivityNanos
            < settings.staleConnectionMillis() * 1_000_000L;
  }

  private static Outcome judge(HttpConnection ended, Throwable cause) {
    if (!ended.mayHaveSent()) {
      return OutcomeRules.unreachable();
    }
    if (ended.status != 0) {
      return OutcomeRules.cutOff(
          ended.status,
          Excerpt.text(ended.body),
          ended.retryAfterMillis,
          ErrorCode.CONNECTION_FAILED,
          "The answer of the destination was cut off.");
    }
    boolean unusable =
        cause instanceof IllegalResponseException
            || (cause instanceof Wire.Excess excess && excess.what == Wire.Excess.Of.HEAD);
    return unusable ? OutcomeRules.unusableHead() : OutcomeRules.notAnswered();
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
    HttpConnection current = connection;
    long limit = limitNanos(current);
    if (now - limit < 0) {
      checkAfter(limit - now);
      return;
    }
    finish(timedOut(current));
    HttpConnection last = connection;
    if (last != null) {
      last.abort();
    }
  }

  /** The next moment at which something has taken too long. */
  private long limitNanos(@Nullable HttpConnection current) {
    long limit;
    if (current == null) {
      limit = startedAtNanos + settings.resolveTimeoutMillis() * 1_000_000L;
    } else if (current.mayHaveSent()) {
      limit = current.lastActivityNanos + settings.idleTimeoutMillis() * 1_000_000L;
    } else {
      long phases = key.secure() ? 2 : 1;
      limit = connectingSinceNanos + phases * settings.connectTimeoutMillis() * 1_000_000L;
    }
    return limit - deadlineNanos < 0 ? limit : deadlineNanos;
  }

  private Outcome timedOut(@Nullable HttpConnection current) {
    if (current == null) {
      return OutcomeRules.unresolved();
    }
    if (!current.mayHaveSent()) {
      return OutcomeRules.notConnectedInTime();
    }
    return current.status == 0
        ? OutcomeRules.notAnsweredInTime()
        : OutcomeRules.cutOff(
            current.status,
            Excerpt.text(current.body),
            current.retryAfterMillis,
            ErrorCode.DELIVERY_TIMEOUT,
            "The destination did not finish its answer in time.");
  }
}
