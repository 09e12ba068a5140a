package io.kapsel.endpoint;

import akka.actor.typed.ActorRef;
import akka.actor.typed.BackoffSupervisorStrategy;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.persistence.typed.EventAdapter;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.SnapshotAdapter;
import akka.persistence.typed.SnapshotFailed;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.Effect;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.SignalHandler;
import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.endpoint.Pending;
import io.kapsel.core.endpoint.Standing;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.Rejection;
import io.kapsel.deliver.DeliveryPool;
import io.kapsel.storage.EndpointDirectory;
import io.kapsel.storage.HistoryStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * The shell around {@link Endpoint}: persists what it decides, then answers, then does what its
 * plan says. It holds no webhook rule. A failed write stops it: nothing is acknowledged, and the
 * next incarnation begins from the journal.
 */
public final class EndpointActor
    extends EventSourcedBehavior<EndpointMessage, Endpoint.Event, @Nullable State> {

  public static final EntityTypeKey<EndpointMessage> KEY =
      EntityTypeKey.create(EndpointMessage.class, "endpoint");

  private static final Duration RETRY_STORAGE_AFTER = Duration.ofSeconds(1);

  /** A refused write is the database's trouble: no error of ours, and worth one line. */
  private static final BackoffSupervisorStrategy STOP_QUIETLY =
      SupervisorStrategy.restartWithBackoff(RETRY_STORAGE_AFTER, RETRY_STORAGE_AFTER, 0)
          .withMaxRestarts(0)
          .withLogLevel(Level.WARN);

  private static final int HISTORY_BATCH = 1_000;

  /**
   * The node that endpoints live on.
   *
   * @param clock wall time that never runs backwards on one node
   * @param awaken sends an endpoint a message through sharding, which starts it where it belongs
   */
  public record Node(
      InstantSource clock,
      RandomGenerator random,
      ActorRef<DeliveryPool.Message> pool,
      HistoryStore history,
      EndpointDirectory directory,
      EndpointObserver observer,
      Limits limits,
      KeyRoom keys,
      ActorSettings settings,
      Consumer<EndpointId> awaken) {}

  /**
   * @param idleAfter an endpoint with nothing to do leaves memory after this
   * @param snapshotWeightMin a snapshot is taken when the events since the last one weigh more than
   *     this and more than the state itself, so that its cost is spread evenly
   * @param directoryRefreshMax after a recovery the directory is refreshed within this time
   */
  public record ActorSettings(
      Duration idleAfter, int snapshotWeightMin, Duration directoryRefreshMax) {
    public static final ActorSettings DEFAULT =
        new ActorSettings(Duration.ofMinutes(2), 5_000, Duration.ofMinutes(1));
  }

  private final EndpointId id;
  private final Node node;
  private final ActorContext<EndpointMessage> context;
  private final TimerScheduler<EndpointMessage> timers;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final ActorRef<DeliveryPool.Report> reports;
  private final SealAdapters adapters;

  private Flight flight = Flight.NONE;
  private long wakeAtMillis = Long.MAX_VALUE;
  private boolean writingHistory;
  private boolean idle;
  private boolean fallingAsleep;
  private long directoryVersion = -1;
  private long weightSinceSnapshot;
  private int keysHeld;
  private final List<ActorRef<EndpointMessage.Reply>> awaitingDirectory = new ArrayList<>();

  public static Behavior<EndpointMessage> create(
      EndpointId id, Node node, ActorRef<ClusterSharding.ShardCommand> shard) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(timers -> new EndpointActor(id, node, shard, context, timers)));
  }

  private EndpointActor(
      EndpointId id,
      Node node,
      ActorRef<ClusterSharding.ShardCommand> shard,
      ActorContext<EndpointMessage> context,
      TimerScheduler<EndpointMessage> timers) {
    super(PersistenceId.of(KEY.name(), id.toString()), STOP_QUIETLY);
    this.id = id;
    this.node = node;
    this.context = context;
    this.timers = timers;
    this.shard = shard;
    this.reports = context.messageAdapter(DeliveryPool.Report.class, EndpointMessage.Reported::new);
    this.adapters = SealAdapters.of(id, context.getSystem());
  }

  @Override
  public @Nullable State emptyState() {
    return null;
  }

  /** Weighs what a recovery reads, too: lives that are each too short for a snapshot add up. */
  @Override
  public EventHandler<@Nullable State, Endpoint.Event> eventHandler() {
    return (state, event) -> {
      weightSinceSnapshot += weight(event);
      return Endpoint.evolve(state, event, node.limits());
    };
  }

  @Override
  public CommandHandler<EndpointMessage, Endpoint.Event, @Nullable State> commandHandler() {
    return (state, message) ->
        switch (message) {
          case EndpointMessage.Offer offer -> onOffer(state, offer);
          case EndpointMessage.Order order -> onOrder(state, order);
          case EndpointMessage.Inquire inquire ->
              run(state, inquire.inquiry(), (reply, after) -> answer(inquire, reply));
          case EndpointMessage.Explain explain -> onExplain(state, explain);
          case EndpointMessage.Reported reported -> onReport(state, reported.report());
          case EndpointMessage.HistoryTaken taken -> onHistoryTaken(state, taken);
          case EndpointMessage.HistoryFailed failed -> onHistoryFailed(failed);
          case EndpointMessage.DirectoryTaken taken -> onDirectoryTaken(state, taken);
          case EndpointMessage.DirectoryFailed failed -> onDirectoryFailed(failed);
          case EndpointMessage.Timer timer -> onTimer(state, timer);
          case EndpointMessage.Ping ping -> Effect().unhandled();
          case EndpointMessage.Stop stop -> onStop(state);
        };
  }

  @Override
  public SignalHandler<@Nullable State> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.class, (state, signal) -> onRecovered(state))
        .onSignal(SnapshotFailed.class, (state, failed) -> onSnapshotFailed(failed))
        .onSignal(PostStop.class, (state, signal) -> onStopped())
        .build();
  }

  @Override
  public EventAdapter<Endpoint.Event, ?> eventAdapter() {
    return adapters.events();
  }

  /** Only states that exist are saved; the type cannot say so. */
  @Override
  @SuppressWarnings({"NullAway", "unchecked"})
  public SnapshotAdapter<@Nullable State> snapshotAdapter() {
    return (SnapshotAdapter<@Nullable State>) (SnapshotAdapter<?>) adapters.snapshots();
  }

  /** Nothing is lost by it: the next one is due after as much again. */
  private void onSnapshotFailed(SnapshotFailed failed) {
    context.getLog().warn("No snapshot of {} now: {}", id, failed.getFailure().toString());
  }

  @Override
  public boolean shouldSnapshot(@Nullable State state, Endpoint.Event event, long sequenceNr) {
    if (state == null) return false;
    long worth =
        Math.max(
            node.settings().snapshotWeightMin(),
            state.backlog().size() + (long) state.window().size());
    if (weightSinceSnapshot < worth) return false;
    weightSinceSnapshot = 0;
    return true;
  }

  private static long weight(Endpoint.Event event) {
    return switch (event) {
      case Endpoint.WebhooksAccepted accepted -> 5 + accepted.webhooks().size();
      case Endpoint.AttemptsEnded ended -> 5 + ended.ended().size();
      default -> 5;
    };
  }

  // ------------------------------------------------------------------------------- the one way

  private interface AfterPersist {
    void run(Endpoint.Reply reply, @Nullable State state);
  }

  private Effect<Endpoint.Event, @Nullable State> run(
      @Nullable State state, Endpoint.Command command, AfterPersist then) {
    Endpoint.Decision decision =
        Endpoint.decide(
            state,
            flight,
            command,
            node.clock().millis(),
            node.random()::nextDouble,
            node.keys().within(node.limits()));
    if (decision.events().isEmpty()) {
      flight = decision.flight();
      then.run(decision.reply(), state);
      act(state);
      return Effect().none();
    }
    return Effect()
        .persist(decision.events())
        .thenRun(
            after -> {
              flight = decision.flight();
              for (Endpoint.Event event : decision.events()) node.observer().persisted(id, event);
              int forgotten =
                  Endpoint.keysForgottenEarly(state, decision.events().get(0), node.limits());
              if (forgotten > 0) node.observer().forgot(id, forgotten);
              then.run(decision.reply(), after);
              recall(state, after);
              act(after);
            });
  }

  /** Does what is owed in this state. */
  private void act(@Nullable State state) {
    if (state == null) return;
    if (!fallingAsleep) attempt(state);
    writeHistory(state);
    watchIdleness(state);
    holdKeys(state.window().size());
    node.observer().stepped(id, state, flight);
  }

  /** Not while it falls asleep: it would be stopped at once, and attempt the same when awake. */
  private void attempt(State state) {
    long now = node.clock().millis();
    Endpoint.Plan plan = Endpoint.plan(state, flight, now, node.limits());
    flight = plan.flight();
    if (!plan.attempts().isEmpty()) deliver(state, plan.attempts(), now);
    plan.wakeAtMillis().ifPresent(at -> wakeAt(at, now));
  }

  /**
   * Attempts that wait for a permit must not go once the endpoint has stopped attempting. Whether
   * the circuit opened is no matter of the time: where the write took longer than it stays open, it
   * is half open by now, and only a probe may go.
   */
  private void recall(@Nullable State before, @Nullable State after) {
    if (flight.attempts().isEmpty() || before == null || after == null) return;
    boolean stopped = before.status() == Status.ACTIVE && after.status() != Status.ACTIVE;
    boolean opened =
        after.circuit().phase() == Circuit.Phase.OPEN && !after.circuit().equals(before.circuit());
    if (stopped || opened) node.pool().tell(new DeliveryPool.Recall(reports));
  }

  private void holdKeys(int keys) {
    node.keys().changed(keys - keysHeld);
    keysHeld = keys;
  }

  private void onStopped() {
    holdKeys(0);
    node.observer().stopped(id);
  }

  private void deliver(State state, List<Endpoint.Started> attempts, long now) {
    DeliveryPool.Route route =
        new DeliveryPool.Route(
            state.config().url(),
            state.config().delivery(),
            state.config().allowPrivateDestination());
    long sendBy = now + node.limits().attemptGraceMillis();
    node.pool()
        .tell(new DeliveryPool.Deliver(id, state.tenant(), route, attempts, sendBy, reports));
  }

  /** One timer, for the earliest duty; it is only a hint, for the plan is made from the state. */
  private void wakeAt(long atMillis, long nowMillis) {
    if (atMillis >= wakeAtMillis && wakeAtMillis > nowMillis) return;
    wakeAtMillis = atMillis;
    timers.startSingleTimer(
        EndpointMessage.Timer.WAKE, Duration.ofMillis(Math.max(1, atMillis - nowMillis)));
  }

  private Effect<Endpoint.Event, @Nullable State> onTimer(
      @Nullable State state, EndpointMessage.Timer timer) {
    return switch (timer) {
      case WAKE -> {
        wakeAtMillis = Long.MAX_VALUE;
        yield run(state, new Endpoint.Wake(), (reply, after) -> {});
      }
      case HISTORY -> {
        writingHistory = false;
        if (state != null) writeHistory(state);
        yield Effect().none();
      }
      case DIRECTORY -> {
        if (state != null) putDirectory(state);
        yield Effect().none();
      }
      case IDLE -> onIdle(state);
    };
  }

  // ------------------------------------------------------------------------------------- asked

  private Effect<Endpoint.Event, @Nullable State> onOffer(
      @Nullable State state, EndpointMessage.Offer offer) {
    return run(
        state,
        offer.offer(),
        (reply, after) -> {
          switch (reply) {
            case Endpoint.OfferAnswered answered ->
                offer
                    .replyTo()
                    .tell(
                        new EndpointMessage.Offered(
                            offer.ticket(), answered.answers(), Optional.empty()));
            case Endpoint.SettingsOutdated outdated when after != null ->
                offer
                    .replyTo()
                    .tell(
                        new EndpointMessage.Offered(
                            offer.ticket(), List.of(), Optional.of(view(after))));
            default -> throw new IllegalStateException("Not an answer to an offer: " + reply);
          }
        });
  }

  private static void answer(EndpointMessage.Inquire inquire, Endpoint.Reply reply) {
    if (reply instanceof Endpoint.Unowned unowned)
      inquire.replyTo().tell(new EndpointMessage.Unowned(unowned.webhooks()));
    else inquire.replyTo().tell(new EndpointMessage.Unowned(inquire.inquiry().webhooks()));
  }

  private Effect<Endpoint.Event, @Nullable State> onOrder(
      @Nullable State state, EndpointMessage.Order order) {
    ActorRef<EndpointMessage.Reply> replyTo = order.replyTo();
    if (order.command().isEmpty()) {
      replyTo.tell(
          state == null
              ? new EndpointMessage.Rejected(Rejection.of(ErrorCode.NOT_FOUND))
              : new EndpointMessage.Viewed(view(state)));
      watchIdleness(state);
      return Effect().none();
    }
    return run(
        state,
        order.command().get(),
        (reply, after) -> {
          if (reply instanceof Endpoint.Refused refused)
            replyTo.tell(new EndpointMessage.Rejected(refused.rejection()));
          else if (after != null && (state == null || state.version() != after.version())) {
            awaitingDirectory.add(replyTo);
            putDirectory(after);
          } else if (after != null) replyTo.tell(new EndpointMessage.Viewed(view(after)));
        });
  }

  private Effect<Endpoint.Event, @Nullable State> onExplain(
      @Nullable State state, EndpointMessage.Explain explain) {
    explain
        .replyTo()
        .tell(
            state == null
                ? new EndpointMessage.Rejected(Rejection.of(ErrorCode.NOT_FOUND))
                : new EndpointMessage.Explained(
                    view(state), Standing.of(state, flight, explain.webhook(), node.limits())));
    watchIdleness(state);
    return Effect().none();
  }

  private EndpointView view(State state) {
    long now = node.clock().millis();
    Endpoint.Plan plan = Endpoint.plan(state, flight, now, node.limits());
    Circuit.Phase phase = state.circuit().phaseAt(now);
    return new EndpointView(
        id,
        state.tenant(),
        state.config(),
        state.status(),
        state.statusReason(),
        state.version(),
        state.createdAtMillis(),
        state.updatedAtMillis(),
        new EndpointView.Live(
            state.backlog().size(),
            state
                .backlog()
                .oldest()
                .map(Pending::id)
                .map(first -> first.createdAtMillis())
                .orElse(0L),
            flight.attempts().size(),
            phase,
            phase == Circuit.Phase.OPEN ? state.circuit().openUntilMillis() : 0,
            plan.attempts().isEmpty() ? plan.wakeAtMillis().orElse(0) : now,
            state.window().size()));
  }

  // ---------------------------------------------------------------------------------- outcomes

  private Effect<Endpoint.Event, @Nullable State> onReport(
      @Nullable State state, DeliveryPool.Report report) {
    if (!report.released().isEmpty())
      flight =
          Endpoint.decide(
                  state,
                  flight,
                  new Endpoint.Release(report.released()),
                  node.clock().millis(),
                  node.random()::nextDouble,
                  node.limits())
              .flight();
    return run(
        state,
        new Endpoint.Finish(report.finished()),
        (reply, after) -> {
          node.pool().tell(new DeliveryPool.Taken(reports));
          if (after == null) return;
          if (state != null && state.version() != after.version()) putDirectory(after);
        });
  }

  // ----------------------------------------------------------------------------------- history

  private void writeHistory(State state) {
    if (writingHistory || state.outbox().isEmpty()) return;
    if (state.outbox().lastKey() <= flight.confirmedBatch()) return;
    List<Ended> ended = new ArrayList<>();
    long last = flight.confirmedBatch();
    for (var entry : state.outbox().tailMap(flight.confirmedBatch(), false).entrySet()) {
      if (!ended.isEmpty() && ended.size() + entry.getValue().ended().size() > HISTORY_BATCH) break;
      ended.addAll(entry.getValue().ended());
      last = entry.getKey();
    }
    writingHistory = true;
    long upTo = last;
    context.pipeToSelf(
        node.history().record(id, ended),
        (done, failure) ->
            failure == null
                ? new EndpointMessage.HistoryTaken(upTo)
                : new EndpointMessage.HistoryFailed(failure));
  }

  private Effect<Endpoint.Event, @Nullable State> onHistoryTaken(
      @Nullable State state, EndpointMessage.HistoryTaken taken) {
    writingHistory = false;
    return run(state, new Endpoint.Confirm(taken.batch()), (reply, after) -> {});
  }

  private Effect<Endpoint.Event, @Nullable State> onHistoryFailed(
      EndpointMessage.HistoryFailed failed) {
    context.getLog().warn("History of {} is late: {}", id, failed.cause().toString());
    timers.startSingleTimer(EndpointMessage.Timer.HISTORY, RETRY_STORAGE_AFTER);
    return Effect().none();
  }

  // --------------------------------------------------------------------------------- directory

  private void putDirectory(State state) {
    long version = state.version();
    context.pipeToSelf(
        node.directory()
            .put(
                new EndpointDirectory.Entry(
                    id,
                    state.tenant(),
                    state.status(),
                    version,
                    state.config(),
                    state.createdAtMillis(),
                    state.updatedAtMillis())),
        (done, failure) ->
            failure == null
                ? new EndpointMessage.DirectoryTaken(version)
                : new EndpointMessage.DirectoryFailed(failure));
  }

  private Effect<Endpoint.Event, @Nullable State> onDirectoryTaken(
      @Nullable State state, EndpointMessage.DirectoryTaken taken) {
    directoryVersion = Math.max(directoryVersion, taken.version());
    watchIdleness(state);
    if (state != null && taken.version() == state.version())
      tellAwaiting(new EndpointMessage.Viewed(view(state)));
    return Effect().none();
  }

  private Effect<Endpoint.Event, @Nullable State> onDirectoryFailed(
      EndpointMessage.DirectoryFailed failed) {
    context.getLog().warn("The directory entry of {} is late: {}", id, failed.cause().toString());
    tellAwaiting(
        new EndpointMessage.Rejected(
            Rejection.of(ErrorCode.DATABASE_UNAVAILABLE).withRetryAfterSeconds(5)));
    timers.startSingleTimer(EndpointMessage.Timer.DIRECTORY, RETRY_STORAGE_AFTER);
    return Effect().none();
  }

  private void tellAwaiting(EndpointMessage.Reply reply) {
    Consumer<ActorRef<EndpointMessage.Reply>> tell = ref -> ref.tell(reply);
    awaitingDirectory.forEach(tell);
    awaitingDirectory.clear();
  }

  // --------------------------------------------------------------------------- birth and sleep

  private void onRecovered(@Nullable State state) {
    watchIdleness(state);
    if (state == null) return;
    act(state);
    long spread = node.settings().directoryRefreshMax().toMillis();
    timers.startSingleTimer(
        EndpointMessage.Timer.DIRECTORY, Duration.ofMillis(1 + node.random().nextLong(spread)));
  }

  private boolean hasNothingToDo(@Nullable State state) {
    return state == null
        || (state.backlog().isEmpty()
            && flight.attempts().isEmpty()
            && directoryVersion == state.version()
            && (state.outbox().isEmpty() || state.outbox().lastKey() <= flight.confirmedBatch()));
  }

  private void watchIdleness(@Nullable State state) {
    boolean nothing = hasNothingToDo(state);
    if (nothing && !idle)
      timers.startSingleTimer(EndpointMessage.Timer.IDLE, node.settings().idleAfter());
    if (!nothing && idle) timers.cancel(EndpointMessage.Timer.IDLE);
    idle = nothing;
  }

  private Effect<Endpoint.Event, @Nullable State> onIdle(@Nullable State state) {
    idle = false;
    if (!hasNothingToDo(state)) return Effect().none();
    if (state == null) {
      fallAsleep();
      return Effect().none();
    }
    return run(state, new Endpoint.Settle(), (reply, after) -> fallAsleep());
  }

  private void fallAsleep() {
    fallingAsleep = true;
    shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
  }

  /**
   * Between the wish to sleep and this message work may have come; the shard knows nothing of it
   * and would not start the endpoint again until somebody asks for it. An endpoint that is moved is
   * started at its new home anyway, and a message would only hold up the region that is leaving.
   */
  private Effect<Endpoint.Event, @Nullable State> onStop(@Nullable State state) {
    if (fallingAsleep && !hasNothingToDo(state)) node.awaken().accept(id);
    return Effect().stop();
  }
}
