package io.kapsel.simulation.fault;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.State;
import io.kapsel.simulation.network.Network;
import io.kapsel.simulation.scenario.Behaviour;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Trigger.On;
import io.kapsel.simulation.service.Destinations;
import io.kapsel.simulation.service.Processes;
import io.kapsel.simulation.service.Recorder;
import io.kapsel.simulation.service.SimulatedBank;
import io.kapsel.simulation.service.Triggers;
import io.kapsel.simulation.storage.Database;
import io.kapsel.simulation.storage.Database.Weather;
import io.kapsel.simulation.world.Fleet;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.World;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/** Makes the faults of a plan happen, and takes them all back at the end of the load. */
public final class Injector implements Recorder.Listener, Triggers {
  private static final long MILLI = 1_000_000;
  private static final long REJOIN_MILLIS = 500;

  /** What makes a fault go on, and what ends it. */
  private interface Undo {
    void run();
  }

  private final World world;
  private final Plan plan;
  private final Database database;
  private final Network network;
  private final Fleet fleet;
  private final Processes processes;
  private final Destinations destinations;
  private final SimulatedBank bank;
  private final Recorder recorder;
  private final Map<On, List<Waiting>> waiting = new EnumMap<>(On.class);
  private final List<Integer> happened = new ArrayList<>();
  private final TreeMap<Integer, Undo> active = new TreeMap<>();
  private final TreeSet<String> halfOpen = new TreeSet<>();
  private final TreeSet<String> leaving = new TreeSet<>();
  private boolean armed;
  private long armedAtNanos;

  private static final class Waiting {
    final Fault fault;
    int left;

    Waiting(Fault fault) {
      this.fault = fault;
      this.left = Math.max(1, fault.trigger().nth());
    }
  }

  public Injector(
      World world,
      Plan plan,
      Database database,
      Network network,
      Fleet fleet,
      Processes processes,
      Destinations destinations,
      SimulatedBank bank,
      Recorder recorder) {
    this.world = world;
    this.plan = plan;
    this.database = database;
    this.network = network;
    this.fleet = fleet;
    this.processes = processes;
    this.destinations = destinations;
    this.bank = bank;
    this.recorder = recorder;
  }

  /** The load begins now. */
  public void arm() {
    armed = true;
    armedAtNanos = world.nanoTime();
    database.watch(this::requested);
    for (Fault fault : plan.faults()) {
      if (fault.trigger().on() == On.TIME) {
        world.later(fault.trigger().atMillis() * MILLI, "fault", () -> begin(fault));
      } else {
        waiting
            .computeIfAbsent(fault.trigger().on(), on -> new ArrayList<>())
            .add(new Waiting(fault));
      }
    }
  }

  /** No fault begins any more, and none goes on. */
  public void heal() {
    armed = false;
    waiting.clear();
    while (!active.isEmpty()) end(active.firstKey());
    for (Node node : world.liveNodes()) node.setWallRight(world.nanoTime());
    database.calm();
    network.heal();
    destinations.heal();
    bank.calm();
  }

  private record Kill(String node, long atMillis, long backAfterMillis) {}

  /** A power cut: every node is killed within two seconds, and none is back before all are down. */
  public void killAll() {
    List<Kill> kills = new ArrayList<>();
    for (int i = 1; i <= fleet.size(); i++) {
      Randomness.Stream draws = world.randomness().stream("power-cut", "n" + i);
      kills.add(new Kill("n" + i, draws.between(0, 2_000), draws.between(100, 3_000)));
    }
    long lastMillis = kills.stream().mapToLong(Kill::atMillis).max().orElse(0);
    for (Kill kill : kills) {
      long downMillis = lastMillis - kill.atMillis + kill.backAfterMillis;
      killAfter(kill.atMillis, kill.node, downMillis);
      // One that was down when its turn came may be back since.
      if (kill.atMillis < lastMillis) killAfter(lastMillis, kill.node, kill.backAfterMillis);
    }
  }

  private void killAfter(long millis, String node, long downMillis) {
    world.later(millis * MILLI, "power cut", () -> crash(node, downMillis * MILLI));
  }

  /** The faults that really happened. */
  public List<Integer> happened() {
    return happened;
  }

  // ----------------------------------------------------------------------------------- moments

  private void requested(
      Node client, Database.Table table, boolean write, String what, long inFlightNanos) {
    switch (table) {
      case JOURNAL -> {
        if (write && what.startsWith("write endpoint"))
          moment(On.JOURNAL_WRITE, client, inFlightNanos);
        if (!write && what.startsWith("replay endpoint"))
          moment(On.RECOVERY, client, inFlightNanos);
      }
      case SNAPSHOTS -> {
        if (write) moment(On.SNAPSHOT_WRITE, client, inFlightNanos);
      }
      case CONTENT -> {
        if (write && what.startsWith("store")) moment(On.CONTENT_WRITE, client, inFlightNanos);
        if (!write && what.startsWith("fetch")) moment(On.CONTENT_READ, client, inFlightNanos);
      }
      case HISTORY -> moment(On.HISTORY_WRITE, client, inFlightNanos);
      case DIRECTORY -> {
        if (write) moment(On.DIRECTORY_WRITE, client, inFlightNanos);
      }
      case REGISTER -> {}
    }
  }

  @Override
  public void attemptSent(Node node, String endpoint) {
    moment(On.ATTEMPT_SENT, node, MILLI);
    if (halfOpen.contains(endpoint)) moment(On.PROBE_SENT, node, MILLI);
  }

  @Override
  public void attemptProcessed(Node node, String endpoint) {
    moment(On.ATTEMPT_PROCESSED, node, MILLI / 4);
  }

  @Override
  public void stepped(String node, String endpoint, State state, Flight flight) {
    boolean probes =
        state.circuit().phase() == Circuit.Phase.HALF_OPEN
            || (state.circuit().phase() == Circuit.Phase.OPEN && !flight.attempts().isEmpty());
    if (probes) halfOpen.add(endpoint);
    else halfOpen.remove(endpoint);
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.ContentStored stored ->
          moment(On.CONTENT_STORED, named(stored.node()), MILLI);
      case Observation.EndpointStopped stopped -> {
        if (leaving.contains(stopped.node())) moment(On.HAND_OVER, named(stopped.node()), MILLI);
      }
      case Observation.NodeBooted booted -> moment(On.BOOT, named(booted.node()), 2_000 * MILLI);
      case Observation.NodeLeaving left -> leaving.add(left.node());
      default -> {}
    }
  }

  private Node named(String incarnation) {
    return world.node(incarnation.substring(0, incarnation.indexOf('.')));
  }

  private void moment(On on, Node node, long withinNanos) {
    if (!armed) return;
    List<Waiting> candidates = waiting.get(on);
    if (candidates == null) return;
    long millis = (world.nanoTime() - armedAtNanos) / MILLI;
    for (Waiting candidate : List.copyOf(candidates)) {
      Fault fault = candidate.fault;
      if (millis < fault.trigger().atMillis()) continue;
      String on1 = fault.trigger().node();
      if (!on1.isEmpty() && !on1.equals(node.name())) continue;
      if (--candidate.left > 0) continue;
      candidates.remove(candidate);
      if (isForTheRequestItself(fault.kind())) begin(fault);
      else
        world.later(
            world.randomness().stream("moment", fault.id()).between(0, withinNanos),
            "fault",
            () -> begin(fault));
    }
  }

  private static boolean isForTheRequestItself(Fault.Kind kind) {
    return switch (kind) {
      case STORE_DOWN,
          STORE_REFUSES,
          STORE_LOSES_ANSWERS,
          STORE_LATE,
          STORE_SLOW,
          STORE_READS_FAIL,
          WRITE_OUTLIVES ->
          true;
      default -> false;
    };
  }

  // ------------------------------------------------------------------------------------ faults

  private void begin(Fault fault) {
    if (!armed) return;
    happened.add(fault.id());
    recorder.see(new Observation.FaultBegan(world.nanoTime(), fault.id(), fault.toString()));
    long nanos = fault.forMillis() * MILLI;
    switch (fault.kind()) {
      case CRASH -> crash(fault.target(), nanos);
      case BOOT_LOOP -> bootLoop(fault, (int) fault.amount());
      case PAUSE -> world.node(fault.target()).pauseUntil(world.nanoTime() + nanos);
      case SLOW -> slow(fault);
      case LEAVE -> {
        if (fault.amount() > 0) delayOutcomes(fault);
        leave(fault.target());
      }
      case ROLLING_RESTART -> roll(1);
      case STORE_DOWN -> weather(fault, weather -> weather.withDown(true), w -> w.withDown(false));
      case STORE_REFUSES ->
          weather(fault, w -> w.withRefused(fault.amount()), w -> w.withRefused(0));
      case STORE_LOSES_ANSWERS ->
          weather(fault, w -> w.withAnswerLost(fault.amount()), w -> w.withAnswerLost(0));
      case STORE_LATE -> weather(fault, w -> w.withLate(fault.amount()), w -> w.withLate(0));
      case STORE_SLOW ->
          weather(fault, w -> w.withSlowdown(fault.amount()), w -> w.withSlowdown(1));
      case STORE_READS_FAIL ->
          weather(fault, w -> w.withReadsFail(fault.amount()), w -> w.withReadsFail(0));
      case PARTITION -> partition(fault);
      case ONE_WAY -> oneWay(fault);
      case FRAME_LOSS -> {
        network.lose(fault.amount());
        lasting(fault, () -> network.lose(0));
      }
      case NETWORK_SLOW -> {
        network.slow(fault.amount());
        lasting(fault, () -> network.slow(1));
      }
      case DESTINATION -> {
        destinations.overrule(fault.target(), Behaviour.valueOf(fault.detail()));
        lasting(fault, () -> destinations.relent(fault.target()));
      }
      case CLOCK_STEP -> world.node(fault.target()).skewWall(Math.round(fault.amount()));
      case CLOCK_DRIFT -> {
        Node node = world.node(fault.target());
        node.driftWall(fault.amount(), world.nanoTime());
        lasting(fault, () -> node.driftWall(0, world.nanoTime()));
      }
      case SWIZZLE_CLOG -> swizzle(fault);
      case JOINS_ALONE -> joinAlone(fault);
      case BANK_DOWN -> {
        bank.setDown(true);
        lasting(fault, () -> bank.setDown(false));
      }
      case BANK_SLOW -> {
        bank.slow(fault.amount());
        lasting(fault, () -> bank.slow(1));
      }
      case BANK_FLUSHED -> bank.flush();
      case OUTCOMES_LATE -> delayOutcomes(fault);
      case POWER_CUT -> {
        weather(fault, weather -> weather.withDown(true), w -> w.withDown(false));
        killAll();
      }
      case WRITE_OUTLIVES -> {
        database.outlive(Math.round(fault.amount() * MILLI));
        world.later(MILLI / 10, "fault", () -> crash(fault.target(), nanos));
      }
    }
  }

  private void lasting(Fault fault, Undo undo) {
    active.put(fault.id(), undo);
    world.later(fault.forMillis() * MILLI, "fault", () -> end(fault.id()));
  }

  private void end(int id) {
    Undo undo = active.remove(id);
    if (undo == null) return;
    undo.run();
    recorder.see(new Observation.FaultEnded(world.nanoTime(), id, "#" + id));
  }

  private void crash(String name, long downNanos) {
    Node node = world.node(name);
    if (!node.alive()) return;
    recorder.see(new Observation.NodeCrashed(world.nanoTime(), node.id()));
    fleet.crash(name, downNanos);
  }

  private void bootLoop(Fault fault, int left) {
    if (left == 0 || !armed) return;
    crash(fault.target(), fault.forMillis() * MILLI);
    Randomness.Stream draws = world.randomness().stream("boot-loop", fault.id() * 100L + left);
    long next = fault.forMillis() * MILLI + draws.between(MILLI, 4_000 * MILLI);
    world.later(next, "fault", () -> bootLoop(fault, left - 1));
  }

  private void delayOutcomes(Fault fault) {
    destinations.delay(fault.target(), Math.round(fault.amount() * MILLI));
    lasting(fault, () -> destinations.delay(fault.target(), 0));
  }

  private void slow(Fault fault) {
    Node node = world.node(fault.target());
    node.slowBy(Math.round(fault.amount() * MILLI));
    lasting(fault, () -> node.slowBy(0));
  }

  private void leave(String name) {
    Node node = world.node(name);
    if (!node.alive() || !processes.serves(node)) return;
    world.as(
        node,
        () ->
            processes
                .drain(node)
                .whenComplete((done, late) -> world.later(0, "leave", () -> fleet.leave(node))));
  }

  private void roll(int next) {
    if (next > fleet.size() || !armed) return;
    leave("n" + next);
    world.later(15_000 * MILLI, "fault", () -> roll(next + 1));
  }

  private void weather(Fault fault, UnaryOperator<Weather> worse, UnaryOperator<Weather> better) {
    List<Database.Table> tables =
        fault.target().isEmpty()
            ? List.of(Database.Table.values())
            : List.of(Database.Table.valueOf(fault.target()));
    for (Database.Table table : tables)
      database.setWeather(table, worse.apply(database.weather(table)));
    lasting(
        fault,
        () -> {
          for (Database.Table table : tables)
            database.setWeather(table, better.apply(database.weather(table)));
        });
  }

  private List<String> others(String target) {
    List<String> apart = Arrays.asList(target.split(","));
    List<String> others = new ArrayList<>();
    for (int i = 1; i <= fleet.size(); i++) if (!apart.contains("n" + i)) others.add("n" + i);
    return others;
  }

  private void partition(Fault fault) {
    List<String> apart = Arrays.asList(fault.target().split(","));
    List<String> others = others(fault.target());
    network.partition(apart, others);
    lasting(
        fault,
        () -> {
          for (String a : apart)
            for (String b : others) {
              network.mend(a, b);
              network.mend(b, a);
            }
        });
  }

  private void swizzle(Fault fault) {
    Randomness.Stream draws = world.randomness().stream("swizzle", fault.id());
    List<String> stalled = others("");
    while (stalled.size() > 1 && draws.chance(0.3)) stalled.remove(draws.below(stalled.size()));
    List<String> back = new ArrayList<>();
    long stepNanos = fault.forMillis() * MILLI / (2L * stalled.size());
    lasting(fault, () -> back.forEach(network::unclog));
    for (int i = 1; !stalled.isEmpty(); i++) {
      String name = stalled.remove(draws.below(stalled.size()));
      back.add(draws.below(back.size() + 1), name);
      duringNanos(fault, i * stepNanos, () -> network.clog(name));
    }
    for (int i = 0; i < back.size(); i++) {
      String name = back.get(i);
      duringNanos(fault, (back.size() + i) * stepNanos, () -> network.unclog(name));
    }
  }

  private void duringNanos(Fault fault, long afterNanos, Undo step) {
    world.later(
        afterNanos,
        "fault",
        () -> {
          if (active.containsKey(fault.id())) step.run();
        });
  }

  private void joinAlone(Fault fault) {
    List<String> strangers = others(fault.target());
    strangers.removeFirst();
    crash(fault.target(), REJOIN_MILLIS * MILLI);
    network.partition(List.of(fault.target()), strangers);
    lasting(
        fault,
        () ->
            strangers.forEach(
                other -> {
                  network.mend(fault.target(), other);
                  network.mend(other, fault.target());
                }));
  }

  private void oneWay(Fault fault) {
    List<String> others = others(fault.target());
    for (String other : others) network.cut(fault.target(), other);
    lasting(fault, () -> others.forEach(other -> network.mend(fault.target(), other)));
  }
}
