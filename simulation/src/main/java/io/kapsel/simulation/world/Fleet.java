package io.kapsel.simulation.world;

import akka.actor.typed.ActorSystem;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Leave;
import com.typesafe.config.Config;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The processes of the service and whatever keeps them running: a process that dies or leaves is
 * started again after a while, as an orchestrator would.
 */
public final class Fleet {
  private static final long WATCH_NANOS = 1_000_000_000L;
  private static final long RESTART_NANOS = 3_000_000_000L;

  private final World world;
  private final Config shared;
  private final int size;
  private final BiFunction<Node, Config, ActorSystem<?>> service;
  private final Map<Node, ActorSystem<?>> systems = new TreeMap<>(Fleet::order);
  private final Set<String> gone = new TreeSet<>();
  private Consumer<Node> exited = node -> {};
  private int crashes;

  /**
   * @param service starts one process; called as a part of that node
   */
  public Fleet(
      World world, Config shared, int size, BiFunction<Node, Config, ActorSystem<?>> service) {
    this.world = world;
    this.shared = shared;
    this.size = size;
    this.service = service;
  }

  private static int order(Node a, Node b) {
    int order = a.name().compareTo(b.name());
    return order != 0 ? order : Integer.compare(a.incarnation(), b.incarnation());
  }

  /**
   * @param told when a process has ended by itself
   */
  public void onExit(Consumer<Node> told) {
    exited = told;
  }

  public void startAll() {
    for (int i = 1; i <= size; i++) start("n" + i);
  }

  public int size() {
    return size;
  }

  public int crashes() {
    return crashes;
  }

  public void start(String name) {
    Node node = world.boot(name);
    Config config = WorldConfig.forNode(shared, node, size);
    systems.put(node, world.as(node, () -> service.apply(node, config)));
    watch(node);
  }

  private void watch(Node node) {
    world.schedule(
        node,
        WATCH_NANOS,
        () -> {
          ActorSystem<?> system = systems.get(node);
          if (system == null || system.whenTerminated().isCompleted()) {
            world.note("EXITED " + node);
            exited.accept(node);
            world.kill(node);
            systems.remove(node);
            restart(node.name(), RESTART_NANOS);
          } else {
            watch(node);
          }
        });
  }

  /** The process is killed, and started again after {@code downNanos}. */
  public void crash(String name, long downNanos) {
    Node node = world.node(name);
    if (!node.alive()) return;
    crashes++;
    world.kill(node);
    systems.remove(node);
    restart(name, downNanos);
  }

  private void restart(String name, long nanos) {
    world.later(
        nanos,
        "restart " + name,
        () -> {
          if (!world.node(name).alive() && !gone.contains(name)) start(name);
        });
  }

  /** Stays dead from now on. */
  public void bury(String name) {
    gone.add(name);
    Node node = world.node(name);
    world.kill(node);
    systems.remove(node);
  }

  /** Leaves in order: hands its shards over, exits, is started again. */
  public void leave(Node node) {
    ActorSystem<?> system = systems.get(node);
    if (!node.alive() || system == null) return;
    world.as(
        node,
        () -> {
          Cluster cluster = Cluster.get(system);
          cluster.manager().tell(new Leave(cluster.selfMember().address()));
          return true;
        });
  }

  public @Nullable ActorSystem<?> system(Node node) {
    return systems.get(node);
  }

  public Collection<Node> running() {
    return systems.keySet();
  }

  /** Who sees what, for a reader. */
  public String describe() {
    StringBuilder text = new StringBuilder();
    systems.forEach(
        (node, system) ->
            text.append(node)
                .append(" sees ")
                .append(
                    system.whenTerminated().isCompleted()
                        ? "nothing"
                        : Cluster.get(system).state().getMembers())
                .append("; "));
    return text.toString();
  }

  /** Whether every process of the fleet sees every other one up and reachable. */
  public boolean isWhole() {
    int whole = 0;
    int expected = size - gone.size();
    for (Map.Entry<Node, ActorSystem<?>> entry : systems.entrySet()) {
      ActorSystem<?> system = entry.getValue();
      if (system.whenTerminated().isCompleted()) continue;
      var state = Cluster.get(system).state();
      int up = 0;
      for (var member : state.getMembers()) if (member.status().equals(MemberStatus.up())) up++;
      if (up == expected && state.getUnreachable().isEmpty()) whole++;
    }
    return whole == expected;
  }
}
