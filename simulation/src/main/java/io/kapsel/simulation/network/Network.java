package io.kapsel.simulation.network;

import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.World;
import io.kapsel.simulation.world.WorldConfig;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Links between incarnations. Frames of one stream stay in order, as on a TCP connection; frames
 * are lost while a link is cut or by a loss rate (a connection that breaks loses what it carried),
 * and Artery has to cope as it would in production.
 */
public final class Network {
  private static final long LATENCY_NANOS_MIN = 100_000;
  private static final long LATENCY_NANOS_MAX = 5_000_000;
  private static final double HICCUP_RATE = 0.01;
  private static final long HICCUP_NANOS_MAX = 200_000_000;

  private final World world;
  private final Map<String, Attached> attached = new HashMap<>();
  private final Map<String, Link> links = new HashMap<>();
  private final Set<String> cut = new TreeSet<>();
  private final Set<String> clogged = new TreeSet<>();
  private final List<Runnable> held = new ArrayList<>();
  private double lossRate;
  private double slowdown = 1;
  private long frames;
  private long lost;

  private record Attached(Node node, Wire wire) {}

  private static final class Link {
    final Randomness.Stream draws;
    final ArrayDeque<byte[]> arriving = new ArrayDeque<>();
    long lastArrivalNanos;

    Link(Randomness.Stream draws) {
      this.draws = draws;
    }
  }

  public Network(World world) {
    this.world = world;
    world.install(Network.class, this);
  }

  public void attach(Node node, Wire wire) {
    attached.put(WorldConfig.host(node.name()), new Attached(node, wire));
  }

  /** Frames from one to the other are lost from now on; the other direction is another link. */
  public void cut(String from, String to) {
    cut.add(from + ">" + to);
  }

  public void mend(String from, String to) {
    cut.remove(from + ">" + to);
  }

  public void partition(Collection<String> some, Collection<String> others) {
    for (String a : some) {
      for (String b : others) {
        cut(a, b);
        cut(b, a);
      }
    }
  }

  /** Frames to and from this node stall from now on; none is lost. */
  public void clog(String name) {
    clogged.add(name);
  }

  public void unclog(String name) {
    clogged.remove(name);
    release();
  }

  /** In the order of arrival; what stalls at its other end is held again. */
  private void release() {
    List<Runnable> waiting = List.copyOf(held);
    held.clear();
    waiting.forEach(Runnable::run);
  }

  public void heal() {
    cut.clear();
    clogged.clear();
    release();
    lossRate = 0;
    slowdown = 1;
  }

  public void lose(double rate) {
    lossRate = rate;
  }

  /** Multiplies every latency. */
  public void slow(double factor) {
    slowdown = factor;
  }

  public long frames() {
    return frames;
  }

  public long lost() {
    return lost;
  }

  private boolean isCut(Node from, Node to) {
    return !cut.isEmpty() && cut.contains(from.name() + ">" + to.name());
  }

  public void send(Node from, String host, int stream, byte[] frame) {
    frames++;
    CRC32 checksum = new CRC32();
    checksum.update(frame);
    world.trace().frame(world.nanoTime(), from, host, stream, frame.length, checksum.getValue());
    @Nullable Attached to = attached.get(host);
    if (to == null || !to.node.alive() || isCut(from, to.node)) {
      lost++;
      return;
    }
    Link link =
        links.computeIfAbsent(
            from.id() + ">" + to.node.id() + "/" + stream,
            key -> new Link(world.randomness().stream("network", key)));
    if (lossRate > 0 && link.draws.chance(lossRate)) {
      lost++;
      return;
    }
    long arrival = Math.max(link.lastArrivalNanos + 1, world.nanoTime() + latency(link));
    link.lastArrivalNanos = arrival;
    world.schedule(
        Node.OUTSIDE, arrival - world.nanoTime(), () -> arrive(from, to, link, stream, frame));
  }

  private long latency(Link link) {
    long nanos = link.draws.between(LATENCY_NANOS_MIN, LATENCY_NANOS_MAX);
    if (link.draws.chance(HICCUP_RATE)) nanos += link.draws.between(0, HICCUP_NANOS_MAX);
    return (long) (nanos * slowdown);
  }

  private void arrive(Node from, Attached to, Link link, int stream, byte[] frame) {
    if (!to.node.alive() || isCut(from, to.node)) {
      lost++;
      return;
    }
    if (clogged.contains(from.name()) || clogged.contains(to.node.name())) {
      held.add(() -> arrive(from, to, link, stream, frame));
      return;
    }
    // The queue keeps the order of the stream whichever of its tasks is chosen first.
    link.arriving.add(frame);
    world.enqueue(
        to.node,
        "network/" + stream,
        () -> {
          byte[] next = link.arriving.poll();
          if (next != null) to.wire.receive(stream, next);
        });
  }
}
