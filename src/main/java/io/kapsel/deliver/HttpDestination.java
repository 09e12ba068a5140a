package io.kapsel.deliver;

import akka.actor.Cancellable;
import akka.actor.ClassicActorSystemProvider;
import akka.actor.Scheduler;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.kapsel.core.endpoint.DestinationAuth;
import io.kapsel.core.endpoint.DestinationTls;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.RetryAfter;
import io.kapsel.deliver.TokenRequest.Answer;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import scala.concurrent.ExecutionContextExecutor;

/**
 * Destinations over HTTP/1.1, on akka-http's client layer.
 *
 * <p>A name is resolved for every attempt, through a cache of seconds; every address it has must be
 * allowed; the connection is made, or a kept one used, to one of exactly these addresses. Nothing
 * is followed, decompressed or repeated, with one exception: see {@link Exchange}.
 */
public final class HttpDestination implements Destination, AutoCloseable {
  private static final String BEARER = "Bearer ";
  private static final int UNAUTHORIZED = 401;
  private static final Duration SWEEP_EVERY = Duration.ofSeconds(1);
  private static final int TARGETS_KEPT = 10_000;

  /** Parsed certificates and keys with their TLS sessions: some tens of KiB each. */
  private static final int IDENTITIES_KEPT = 1_000;

  /** For one answer of a token endpoint, however long the attempts that wait for it may. */
  private static final int TOKEN_TIMEOUT_MILLIS = 10_000;

  private final HttpDestinationSettings settings;
  private final DestinationPolicy policy;

  private final InstantSource clock;

  private final AddressBook addressBook;
  private final ConnectionPool pool;
  private final Dialer dialer;
  private final Scheduler scheduler;
  private final ExecutionContextExecutor dispatcher;
  private final Cancellable sweeping;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final Exchange.Surroundings surroundings = new NodeSurroundings();
  private final TokenBook tokens;
  private final TlsIdentity usualIdentity;
  private final LoadingCache<DestinationTls, Optional<TlsIdentity>> identities =
      Caffeine.newBuilder()
          .maximumSize(IDENTITIES_KEPT)
          .executor(Runnable::run)
          .build(HttpDestination::identity);
  private final Cache<String, Target.Parsed> targets =
      Caffeine.newBuilder().maximumSize(TARGETS_KEPT).executor(Runnable::run).build();

  public HttpDestination(
      ClassicActorSystemProvider system,
      HttpDestinationSettings settings,
      NameResolver resolver,
      SSLContext tls,
      InstantSource clock) {
    this.settings = settings;
    this.policy = DestinationPolicy.of(settings);
    this.clock = clock;
    this.addressBook = new AddressBook(settings, resolver, System::nanoTime);
    this.pool = new ConnectionPool(settings);
    this.dialer = new Dialer(system, settings, System::nanoTime, this::retryAfterMillis);
    this.usualIdentity = new TlsIdentity(tls);
    this.tokens = new TokenBook(this::fetch, System::nanoTime);
    this.scheduler = system.classicSystem().scheduler();
    this.dispatcher = system.classicSystem().dispatcher();
    this.sweeping =
        scheduler.scheduleWithFixedDelay(
            SWEEP_EVERY, SWEEP_EVERY, () -> pool.sweep(System.nanoTime()), dispatcher);
  }

  /** Connections that wait for another request. */
  public int keptConnections() {
    return pool.vacantCount();
  }

  public int deliveriesInFlight() {
    return inFlight.get();
  }

  public DestinationPolicy policy() {
    return policy;
  }

  @Override
  public CompletionStage<Outcome> deliver(Dispatch dispatch) {
    if (inFlight.incrementAndGet() > settings.deliveriesMax()) {
      inFlight.decrementAndGet();
      return CompletableFuture.completedFuture(
          Outcome.failed(
              Outcome.Kind.FAILED,
              0,
              ErrorCode.WORKER_POOL_EXHAUSTED,
              "This node has too many deliveries in flight."));
    }
    CompletableFuture<Outcome> outcome;
    try {
      outcome = attempt(dispatch);
    } catch (RuntimeException e) {
      outcome = CompletableFuture.completedFuture(OutcomeRules.bug(e));
    }
    return outcome.whenComplete((done, failure) -> inFlight.decrementAndGet());
  }

  private CompletableFuture<Outcome> attempt(Dispatch dispatch) {
    Optional<Target> target = allowed(dispatch.url(), dispatch.allowPrivate());
    if (target.isEmpty()) return CompletableFuture.completedFuture(OutcomeRules.blocked());
    if (OutgoingRequest.unsendable(dispatch.settings()).isPresent())
      return misconfigured("A configured header cannot be sent.");
    Optional<TlsIdentity> identity = identityFor(dispatch.settings().tls());
    if (identity.isEmpty()) return misconfigured("The client certificate cannot be used.");
    Sending sending = new Sending(dispatch, target.get(), identity.get());
    return switch (dispatch.settings().auth()) {
      case DestinationAuth.None none -> sending.send(Optional.empty());
      case DestinationAuth.Basic basic ->
          sending.send(Optional.of(TokenRequest.basic(basic.username(), basic.password().value())));
      case DestinationAuth.Bearer bearer ->
          sending.send(Optional.of(BEARER + bearer.token().value()));
      case DestinationAuth.ClientCredentials credentials ->
          sending.sendWithToken(
              new TokenBook.Key(dispatch.webhook().tenant(), credentials, dispatch.allowPrivate()));
    };
  }

  private Optional<Target> allowed(String url, boolean allowPrivate) {
    return targets
        .get(url, Target::parse)
        .target()
        .filter(target -> policy.check(target, allowPrivate).isEmpty());
  }

  private static CompletableFuture<Outcome> misconfigured(String message) {
    return CompletableFuture.completedFuture(
        Outcome.failed(Outcome.Kind.REFUSED, 0, ErrorCode.MISCONFIGURED, message));
  }

  private Optional<TlsIdentity> identityFor(DestinationTls tls) {
    return tls.equals(DestinationTls.NONE) ? Optional.of(usualIdentity) : identities.get(tls);
  }

  private static Optional<TlsIdentity> identity(DestinationTls tls) {
    try {
      return Optional.of(TlsIdentity.of(tls));
    } catch (GeneralSecurityException unusable) {
      return Optional.empty();
    }
  }

  /** One attempt, which is more than one exchange when its token turns out to be used up. */
  private final class Sending {
    private final Dispatch dispatch;
    private final Target target;
    private final TlsIdentity identity;
    private final long deadlineNanos;

    Sending(Dispatch dispatch, Target target, TlsIdentity identity) {
      this.dispatch = dispatch;
      this.target = target;
      this.identity = identity;
      this.deadlineNanos = System.nanoTime() + dispatch.settings().timeoutMillis() * 1_000_000L;
    }

    private int remainingMillis() {
      return (int) Math.max(1, (deadlineNanos - System.nanoTime()) / 1_000_000);
    }

    CompletableFuture<Outcome> send(Optional<String> authorization) {
      return start(
          new ConnectionKey(
              dispatch.webhook().tenant(),
              target.secure(),
              target.host(),
              target.port(),
              dispatch.allowPrivate(),
              identity),
          OutgoingRequest.of(dispatch, target, settings.userAgent(), authorization, clock.millis()),
          target,
          settings.responseExcerptBytesMax(),
          remainingMillis());
    }

    CompletableFuture<Outcome> sendWithToken(TokenBook.Key key) {
      return sendWithToken(key, true);
    }

    /**
     * @param again whether a token that is not accepted may be replaced
     */
    private CompletableFuture<Outcome> sendWithToken(TokenBook.Key key, boolean again) {
      return inTime(tokens.token(key))
          .thenCompose(
              answer ->
                  switch (answer) {
                    case Answer.Failed failed ->
                        CompletableFuture.completedFuture(failed.outcome());
                    case Answer.Token token ->
                        send(Optional.of(BEARER + token.value()))
                            .thenCompose(outcome -> replaced(key, token, outcome, again));
                  });
    }

    private CompletableFuture<Outcome> replaced(
        TokenBook.Key key, Answer.Token token, Outcome outcome, boolean again) {
      if (outcome.status() != UNAUTHORIZED) return CompletableFuture.completedFuture(outcome);
      tokens.reject(key, token);
      boolean timeLeft = deadlineNanos - System.nanoTime() > 0;
      return again && timeLeft
          ? sendWithToken(key, false)
          : CompletableFuture.completedFuture(outcome);
    }

    /** The request for a token is shared and may take longer than this attempt has time. */
    private CompletableFuture<Answer> inTime(CompletableFuture<Answer> shared) {
      if (shared.isDone()) return shared;
      CompletableFuture<Answer> mine = new CompletableFuture<>();
      Cancellable late =
          scheduler.scheduleOnce(
              Duration.ofMillis(remainingMillis()),
              () -> mine.complete(new Answer.Failed(OutcomeRules.tokenNotInTime())),
              dispatcher);
      var unused =
          shared.whenCompleteAsync(
              (answer, failure) -> {
                late.cancel();
                mine.complete(
                    failure == null ? answer : new Answer.Failed(OutcomeRules.tokenNotInTime()));
              },
              dispatcher);
      return mine;
    }
  }

  /** A token endpoint is a destination like any other: checked, pinned and limited. */
  private CompletableFuture<Answer> fetch(TokenBook.Key key) {
    Optional<Target> target = allowed(key.credentials().tokenUrl(), key.allowPrivate());
    if (target.isEmpty())
      return CompletableFuture.completedFuture(TokenRequest.answer(OutcomeRules.blocked()));
    return start(
            new ConnectionKey(
                key.tenant(),
                target.get().secure(),
                target.get().host(),
                target.get().port(),
                key.allowPrivate(),
                usualIdentity),
            TokenRequest.of(key.credentials(), target.get(), settings.userAgent()),
            target.get(),
            TokenRequest.ANSWER_BYTES_MAX,
            TOKEN_TIMEOUT_MILLIS)
        .thenApply(TokenRequest::answer);
  }

  private CompletableFuture<Outcome> start(
      ConnectionKey key,
      HttpRequest request,
      Target target,
      int excerptBytesMax,
      int timeoutMillis) {
    Exchange exchange =
        new Exchange(surroundings, settings, key, request, excerptBytesMax, timeoutMillis);
    exchange.watch();
    resolve(target, exchange, key.allowPrivate());
    return exchange.outcome();
  }

  private void resolve(Target target, Exchange exchange, boolean allowPrivate) {
    CompletableFuture<List<InetAddress>> lookup =
        target
            .literal()
            .map(address -> CompletableFuture.completedFuture(List.of(address)))
            .orElseGet(() -> addressBook.addressesOf(target.host()));
    if (lookup.isDone() && !lookup.isCompletedExceptionally()) {
      resolved(lookup.join(), exchange, allowPrivate);
    } else {
      var unused =
          lookup.whenCompleteAsync(
              (addresses, failure) ->
                  resolved(failure == null ? addresses : List.of(), exchange, allowPrivate),
              dispatcher);
    }
  }

  private void resolved(List<InetAddress> addresses, Exchange exchange, boolean allowPrivate) {
    try {
      if (exchange.outcome().isDone()) {
        return;
      }
      if (addresses.isEmpty()) {
        exchange.finish(OutcomeRules.unresolved());
      } else if (addresses.stream().allMatch(each -> policy.isAllowed(each, allowPrivate))) {
        exchange.connect(pool, addresses);
      } else {
        exchange.finish(OutcomeRules.blocked());
      }
    } catch (RuntimeException e) {
      exchange.finish(OutcomeRules.bug(e));
    }
  }

  private long retryAfterMillis(HttpResponse response) {
    List<String> values = new ArrayList<>();
    for (HttpHeader header : response.getHeaders()) {
      if (header.is("retry-after")) {
        values.add(header.value());
      }
    }
    return RetryAfter.millisFromNow(values, clock.millis()).orElse(OutcomeRules.NO_RETRY_AFTER);
  }

  /** Stops keeping connections; attempts in flight go on to their end. */
  @Override
  public void close() {
    sweeping.cancel();
    pool.close();
    addressBook.close();
  }

  private final class NodeSurroundings implements Exchange.Surroundings {
    @Override
    public long nanos() {
      return System.nanoTime();
    }

    @Override
    public void dial(ConnectionKey key, InetAddress address, Exchange exchange) {
      dialer.open(key, address, exchange, pool);
    }

    @Override
    public Runnable after(long nanos, Runnable check) {
      return scheduler.scheduleOnce(Duration.ofNanos(nanos), check, dispatcher)::cancel;
    }
  }
}
