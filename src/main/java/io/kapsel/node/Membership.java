package io.kapsel.node;

import akka.Done;
import akka.actor.Address;
import akka.actor.AddressFromURIString;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.ClusterEvent.MemberRemoved;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.UniqueAddress;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Down;
import akka.cluster.typed.JoinSeedNodes;
import akka.cluster.typed.Subscribe;
import io.kapsel.storage.ClusterRegister;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Brings a node into its cluster, and tells the others through the database that it is alive.
 *
 * <p>Akka lets the first seed node form a cluster when no other seed answers it. When these are
 * alive and only out of its reach, there would be two clusters on one database, which never unite.
 * So the first seed asks the register, again and again until it is in, and while another node is
 * alive it only joins. When the others were out of the register's reach, too, there are two
 * clusters all the same: members of the smaller one end themselves, to join the other when they are
 * started again. So does a member beside which an earlier life of the same node was one.
 * docs/adr/0017 has the reasons.
 */
public final class Membership extends AbstractBehavior<Membership.Message> {
  /** What it understands. */
  public sealed interface Message {}

  private enum Tick implements Message {
    INSTANCE
  }

  /** What was left of this address from before is forgotten, or the database does not answer. */
  private record Begun() implements Message {}

  private record Heard(List<String> others) implements Message {}

  private record Unheard(Throwable cause) implements Message {}

  private record Noted(List<String> others) implements Message {}

  private record Unnoted() implements Message {}

  private record Removed(UniqueAddress life) implements Message {}

  record Leave(ActorRef<Done> replyTo) implements Message {}

  /** After an outage of the database members are back in it within Akka's five seconds to found. */
  private static final Duration EVERY = Duration.ofSeconds(2);

  private static final Duration FORGOTTEN_WITHIN = Duration.ofSeconds(3);

  private static final List<MemberStatus> MEMBER =
      List.of(
          MemberStatus.joining(),
          MemberStatus.weaklyUp(),
          MemberStatus.up(),
          MemberStatus.leaving());

  /** When being kept out begins to look like more than a restart. */
  private static final int REFUSALS_UNTIL_WARNING = 5;

  /**
   * Other members for a minute, twice as long as a dead node counts as alive: no cluster that
   * changes is in two minds for as long.
   */
  private static final int ESTRANGED_UNTIL_END = 30;

  /** Ten seconds: nothing waits longer for a watch that Artery lost. */
  private static final int TICKS_UNTIL_WATCHED_AGAIN = 5;

  private final Cluster cluster;
  private final UniqueAddress life;
  private final Address self;
  private final List<Address> seeds;
  private final ClusterRegister register;
  private final TimerScheduler<Message> timers;
  private final Duration every;

  private List<Address> joining = List.of();
  private boolean joined;
  private boolean asking;
  private boolean unheard;
  private int refusals;
  private int estranged;
  private int ticks;
  private @Nullable ActorRef<Done> leaver;

  /**
   * @param seedNodes as {@code akka://system@host:port}, at least one, the same on every node;
   *     unknown to Akka, which would not ask
   */
  public static void start(
      ActorSystem<?> system, List<String> seedNodes, ClusterRegister register) {
    List<Address> seeds = seedNodes.stream().map(AddressFromURIString::parse).toList();
    ActorRef<Message> membership =
        system.systemActorOf(create(seeds, register, EVERY), "membership", Props.empty());
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseClusterShutdown(),
            "leave-register",
            () ->
                AskPattern.ask(membership, Leave::new, FORGOTTEN_WITHIN, system.scheduler())
                    .exceptionally(late -> Done.getInstance()));
  }

  static Behavior<Message> create(List<Address> seeds, ClusterRegister register, Duration every) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new Membership(context, timers, seeds, register, every)));
  }

  private Membership(
      ActorContext<Message> context,
      TimerScheduler<Message> timers,
      List<Address> seeds,
      ClusterRegister register,
      Duration every) {
    super(context);
    this.cluster = Cluster.get(context.getSystem());
    this.life = cluster.selfMember().uniqueAddress();
    this.self = life.address();
    this.seeds = seeds;
    this.register = register;
    this.timers = timers;
    this.every = every;
    cluster
        .subscriptions()
        .tell(
            Subscribe.create(
                context.messageAdapter(
                    MemberRemoved.class, removed -> new Removed(removed.member().uniqueAddress())),
                MemberRemoved.class));
    ask(register.gone(self.toString()), done -> new Begun(), failure -> new Begun());
  }

  @Override
  public Receive<Message> createReceive() {
    return newReceiveBuilder()
        .onMessage(Begun.class, begun -> onBegun())
        .onMessage(Tick.class, tick -> onTick())
        .onMessage(Heard.class, this::onHeard)
        .onMessage(Unheard.class, this::onUnheard)
        .onMessage(Noted.class, this::onNoted)
        .onMessage(Unnoted.class, unnoted -> answered())
        .onMessage(Removed.class, this::onRemoved)
        .onMessage(Leave.class, this::onLeave)
        .build();
  }

  private Behavior<Message> onBegun() {
    answered();
    if (leaver != null) return this;
    if (!isFirstSeed()) join(seeds);
    timers.startTimerWithFixedDelay(Tick.INSTANCE, every);
    return onTick();
  }

  private Behavior<Message> onTick() {
    if (asking || leaver != null) return this;
    if (isMember()) {
      joined = true;
      if (++ticks % TICKS_UNTIL_WATCHED_AGAIN == 0) RemoteWatches.repeat(getContext().getSystem());
      ask(register.alive(self.toString()), Noted::new, failure -> new Unnoted());
    } else if (isFirstSeed() && !joined) {
      ask(register.found(self.toString()), Heard::new, Unheard::new);
    }
    return this;
  }

  private Behavior<Message> onHeard(Heard heard) {
    answered();
    if (leaver != null || isMember()) return this;
    unheard = false;
    if (heard.others().isEmpty()) {
      refusals = 0;
      join(seeds);
      return this;
    }
    refusals++;
    if (refusals == 1)
      getContext().getLog().info("Joining {}: the cluster is alive.", heard.others());
    if (refusals == REFUSALS_UNTIL_WARNING)
      getContext()
          .getLog()
          .warn(
              "Cannot join {}, alive by the database. This node serves nothing until it reaches one"
                  + " of them, or none has been alive for {} s.",
              heard.others(),
              ClusterRegister.ALIVE_SECONDS);
    joinOthers(heard.others());
    return this;
  }

  /** Nobody knows who is alive: no reason to form a cluster. */
  private Behavior<Message> onUnheard(Unheard failed) {
    answered();
    if (leaver != null || isMember()) return this;
    if (!unheard)
      getContext().getLog().warn("Forming no cluster for now: {}", failed.cause().toString());
    unheard = true;
    joinOthers(List.of());
    return this;
  }

  private Behavior<Message> onNoted(Noted noted) {
    answered();
    Set<String> kin = new TreeSet<>();
    for (Member member : cluster.state().getMembers()) kin.add(member.address().toString());
    Set<String> strangers = new TreeSet<>(noted.others());
    strangers.removeAll(kin);
    estranged = strangers.isEmpty() ? 0 : estranged + 1;
    if (leaver != null || estranged < ESTRANGED_UNTIL_END) return this;
    kin.retainAll(noted.others());
    kin.add(self.toString());
    if (isLess(kin, strangers)) {
      getContext()
          .getLog()
          .warn(
              "{} serve this database, too, and are no members of this node's cluster {}. It ends,"
                  + " to join them when it is started again.",
              strangers,
              kin);
      cluster.manager().tell(new Down(self));
    }
    return this;
  }

  /**
   * A life of this node before was a member beside it, and is removed. Akka's replicator goes by
   * addresses: it has taken that for its own removal, and this node serves no more.
   */
  private Behavior<Message> onRemoved(Removed removed) {
    if (removed.life().equals(life) || !removed.life().address().equals(self)) return this;
    getContext()
        .getLog()
        .warn("An earlier life of this node was a member until now. It ends, to start afresh.");
    cluster.manager().tell(new Down(self));
    return this;
  }

  /** Both sides see the same nodes, and come to opposite answers. */
  private static boolean isLess(Set<String> kin, Set<String> strangers) {
    return kin.size() == strangers.size()
        ? Collections.min(kin).compareTo(Collections.min(strangers)) > 0
        : kin.size() < strangers.size();
  }

  private void joinOthers(List<String> alive) {
    Set<Address> others = new LinkedHashSet<>();
    for (String address : alive) others.add(AddressFromURIString.parse(address));
    others.addAll(seeds);
    others.remove(self);
    join(List.copyOf(others));
  }

  /** With this node in front Akka forms a cluster when no other answers, else it only joins. */
  private void join(List<Address> through) {
    if (through.isEmpty() || through.equals(joining)) return;
    joining = through;
    cluster.manager().tell(new JoinSeedNodes(through));
  }

  private boolean isFirstSeed() {
    return seeds.getFirst().equals(self);
  }

  private boolean isMember() {
    return MEMBER.contains(cluster.selfMember().status());
  }

  private Behavior<Message> onLeave(Leave leave) {
    leaver = leave.replyTo();
    timers.cancelAll();
    if (!asking) forget(leave.replyTo());
    return this;
  }

  private void forget(ActorRef<Done> replyTo) {
    asking = true;
    register
        .gone(self.toString())
        .whenComplete((done, failure) -> replyTo.tell(Done.getInstance()));
  }

  private <T> void ask(
      CompletionStage<T> answer,
      Function<T, Message> onAnswer,
      Function<Throwable, Message> onFailure) {
    asking = true;
    getContext()
        .pipeToSelf(
            answer,
            (value, failure) -> failure == null ? onAnswer.apply(value) : onFailure.apply(failure));
  }

  /** The row is removed after the last request that could write it. */
  private Behavior<Message> answered() {
    asking = false;
    if (leaver != null) forget(leaver);
    return this;
  }
}
