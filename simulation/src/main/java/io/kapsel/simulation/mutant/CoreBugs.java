package io.kapsel.simulation.mutant;

import io.kapsel.core.endpoint.Attempt;
import io.kapsel.core.endpoint.Backlog;
import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.Jitter;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.State;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Bugs of the endpoint's own decisions, around the functions that take them. */
final class CoreBugs {
  private CoreBugs() {}

  /** Plans nothing after a recovery: only then a plan is made that no decision came before. */
  static final class TimersNotRearmed implements Mutant {
    private final TreeSet<String> decided = new TreeSet<>();

    @Override
    public Endpoint.Decision decide(
        @Nullable State state,
        Flight flight,
        Endpoint.Command command,
        long nowMillis,
        Jitter jitter,
        Limits limits) {
      if (state != null) decided.add(state.config().name());
      return Endpoint.decide(state, flight, command, nowMillis, jitter, limits);
    }

    @Override
    public Endpoint.Plan plan(State state, Flight flight, long nowMillis, Limits limits) {
      boolean recovers = !decided.remove(state.config().name());
      return recovers
          ? new Endpoint.Plan(List.of(), flight, OptionalLong.empty())
          : Endpoint.plan(state, flight, nowMillis, limits);
    }
  }

  /** Keeps what it has decided, whatever became of the write. */
  static final class StateSurvivesRefusal implements Mutant {
    private final TreeMap<String, State> remembered = new TreeMap<>();

    @Override
    public Endpoint.Decision decide(
        @Nullable State state,
        Flight flight,
        Endpoint.Command command,
        long nowMillis,
        Jitter jitter,
        Limits limits) {
      State used = state == null ? null : ahead(state);
      Endpoint.Decision decision =
          Endpoint.decide(used, flight, command, nowMillis, jitter, limits);
      if (used == null) return decision;
      State after = used;
      for (Endpoint.Event event : decision.events()) after = Endpoint.evolve(after, event);
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
    public Endpoint.Decision decide(
        @Nullable State state,
        Flight flight,
        Endpoint.Command command,
        long nowMillis,
        Jitter jitter,
        Limits limits) {
      boolean judges = command instanceof Endpoint.Finish || command instanceof Endpoint.Wake;
      State generous = state == null || !judges ? state : state.completed(more(state.config()));
      return Endpoint.decide(generous, flight, command, nowMillis, jitter, limits);
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
    public Endpoint.Decision decide(
        @Nullable State state,
        Flight flight,
        Endpoint.Command command,
        long nowMillis,
        Jitter jitter,
        Limits limits) {
      Endpoint.Command careless =
          command instanceof Endpoint.Finish finish ? renumbered(finish, flight) : command;
      return Endpoint.decide(state, flight, careless, nowMillis, jitter, limits);
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
    public Endpoint.Plan plan(State state, Flight flight, long nowMillis, Limits limits) {
      boolean halfOpen = state.circuit().phaseAt(nowMillis) == Circuit.Phase.HALF_OPEN;
      State open = halfOpen ? with(state, state.config(), state.backlog(), Circuit.CLOSED) : state;
      return Endpoint.plan(open, flight, nowMillis, limits);
    }
  }

  /** Remembers a probe for longer than its endpoint lives. */
  static final class LostProbeBlocks implements Mutant {
    private final TreeSet<String> probing = new TreeSet<>();

    @Override
    public Endpoint.Decision decide(
        @Nullable State state,
        Flight flight,
        Endpoint.Command command,
        long nowMillis,
        Jitter jitter,
        Limits limits) {
      Endpoint.Decision decision =
          Endpoint.decide(state, flight, command, nowMillis, jitter, limits);
      boolean ended = decision.flight().attempts().size() < flight.attempts().size();
      if (state != null && ended) probing.remove(state.config().name());
      return decision;
    }

    @Override
    public Endpoint.Plan plan(State state, Flight flight, long nowMillis, Limits limits) {
      boolean halfOpen = state.circuit().phaseAt(nowMillis) == Circuit.Phase.HALF_OPEN;
      Endpoint.Plan plan = Endpoint.plan(state, flight, nowMillis, limits);
      if (!halfOpen || plan.attempts().isEmpty()) return plan;
      if (!probing.add(state.config().name()))
        return new Endpoint.Plan(List.of(), flight, OptionalLong.empty());
      return plan;
    }
  }

  /** Looks for duplicates in the state alone. */
  static final class KeysIgnoredWithinOffer implements Mutant {
    @Override
    public Endpoint.Decision decide(
        @Nullable State state,
        Flight flight,
        Endpoint.Command command,
        long nowMillis,
        Jitter jitter,
        Limits limits) {
      boolean several = command instanceof Endpoint.Offer offer && offer.webhooks().size() > 1;
      if (!several || state == null)
        return Endpoint.decide(state, flight, command, nowMillis, jitter, limits);
      Endpoint.Offer offer = (Endpoint.Offer) command;
      List<Endpoint.Event> events = new ArrayList<>();
      List<Endpoint.Answer> answers = new ArrayList<>();
      for (Endpoint.Offered webhook : offer.webhooks()) {
        Endpoint.Offer alone =
            new Endpoint.Offer(offer.settingsVersion(), offer.reconciled(), List.of(webhook));
        Endpoint.Decision decision =
            Endpoint.decide(state, flight, alone, nowMillis, jitter, limits);
        if (!(decision.reply() instanceof Endpoint.OfferAnswered answered))
          return Endpoint.decide(state, flight, command, nowMillis, jitter, limits);
        events.addAll(decision.events());
        answers.addAll(answered.answers());
      }
      return new Endpoint.Decision(events, new Endpoint.OfferAnswered(answers), flight);
    }
  }

  /** Keeps one in flight, and forgets who comes first. */
  static final class FifoOvertakes implements Mutant {
    @Override
    public Endpoint.Plan plan(State state, Flight flight, long nowMillis, Limits limits) {
      if (state.config().delivery().ordering() != Ordering.FIFO)
        return Endpoint.plan(state, flight, nowMillis, limits);
      Backlog crowd = Backlog.of(Ordering.PARALLEL, state.backlog().inOrder());
      return Endpoint.plan(
          with(state, state.config(), crowd, state.circuit()), flight, nowMillis, limits);
    }
  }

  private static State with(State state, EndpointConfig config, Backlog backlog, Circuit circuit) {
    return new State(
        state.tenant(),
        config,
        state.status(),
        state.statusReason(),
        state.version(),
        state.createdAtMillis(),
        state.updatedAtMillis(),
        state.nextSequence(),
        backlog,
        state.window(),
        circuit,
        state.outbox(),
        state.nextBatch());
  }
}
