package io.kapsel.simulation.mutant;

import io.kapsel.core.endpoint.Attempt;
import io.kapsel.core.endpoint.Backlog;
import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.State;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;

/** Bugs of the endpoint's own decisions, around the functions that take them. */
final class CoreBugs {
  private CoreBugs() {}

  /** Plans nothing after a recovery: only then a plan is made that no decision came before. */
  static final class TimersNotRearmed implements Mutant {
    private final TreeSet<String> decided = new TreeSet<>();

    @Override
    public Endpoint.Decision decide(Deciding call) {
      if (call.state() != null) decided.add(call.state().config().name());
      return call.faithfully();
    }

    @Override
    public Endpoint.Plan plan(Planning call) {
      return decided.remove(call.endpoint()) ? call.faithfully() : call.nothing();
    }
  }

  /** Keeps what it has decided, whatever became of the write. */
  static final class StateSurvivesRefusal implements Mutant {
    private final TreeMap<String, State> remembered = new TreeMap<>();

    @Override
    public Endpoint.Decision decide(Deciding call) {
      State state = call.state();
      if (state == null) return call.faithfully();
      State used = ahead(state);
      Endpoint.Decision decision = call.in(used).faithfully();
      State after = used;
      for (Endpoint.Event event : decision.events())
        after = Endpoint.evolve(after, event, call.limits());
      remembered.put(used.config().name(), after);
      return decision;
    }

    private State ahead(State state) {
      State before = remembered.get(state.config().name());
      return before != null && before.nextSequence() > state.nextSequence() ? before : state;
    }
  }

  /** Budgets end one attempt too late. */
  static final class OneAttemptTooMany implements Mutant {
    @Override
    public Endpoint.Decision decide(Deciding call) {
      State state = call.state();
      boolean judges =
          call.command() instanceof Endpoint.Finish || call.command() instanceof Endpoint.Wake;
      return state == null || !judges
          ? call.faithfully()
          : call.in(state.completed(more(state.config()))).faithfully();
    }

    private static EndpointConfig more(EndpointConfig config) {
      RetryPolicy policy = config.retry();
      RetryPolicy generous =
          new RetryPolicy(
              policy.strategy(),
              policy.baseDelayMillis(),
              policy.multiplier(),
              policy.maxDelayMillis(),
              policy.jitter(),
              policy.maxAttempts() + 1,
              policy.scheduleMillis());
      return new EndpointConfig(
          config.name(),
          config.url(),
          config.intake(),
          config.signature(),
          config.idempotency(),
          generous,
          config.circuit(),
          config.delivery(),
          config.allowPrivateDestination());
    }
  }

  /** Takes any outcome for that of the attempt that is in flight now. */
  static final class LateOutcomeHitsNext implements Mutant {
    @Override
    public Endpoint.Decision decide(Deciding call) {
      return call.command() instanceof Endpoint.Finish finish
          ? call.on(renumbered(finish, call.flight())).faithfully()
          : call.faithfully();
    }

    private static Endpoint.Finish renumbered(Endpoint.Finish finish, Flight flight) {
      List<Endpoint.Finished> changed = new ArrayList<>();
      for (Endpoint.Finished finished : finish.attempts()) {
        Flight.InFlight carried = flight.attempts().get(finished.sequence());
        Attempt attempt = finished.attempt();
        changed.add(
            carried == null
                ? finished
                : new Endpoint.Finished(
                    finished.sequence(),
                    new Attempt(
                        attempt.webhook(),
                        carried.number(),
                        attempt.startedAtMillis(),
                        attempt.durationMillis(),
                        attempt.outcome())));
      }
      return new Endpoint.Finish(changed);
    }
  }

  /** Half open is as good as closed. */
  static final class HalfOpenFloodgate implements Mutant {
    @Override
    public Endpoint.Plan plan(Planning call) {
      return call.isHalfOpen()
          ? call.with(call.state().backlog(), Circuit.CLOSED).faithfully()
          : call.faithfully();
    }
  }

  /** Remembers a probe for longer than its endpoint lives. */
  static final class LostProbeBlocks implements Mutant {
    private final TreeSet<String> probing = new TreeSet<>();

    @Override
    public Endpoint.Decision decide(Deciding call) {
      Endpoint.Decision decision = call.faithfully();
      boolean ended = decision.flight().attempts().size() < call.flight().attempts().size();
      if (call.state() != null && ended) probing.remove(call.state().config().name());
      return decision;
    }

    @Override
    public Endpoint.Plan plan(Planning call) {
      Endpoint.Plan plan = call.faithfully();
      if (!call.isHalfOpen() || plan.attempts().isEmpty()) return plan;
      return probing.add(call.endpoint()) ? plan : call.nothing();
    }
  }

  /** Looks for duplicates in the state alone. */
  static final class KeysIgnoredWithinOffer implements Mutant {
    @Override
    public Endpoint.Decision decide(Deciding call) {
      boolean several =
          call.command() instanceof Endpoint.Offer offer && offer.webhooks().size() > 1;
      if (!several || call.state() == null) return call.faithfully();
      Endpoint.Offer offer = (Endpoint.Offer) call.command();
      List<Endpoint.Event> events = new ArrayList<>();
      List<Endpoint.Answer> answers = new ArrayList<>();
      for (Endpoint.Offered webhook : offer.webhooks()) {
        Endpoint.Offer alone =
            new Endpoint.Offer(offer.settingsVersion(), offer.reconciled(), List.of(webhook));
        Endpoint.Decision decision = call.on(alone).faithfully();
        if (!(decision.reply() instanceof Endpoint.OfferAnswered answered))
          return call.faithfully();
        events.addAll(decision.events());
        answers.addAll(answered.answers());
      }
      return new Endpoint.Decision(events, new Endpoint.OfferAnswered(answers), call.flight());
    }
  }

  /** Remembers keys as if there were room for all. */
  static final class KeysWithoutBound implements Mutant {
    @Override
    public Endpoint.Decision decide(Deciding call) {
      return call.within(call.limits().withWindowKeysMax(Integer.MAX_VALUE)).faithfully();
    }
  }

  /** Forgets keys for which there is room. */
  static final class KeysForgottenEarly implements Mutant {
    @Override
    public Endpoint.Decision decide(Deciding call) {
      Limits limits = call.limits();
      return call.within(limits.withWindowKeysMax(limits.windowKeysMax() / 2)).faithfully();
    }
  }

  /** Keeps one in flight, and forgets who comes first. */
  static final class FifoOvertakes implements Mutant {
    @Override
    public Endpoint.Plan plan(Planning call) {
      State state = call.state();
      if (state.config().delivery().ordering() != Ordering.FIFO) return call.faithfully();
      Backlog crowd = Backlog.of(Ordering.PARALLEL, state.backlog().inOrder());
      return call.with(crowd, state.circuit()).faithfully();
    }
  }

  /** Lets one attempt more go than may be in flight. */
  static final class OneInFlightTooMany implements Mutant {
    @Override
    public Endpoint.Plan plan(Planning call) {
      EndpointConfig config = call.state().config();
      EndpointConfig generous = config.withDelivery(more(config.delivery()));
      return call.in(call.state().completed(generous)).faithfully();
    }

    private static DeliverySettings more(DeliverySettings settings) {
      return new DeliverySettings(
          settings.timeoutMillis(),
          settings.maxInFlight() + 1,
          settings.ratePerSecond(),
          settings.ordering(),
          settings.orderingKey(),
          settings.headers(),
          settings.forwardHeaders(),
          settings.forwardHeaderNames(),
          settings.signingEnabled(),
          settings.signingSecrets(),
          settings.auth(),
          settings.tls());
    }
  }

  /** Attempts on and on while history takes nothing. */
  static final class OutboxWithoutBound implements Mutant {
    @Override
    public Endpoint.Plan plan(Planning call) {
      Limits limits = call.limits();
      Limits boundless =
          new Limits(
              limits.queueMax(),
              limits.windowMillis(),
              limits.windowKeysMax(),
              limits.offerAgeMillisMax(),
              limits.attemptGraceMillis(),
              Integer.MAX_VALUE,
              limits.rotationOverlapMillis(),
              limits.windowSegmentKeys());
      return call.within(boundless).faithfully();
    }
  }

  /** Does not look for duplicates of what was accepted before the latest recovery. */
  static final class KeysForgottenByRecovery implements Mutant {
    private final TreeSet<String> decided = new TreeSet<>();
    private final TreeSet<String> recovered = new TreeSet<>();

    @Override
    public Endpoint.Decision decide(Deciding call) {
      State state = call.state();
      if (state == null) return call.faithfully();
      decided.add(state.config().name());
      boolean first =
          call.command() instanceof Endpoint.Offer && recovered.remove(state.config().name());
      return first ? call.withoutKeys(state).faithfully() : call.faithfully();
    }

    @Override
    public Endpoint.Plan plan(Planning call) {
      if (!decided.remove(call.endpoint())) recovered.add(call.endpoint());
      return call.faithfully();
    }
  }

  /** Waits for a while when an attempt of another endpoint is in flight. */
  static final class NeighboursGoFirst implements Mutant {
    private static final long WAIT_MILLIS = 5_000;

    private final TreeSet<String> attempting = new TreeSet<>();
    private final TreeMap<String, Long> waitsUntilMillis = new TreeMap<>();

    @Override
    public Endpoint.Plan plan(Planning call) {
      attempting.remove(call.endpoint());
      Endpoint.Plan plan = call.faithfully();
      if (!plan.attempts().isEmpty() && !attempting.isEmpty()) {
        long until =
            waitsUntilMillis.computeIfAbsent(call.endpoint(), e -> call.nowMillis() + WAIT_MILLIS);
        if (call.nowMillis() < until)
          plan = new Endpoint.Plan(List.of(), call.flight(), OptionalLong.of(until));
      }
      if (!plan.attempts().isEmpty()) waitsUntilMillis.remove(call.endpoint());
      if (!plan.flight().attempts().isEmpty()) attempting.add(call.endpoint());
      return plan;
    }
  }

  /** Takes the successes that close a circuit for tens. */
  static final class CircuitWantsTens implements Mutant {
    private static final int TEN = 10;

    @Override
    public Endpoint.Decision decide(Deciding call) {
      return switch (call.command()) {
        case Endpoint.Create create ->
            call.on(new Endpoint.Create(create.tenant(), strict(create.config()))).faithfully();
        case Endpoint.Configure configure ->
            call.on(new Endpoint.Configure(strict(configure.config()), configure.expectedVersion()))
                .faithfully();
        default -> call.faithfully();
      };
    }

    private static EndpointConfig strict(EndpointConfig config) {
      CircuitPolicy policy = config.circuit();
      CircuitPolicy strict =
          new CircuitPolicy(
              policy.consecutiveFailures(),
              policy.failureRate(),
              policy.window(),
              policy.openMillis(),
              policy.halfOpenSuccesses() * TEN);
      return new EndpointConfig(
          config.name(),
          config.url(),
          config.intake(),
          config.signature(),
          config.idempotency(),
          config.retry(),
          strict,
          config.delivery(),
          config.allowPrivateDestination());
    }
  }
}
