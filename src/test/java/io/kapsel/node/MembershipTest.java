package io.kapsel.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.Done;
import akka.actor.ActorRef;
import akka.actor.Address;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.BehaviorInterceptor;
import akka.actor.typed.Props;
import akka.actor.typed.TypedActorContext;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.ClusterEvent;
import akka.cluster.InternalClusterAction;
import akka.cluster.Member;
import akka.cluster.Member$;
import akka.cluster.MemberStatus;
import akka.cluster.UniqueAddress;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.typesafe.config.ConfigFactory;
import io.kapsel.storage.ClusterRegister;
import io.kapsel.storage.StorageUnavailable;
import io.kapsel.testing.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Nodes on loopback, with a register in memory. */
class MembershipTest {
  private static final Duration EVERY = Duration.ofMillis(50);

  /** Akka's process of the first seed node looks at its time limit once a second. */
  private static final int ASKED_FOR_LONGER_THAN_AKKA_WAITS = 50;

  private static final Address NOWHERE = new Address("akka", "kapsel", "127.0.0.1", 1);

  /** Without times: what was written down stays. */
  private static final class Register implements ClusterRegister {
    private final TreeSet<String> alive = new TreeSet<>();
    private boolean down;
    private boolean late;
    private int asked;
    private @Nullable Runnable lateWrite;

    @Override
    public synchronized CompletionStage<List<String>> alive(String address) {
      if (late) {
        CompletableFuture<List<String>> answer = new CompletableFuture<>();
        lateWrite =
            () -> {
              alive.add(address);
              answer.complete(others(address));
            };
        return answer;
      }
      return answer(
          () -> {
            alive.add(address);
            return others(address);
          });
    }

    @Override
    public synchronized CompletionStage<List<String>> found(String address) {
      asked++;
      return answer(
          () -> {
            List<String> others = others(address);
            if (others.isEmpty()) alive.add(address);
            return others;
          });
    }

    @Override
    public synchronized CompletionStage<?> gone(String address) {
      return answer(() -> alive.remove(address));
    }

    private <T> CompletionStage<T> answer(Supplier<T> operation) {
      return down
          ? CompletableFuture.failedFuture(new StorageUnavailable("down", null))
          : CompletableFuture.completedFuture(operation.get());
    }

    private List<String> others(String address) {
      return alive.stream().filter(other -> !other.equals(address)).toList();
    }

    synchronized void seeAlive(Address address) {
      alive.add(address.toString());
    }

    synchronized void seeGone(Address address) {
      alive.remove(address.toString());
    }

    synchronized void setDown(boolean isDown) {
      down = isDown;
    }

    /** From now on members' writes wait. */
    synchronized void setLate() {
      late = true;
    }

    synchronized boolean hasLateWrite() {
      return lateWrite != null;
    }

    synchronized void writeNow() {
      Objects.requireNonNull(lateWrite).run();
    }

    synchronized int asked() {
      return asked;
    }

    synchronized boolean holds(Address address) {
      return alive.contains(address.toString());
    }
  }

  private final Register register = new Register();
  private final List<ActorSystem<?>> systems = new ArrayList<>();

  @AfterEach
  void stop() {
    systems.forEach(ActorSystem::terminate);
    for (ActorSystem<?> system : systems)
      Waiting.until(() -> system.getWhenTerminated().toCompletableFuture().isDone());
  }

  private ActorSystem<?> node() {
    ActorSystem<?> system =
        ActorSystem.create(
            Behaviors.empty(),
            "kapsel",
            ConfigFactory.parseString(
                    """
                    akka {
                      actor.provider = cluster
                      remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                      cluster {
                        jmx.enabled = off
                        seed-node-timeout = 100ms
                        retry-unsuccessful-join-after = 500ms
                        leader-actions-interval = 100ms
                        periodic-tasks-initial-delay = 10ms
                      }
                    }
                    """)
                .withFallback(ConfigFactory.load()));
    systems.add(system);
    return system;
  }

  @CanIgnoreReturnValue
  private akka.actor.typed.ActorRef<Membership.Message> join(
      ActorSystem<?> system, Address... seeds) {
    return system.systemActorOf(
        Membership.create(List.of(seeds), register, EVERY), "membership", Props.empty());
  }

  private static Address address(ActorSystem<?> system) {
    return Cluster.get(system).selfMember().address();
  }

  private static int up(ActorSystem<?> system) {
    int up = 0;
    for (Member member : Cluster.get(system).state().getMembers())
      if (member.status().equals(MemberStatus.up())) up++;
    return up;
  }

  private void awaitQuestions() {
    int enough = register.asked() + ASKED_FOR_LONGER_THAN_AKKA_WAITS;
    Waiting.until(() -> register.asked() >= enough);
  }

  @Test
  void the_first_seed_forms_a_cluster_when_nobody_else_is_alive() {
    ActorSystem<?> first = node();
    join(first, address(first), NOWHERE);
    Waiting.until(() -> up(first) == 1);
    assertTrue(register.holds(address(first)));
  }

  @Test
  void the_first_seed_forms_none_while_another_node_is_alive_out_of_its_reach() {
    ActorSystem<?> first = node();
    register.seeAlive(NOWHERE);
    join(first, address(first), NOWHERE);
    awaitQuestions();
    assertEquals(0, up(first));
    register.seeGone(NOWHERE);
    Waiting.until(() -> up(first) == 1);
  }

  @Test
  void the_first_seed_forms_none_while_the_register_does_not_answer() {
    ActorSystem<?> first = node();
    register.setDown(true);
    join(first, address(first), NOWHERE);
    awaitQuestions();
    assertEquals(0, up(first));
    register.setDown(false);
    Waiting.until(() -> up(first) == 1);
  }

  /** By itself Akka would let the only seed form a cluster at once. */
  @Test
  void the_only_seed_joins_a_living_node_that_is_no_seed() {
    ActorSystem<?> living = node();
    join(living, address(living));
    Waiting.until(() -> up(living) == 1);
    ActorSystem<?> seed = node();
    join(seed, address(seed));
    Waiting.until(() -> up(seed) == 2 && up(living) == 2);
  }

  @Test
  void nodes_that_each_name_themselves_first_end_in_one_cluster() {
    ActorSystem<?> one = node();
    ActorSystem<?> other = node();
    join(one, address(one), address(other));
    join(other, address(other), address(one));
    Waiting.until(() -> up(one) == 2 && up(other) == 2);
  }

  /** As when the others were frozen while the first seed was started again. */
  @Test
  void of_two_clusters_on_one_database_the_smaller_one_ends() {
    ActorSystem<?> one = node();
    ActorSystem<?> other = node();
    ActorSystem<?> alone = node();
    Cluster.get(alone).manager().tell(Join.create(address(alone)));
    Waiting.until(() -> up(alone) == 1);
    join(one, address(one));
    Waiting.until(() -> up(one) == 1);
    join(other, address(one));
    Waiting.until(() -> up(one) == 2 && up(other) == 2);
    join(alone, address(alone));
    Waiting.until(() -> alone.getWhenTerminated().toCompletableFuture().isDone());
    assertEquals(2, up(one));
    assertEquals(2, up(other));
  }

  @Test
  void of_two_clusters_of_one_size_the_one_with_the_higher_address_ends() {
    ActorSystem<?> one = node();
    ActorSystem<?> other = node();
    for (ActorSystem<?> each : List.of(one, other)) {
      Cluster.get(each).manager().tell(Join.create(address(each)));
      Waiting.until(() -> up(each) == 1);
      join(each, address(each));
    }
    boolean isFirstHigher = address(one).toString().compareTo(address(other).toString()) > 0;
    ActorSystem<?> ending = isFirstHigher ? one : other;
    ActorSystem<?> staying = isFirstHigher ? other : one;
    Waiting.until(() -> ending.getWhenTerminated().toCompletableFuture().isDone());
    assertEquals(1, up(staying));
  }

  /** As when both joined at once, through different members; the other one has crashed since. */
  @Test
  void a_member_ends_when_an_earlier_life_of_the_same_node_is_removed_and_of_no_other() {
    ActorSystem<?> node = node();
    join(node, address(node));
    Waiting.until(() -> up(node) == 1);
    removed(node, new UniqueAddress(NOWHERE, 1L));
    // A node that took this for its own would be down long before it has written as often.
    for (int writes = 0; writes < 20; writes++) {
      register.seeGone(address(node));
      Waiting.until(() -> register.holds(address(node)));
    }
    removed(node, new UniqueAddress(address(node), 1L));
    Waiting.until(() -> node.getWhenTerminated().toCompletableFuture().isDone());
  }

  /** As Akka publishes it to everyone on a node. */
  private static void removed(ActorSystem<?> system, UniqueAddress life) {
    Adapter.toClassic(system)
        .actorSelection("/system/cluster/core/publisher")
        .tell(
            new InternalClusterAction.PublishEvent(
                new ClusterEvent.MemberRemoved(Member$.MODULE$.removed(life), MemberStatus.down())),
            ActorRef.noSender());
  }

  @Test
  void a_node_is_forgotten_when_it_starts_again_and_when_it_leaves() {
    ActorSystem<?> node = node();
    register.seeAlive(address(node));
    Membership.start(node, List.of(NOWHERE.toString()), register);
    Waiting.until(() -> !register.holds(address(node)));
    ActorSystem<?> first = node();
    Membership.start(first, List.of(address(first).toString()), register);
    Waiting.until(() -> up(first) == 1 && register.holds(address(first)));
    var stopped = CoordinatedShutdown.get(first).runAll(CoordinatedShutdown.clusterLeavingReason());
    Waiting.until(() -> stopped.toCompletableFuture().isDone());
    assertFalse(register.holds(address(first)));
  }

  private static Behavior<Membership.Message> noticingLeave(
      AtomicBoolean noticed, Behavior<Membership.Message> membership) {
    return Behaviors.intercept(
        () ->
            new BehaviorInterceptor<Membership.Message, Membership.Message>(
                Membership.Message.class) {
              @Override
              public Behavior<Membership.Message> aroundReceive(
                  TypedActorContext<Membership.Message> context,
                  Membership.Message message,
                  ReceiveTarget<Membership.Message> target) {
                Behavior<Membership.Message> next = target.apply(context, message);
                if (message instanceof Membership.Leave) noticed.set(true);
                return next;
              }
            },
        membership);
  }

  @Test
  void a_node_is_forgotten_after_the_last_write_that_is_on_its_way() {
    ActorSystem<?> node = node();
    var leaving = new AtomicBoolean();
    var membership =
        node.systemActorOf(
            noticingLeave(leaving, Membership.create(List.of(address(node)), register, EVERY)),
            "membership",
            Props.empty());
    Waiting.until(() -> up(node) == 1);
    register.setLate();
    Waiting.until(register::hasLateWrite);
    CompletionStage<Done> left =
        AskPattern.ask(membership, Membership.Leave::new, Duration.ofMinutes(1), node.scheduler());
    Waiting.until(leaving::get);
    assertTrue(register.holds(address(node)));
    register.writeNow();
    Waiting.until(() -> left.toCompletableFuture().isDone());
    assertFalse(register.holds(address(node)));
  }
}
