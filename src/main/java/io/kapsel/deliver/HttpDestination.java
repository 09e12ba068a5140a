package io.kapsel.deliver;

import akka.actor.Cancellable;
import akka.actor.ClassicActorSystemProvider;
import akka.actor.Scheduler;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpResponse;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.RetryAfter;
import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
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
  private static final Duration SWEEP_EVERY = Duration.ofSeconds(1);
  private static final int TARGETS_KEPT = 10_000;

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
    this.dialer = new Dialer(system, settings, tls, System::nanoTime, this::retryAfterMillis);
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
    Target.Parsed parsed = targets.get(dispatch.url(), Target::parse);
    boolean allowPrivate = dispatch.allowPrivate();
    if (parsed.target().isEmpty()
        || policy.check(parsed.target().get(), allowPrivate).isPresent()) {
      return CompletableFuture.completedFuture(OutcomeRules.blocked());
    }
    if (OutgoingRequest.unsendable(dispatch.settings()).isPresent()) {
      return CompletableFuture.completedFuture(
          Outcome.failed(
              Outcome.Kind.REFUSED,
              0,
              ErrorCode.MISCONFIGURED,
              "A configured header cannot be sent."));
    }
    Target target = parsed.target().get();
    Exchange exchange =
        new Exchange(
            surroundings,
            settings,
            new ConnectionKey(
                dispatch.webhook().tenant(),
                target.secure(),
                target.host(),
                target.port(),
                allowPrivate),
            OutgoingRequest.of(dispatch, target, settings.userAgent(), clock.millis()),
            dispatch.settings().timeoutMillis());
    exchange.watch();
    resolve(target, exchange, allowPrivate);
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
