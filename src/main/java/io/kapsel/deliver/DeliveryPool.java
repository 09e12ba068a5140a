package io.kapsel.deliver;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.kapsel.core.endpoint.Attempt;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Endpoint.Finished;
import io.kapsel.core.endpoint.Endpoint.Started;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.storage.ContentStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The node's limit of concurrent deliveries, shared fairly. Tenants with something waiting take
 * turns, and within a tenant its endpoints do. A tenant leaves as many permits free as it holds, up
 * to a twentieth of the node: alone it uses all the others, and whoever comes while its
 * destinations hang finds half of that twentieth, the next a quarter. Nor does it hold more than
 * its own limit. One endpoint may hold at most twice as many permits as are free to its tenant (the
 * dynamic threshold of Choudhury and Hahne, 1998), alone two thirds.
 *
 * <p>Outcomes are gathered per endpoint while it is busy persisting the ones before, and reported
 * as one batch.
 */
public final class DeliveryPool extends AbstractBehavior<DeliveryPool.Message> {
  private static final int SHARE_OF_FREE = 2;
  private static final int RESERVE_PART = 20;
  private static final int FETCHES_AT_LEAST = 8;
  private static final Duration SWEEP_EVERY = Duration.ofSeconds(1);

  /** What the pool understands. */
  public sealed interface Message {}

  /**
   * Attempts to make now.
   *
   * @param sendByMillis what has not been sent by then is released: later its outcome could come
   *     after the endpoint has counted it as lost
   * @param replyTo the living endpoint; its reports are acknowledged with {@link Taken}
   */
  public record Deliver(
      EndpointId endpoint,
      TenantId tenant,
      Route route,
      List<Started> attempts,
      long sendByMillis,
      ActorRef<Report> replyTo)
      implements Message {}

  /** Where to and how, as configured when the attempts became due. */
  public record Route(String url, DeliverySettings settings, boolean allowPrivate) {}

  /** What is not yet on its way comes back as released: its endpoint has stopped attempting. */
  public record Recall(ActorRef<Report> replyTo) implements Message {}

  /** Starts nothing more; answers when the attempts in flight have ended and are taken. */
  public record Drain(ActorRef<Done> replyTo) implements Message {}

  /** The endpoint has made the last report durable. */
  public record Taken(ActorRef<Report> replyTo) implements Message {}

  /**
   * @param released attempts that were never sent
   */
  public record Report(List<Finished> finished, List<Started> released) {}

  private record Gone(ActorRef<Report> replyTo) implements Message {}

  /** What the pool has asked for. Answers to an incarnation before this one are not counted. */
  private sealed interface Answer extends Message {
    DeliveryPool asker();
  }

  private record Fetched(
      DeliveryPool asker, List<Job> jobs, long reserved, ContentStore.Contents contents)
      implements Answer {}

  private record FetchFailed(DeliveryPool asker, List<Job> jobs, long reserved, Throwable cause)
      implements Answer {}

  private record Ended(DeliveryPool asker, Job job, Outcome outcome) implements Answer {}

  private record Sweep() implements Message {}

  /**
   * @param recalls of its endpoint before it was queued
   * @param bodyBytes 0 before its content is fetched
   */
  private record Job(
      Lane lane,
      Started started,
      Route route,
      long queuedAtMillis,
      long sendByMillis,
      int recalls,
      long bodyBytes) {
    boolean isRecalled() {
      return recalls < lane.recalls;
    }
  }

  /** One tenant's share of the pool. */
  private static final class Party {
    final TenantId tenant;

    /** Those of its lanes whose turn will come. */
    final ArrayDeque<Lane> turns = new ArrayDeque<>();

    int lanes;
    int permits;
    boolean hasTurn;

    Party(TenantId tenant) {
      this.tenant = tenant;
    }
  }

  /** One living endpoint's share of the pool. */
  private static final class Lane {
    final Party party;
    final ActorRef<Report> replyTo;
    final ArrayDeque<Job> waiting = new ArrayDeque<>();
    List<Finished> finished = new ArrayList<>();
    List<Started> released = new ArrayList<>();
    int permits;
    int recalls;

    /** Bodies in flight. */
    long bytes;

    /** Its next body did not fit into so much room. */
    long needsRoom;

    boolean hasTurn;
    boolean reporting;
    boolean gone;

    Lane(Party party, ActorRef<Report> replyTo) {
      this.party = party;
      this.replyTo = replyTo;
    }

    boolean isIdle() {
      return waiting.isEmpty()
          && permits == 0
          && !reporting
          && finished.isEmpty()
          && released.isEmpty();
    }
  }

  /**
   * @param concurrency attempts in flight on this node
   * @param waitMillisMax an attempt that got no permit for so long goes back to its endpoint
   * @param bodiesBytesMax large bodies in flight on this node; a larger one goes alone
   */
  public record PoolSettings(int concurrency, long waitMillisMax, long bodiesBytesMax) {
    public static final PoolSettings DEFAULT = new PoolSettings(1_000, 20_000, 128L << 20);

    /** So much is usually read at once. */
    long bytesAtOnce() {
      return Math.max(1, bodiesBytesMax / FETCHES_AT_LEAST);
    }

    /** Permits that no tenant alone takes. */
    int reserve() {
      return Math.max(1, concurrency / RESERVE_PART);
    }
  }

  private final PoolSettings settings;
  private final ContentStore contents;
  private final Destination destination;
  private final InstantSource clock;
  private final ToIntFunction<TenantId> tenantConcurrency;
  private final PoolGauge gauge;
  private final Map<ActorRef<Report>, Lane> lanes = new LinkedHashMap<>();
  private final Map<TenantId, Party> parties = new LinkedHashMap<>();
  private final ArrayDeque<Party> turns = new ArrayDeque<>();
  private final List<ActorRef<Done>> drained = new ArrayList<>();
  private int used;

  /** Bodies in flight, and room for those that are being fetched. */
  private long bytes;

  /** Is told how many permits are in use whenever that changes. */
  @FunctionalInterface
  public interface PoolGauge {
    void inUse(int permits);
  }

  /**
   * @param tenantConcurrency attempts of one tenant at the same time, 0 for no limit; must be quick
   */
  public static Behavior<Message> create(
      PoolSettings settings,
      ContentStore contents,
      Destination destination,
      InstantSource clock,
      ToIntFunction<TenantId> tenantConcurrency,
      PoolGauge gauge) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new DeliveryPool(
                        context,
                        timers,
                        settings,
                        contents,
                        destination,
                        clock,
                        tenantConcurrency,
                        gauge)));
  }

  private DeliveryPool(
      ActorContext<Message> context,
      TimerScheduler<Message> timers,
      PoolSettings settings,
      ContentStore contents,
      Destination destination,
      InstantSource clock,
      ToIntFunction<TenantId> tenantConcurrency,
      PoolGauge gauge) {
    super(context);
    this.settings = settings;
    this.contents = contents;
    this.destination = destination;
    this.clock = clock;
    this.tenantConcurrency = tenantConcurrency;
    this.gauge = gauge;
    timers.startTimerWithFixedDelay(new Sweep(), SWEEP_EVERY);
  }

  @Override
  public Receive<Message> createReceive() {
    return newReceiveBuilder()
        .onMessage(Deliver.class, this::onDeliver)
        .onMessage(Taken.class, this::onTaken)
        .onMessage(Recall.class, this::onRecall)
        .onMessage(Drain.class, this::onDrain)
        .onMessage(Fetched.class, this::isMine, this::onFetched)
        .onMessage(FetchFailed.class, this::isMine, this::onFetchFailed)
        .onMessage(Ended.class, this::isMine, this::onEnded)
        .onMessage(Gone.class, this::onGone)
        .onMessage(Sweep.class, sweep -> onSweep())
        .build();
  }

  private boolean isMine(Answer answer) {
    return answer.asker() == this;
  }

  private Behavior<Message> onDeliver(Deliver deliver) {
    Lane lane = lanes.get(deliver.replyTo());
    if (lane == null) {
      Party party = parties.computeIfAbsent(deliver.tenant(), Party::new);
      party.lanes++;
      lane = new Lane(party, deliver.replyTo());
      lanes.put(deliver.replyTo(), lane);
      getContext().watchWith(deliver.replyTo(), new Gone(deliver.replyTo()));
    }
    long now = clock.millis();
    for (Started started : deliver.attempts())
      lane.waiting.addLast(
          new Job(lane, started, deliver.route(), now, deliver.sendByMillis(), lane.recalls, 0));
    takeTurn(lane);
    startWhatMay();
    return Behaviors.same();
  }

  private void takeTurn(Lane lane) {
    if (lane.hasTurn || lane.waiting.isEmpty()) return;
    lane.hasTurn = true;
    lane.party.turns.addLast(lane);
    takeTurn(lane.party);
  }

  private void takeTurn(Party party) {
    if (party.hasTurn || party.turns.isEmpty()) return;
    party.hasTurn = true;
    turns.addLast(party);
  }

  private Behavior<Message> onDrain(Drain drain) {
    drained.add(drain.replyTo());
    for (Lane lane : lanes.values()) release(lane);
    tellWhenDrained();
    return Behaviors.same();
  }

  private boolean isDraining() {
    return !drained.isEmpty();
  }

  private void tellWhenDrained() {
    if (!isDraining() || used > 0) return;
    for (Lane lane : lanes.values()) if (lane.reporting) return;
    for (ActorRef<Done> replyTo : drained) replyTo.tell(Done.getInstance());
  }

  private void release(Lane lane) {
    for (Job job : lane.waiting) lane.released.add(job.started());
    lane.waiting.clear();
    report(lane);
  }

  private void startWhatMay() {
    if (isDraining()) {
      for (Lane lane : List.copyOf(lanes.values())) release(lane);
      return;
    }
    List<Job> jobs = new ArrayList<>();
    int refused = 0;
    boolean alone = false;
    while (!alone && used < settings.concurrency() && refused < turns.size()) {
      Party party = turns.removeFirst();
      party.hasTurn = false;
      Lane lane = nextLane(party, jobs.isEmpty());
      if (lane == null) {
        if (!party.turns.isEmpty()) refused++;
      } else {
        refused = 0;
        alone = goesAlone(lane);
        jobs.add(lane.waiting.removeFirst());
        lane.permits++;
        party.permits++;
        used++;
        takeTurn(lane);
      }
      takeTurn(party);
    }
    if (!jobs.isEmpty()) fetch(jobs);
  }

  /**
   * The tenant's lane whose turn it is, out of the tenant's turns; null when none may start.
   *
   * @param first whether nothing else is about to start
   */
  private @Nullable Lane nextLane(Party party, boolean first) {
    int free = settings.concurrency() - used;
    if (free <= Math.min(party.permits, settings.reserve())) return null;
    int limit = tenantConcurrency.applyAsInt(party.tenant);
    if (limit > 0) free = Math.min(free, limit - party.permits);
    if (free <= 0) return null;
    for (int tried = party.turns.size(); tried > 0; tried--) {
      Lane lane = party.turns.removeFirst();
      lane.hasTurn = false;
      if (!lane.waiting.isEmpty()
          && lane.permits < Math.max(1, SHARE_OF_FREE * free)
          && hasRoom(lane)
          && (first || !goesAlone(lane))) return lane;
      takeTurn(lane);
    }
    return null;
  }

  /** Bytes are shared like permits; with nothing in flight anything may go. */
  private boolean hasRoom(Lane lane) {
    return bytes == 0 || (room() > lane.needsRoom && lane.bytes <= SHARE_OF_FREE * room());
  }

  private boolean goesAlone(Lane lane) {
    return lane.needsRoom >= settings.bodiesBytesMax();
  }

  private long room() {
    return settings.bodiesBytesMax() - bytes;
  }

  /**
   * Half of what is left at most, so that something is left for the next; more where it must be.
   */
  private long roomFor(List<Job> jobs) {
    long needed = 0;
    for (Job job : jobs) needed = Math.max(needed, job.lane().needsRoom);
    if (needed >= settings.bodiesBytesMax()) return Long.MAX_VALUE;
    long usual = Math.max(1, Math.min(settings.bytesAtOnce(), room() / 2));
    return Math.max(usual, Math.min(SHARE_OF_FREE * needed, room()));
  }

  private void fetch(List<Job> jobs) {
    gauge.inUse(used);
    long room = roomFor(jobs);
    long reserved = Math.min(room, settings.bodiesBytesMax());
    bytes += reserved;
    List<WebhookId> ids = new ArrayList<>(jobs.size());
    for (Job job : jobs) ids.add(job.started().id());
    getContext()
        .pipeToSelf(
            contents.fetch(ids, room),
            (found, failure) ->
                failure == null
                    ? new Fetched(this, jobs, reserved, found)
                    : new FetchFailed(this, jobs, reserved, failure));
  }

  private Behavior<Message> onFetched(Fetched fetched) {
    bytes -= fetched.reserved();
    Map<WebhookId, Webhook> byId = new LinkedHashMap<>();
    for (Webhook webhook : fetched.contents().found()) byId.put(webhook.id(), webhook);
    Set<WebhookId> later = new TreeSet<>(fetched.contents().later());
    for (Job job : fetched.jobs().reversed())
      if (!job.isRecalled() && later.contains(job.started().id())) putBack(job, fetched.reserved());
    for (Job job : fetched.jobs())
      if (job.isRecalled()) release(job);
      else if (!later.contains(job.started().id())) send(job, byId.get(job.started().id()));
    startWhatMay();
    return Behaviors.same();
  }

  /** To the front of those that wait for a permit. */
  private void putBack(Job job, long room) {
    Lane lane = job.lane();
    lane.needsRoom = Math.max(lane.needsRoom, room);
    lane.permits--;
    lane.party.permits--;
    used--;
    gauge.inUse(used);
    if (lane.gone) {
      forgetIfIdle(lane.party);
      return;
    }
    lane.waiting.addFirst(job);
    takeTurn(lane);
  }

  private void send(Job job, @Nullable Webhook webhook) {
    long startedAt = clock.millis();
    if (startedAt > job.sendByMillis()) {
      release(job);
      return;
    }
    if (webhook == null) {
      finish(
          job,
          startedAt,
          Outcome.failed(Outcome.Kind.REFUSED, 0, ErrorCode.NOT_FOUND, "The payload was erased."));
      return;
    }
    Route route = job.route();
    Job sent =
        new Job(
            job.lane(),
            job.started(),
            route,
            startedAt,
            job.sendByMillis(),
            job.recalls(),
            webhook.body().length());
    bytes += sent.bodyBytes();
    sent.lane().bytes += sent.bodyBytes();
    sent.lane().needsRoom = 0;
    getContext()
        .pipeToSelf(
            destination.deliver(
                new Destination.Dispatch(
                    route.url(),
                    route.settings(),
                    route.allowPrivate(),
                    webhook,
                    job.started().number())),
            (outcome, failure) ->
                new Ended(
                    this,
                    sent,
                    failure == null
                        ? outcome
                        : Outcome.failed(
                            Outcome.Kind.UNKNOWN,
                            0,
                            ErrorCode.INTERNAL_ERROR,
                            "The attempt failed within Kapsel.")));
  }

  private Behavior<Message> onEnded(Ended ended) {
    finish(ended.job(), ended.job().queuedAtMillis(), ended.outcome());
    startWhatMay();
    return Behaviors.same();
  }

  private void finish(Job job, long startedAtMillis, Outcome outcome) {
    Started started = job.started();
    int duration = (int) Math.max(0, clock.millis() - startedAtMillis);
    job.lane()
        .finished
        .add(
            new Finished(
                started.sequence(),
                new Attempt(started.id(), started.number(), startedAtMillis, duration, outcome)));
    bytes -= job.bodyBytes();
    job.lane().bytes -= job.bodyBytes();
    giveBack(job.lane());
  }

  private Behavior<Message> onFetchFailed(FetchFailed failed) {
    bytes -= failed.reserved();
    for (Job job : failed.jobs()) release(job);
    startWhatMay();
    return Behaviors.same();
  }

  /** It was not sent. */
  private void release(Job job) {
    job.lane().released.add(job.started());
    giveBack(job.lane());
  }

  private void giveBack(Lane lane) {
    lane.permits--;
    lane.party.permits--;
    used--;
    forgetIfIdle(lane.party);
    gauge.inUse(used);
    report(lane);
  }

  private void report(Lane lane) {
    if (lane.gone || lane.reporting) return;
    if (lane.finished.isEmpty() && lane.released.isEmpty()) return;
    lane.reporting = true;
    lane.replyTo.tell(new Report(lane.finished, lane.released));
    lane.finished = new ArrayList<>();
    lane.released = new ArrayList<>();
  }

  private Behavior<Message> onTaken(Taken taken) {
    Lane lane = lanes.get(taken.replyTo());
    if (lane == null) return Behaviors.same();
    lane.reporting = false;
    report(lane);
    tellWhenDrained();
    return Behaviors.same();
  }

  private Behavior<Message> onRecall(Recall recall) {
    Lane lane = lanes.get(recall.replyTo());
    if (lane == null) return Behaviors.same();
    lane.recalls++;
    release(lane);
    return Behaviors.same();
  }

  private Behavior<Message> onGone(Gone gone) {
    Lane lane = lanes.remove(gone.replyTo());
    if (lane == null) return Behaviors.same();
    lane.gone = true;
    lane.waiting.clear();
    leave(lane);
    tellWhenDrained();
    return Behaviors.same();
  }

  private void leave(Lane lane) {
    lane.party.lanes--;
    forgetIfIdle(lane.party);
  }

  private void forgetIfIdle(Party party) {
    if (party.lanes == 0 && party.permits == 0) parties.remove(party.tenant);
  }

  private Behavior<Message> onSweep() {
    long now = clock.millis();
    long patience = now - settings.waitMillisMax();
    List<Lane> idle = new ArrayList<>();
    for (Lane lane : lanes.values()) {
      Job first = lane.waiting.peekFirst();
      while (first != null && (first.queuedAtMillis() < patience || first.sendByMillis() < now)) {
        lane.released.add(lane.waiting.removeFirst().started());
        first = lane.waiting.peekFirst();
      }
      report(lane);
      if (lane.isIdle()) idle.add(lane);
    }
    for (Lane lane : idle) {
      lanes.remove(lane.replyTo);
      getContext().unwatch(lane.replyTo);
      leave(lane);
    }
    startWhatMay();
    return Behaviors.same();
  }
}
