package io.kapsel.simulation.run;

import akka.actor.typed.ActorSystem;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kapsel.simulation.check.Ending;
import io.kapsel.simulation.check.Findings;
import io.kapsel.simulation.check.Promises;
import io.kapsel.simulation.fault.Injector;
import io.kapsel.simulation.fault.Planner;
import io.kapsel.simulation.mutant.Mutant;
import io.kapsel.simulation.mutant.Mutants;
import io.kapsel.simulation.mutant.Operation;
import io.kapsel.simulation.network.Network;
import io.kapsel.simulation.scenario.Behaviour;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.scenario.Violation.Severity;
import io.kapsel.simulation.service.Destinations;
import io.kapsel.simulation.service.Endpoints;
import io.kapsel.simulation.service.Gates;
import io.kapsel.simulation.service.Operators;
import io.kapsel.simulation.service.Processes;
import io.kapsel.simulation.service.Recorder;
import io.kapsel.simulation.service.Senders;
import io.kapsel.simulation.service.SimulatedBank;
import io.kapsel.simulation.service.Workload;
import io.kapsel.simulation.storage.Database;
import io.kapsel.simulation.storage.JournalTables;
import io.kapsel.simulation.world.Fleet;
import io.kapsel.simulation.world.Interleaving;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.Trace;
import io.kapsel.simulation.world.World;
import io.kapsel.simulation.world.WorldConfig;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One run: the world is made, the service started, load and faults come; then everything is healed
 * and must come to its end; then it must be quiet.
 */
public final class Run {
  private static final long SECOND = 1_000_000_000L;
  private static final long BOOT_SECONDS_MAX = 120;
  private static final long TIDY_SECONDS = 20;
  private static final int SNAPSHOTS_KEPT = 2;

  /** Longer than any pause, and any request that is late; ten minutes in production. */
  private static final long EVENTS_KEPT_SECONDS = 60;

  private static final int PROBES = 6;
  private static final long QUIET_SECONDS = 30;
  private static final long MEASURED_SECONDS = 10;

  /** Content is settled after five minutes. */
  private static final long RECONCILED_SECONDS_MAX = 330;

  private static final long LOOK_SECONDS = 5;

  /** What waits for a destination that is dead for good may take much longer than this to end. */
  private static final long DEAD_SECONDS = 1_200;

  /** The reconciler wakes endpoints when nobody else does. */
  private static final long AWAKE_SECONDS = 20;

  /** Orders of the load that waited on a node that stood still have come by then. */
  private static final long ENABLED_AGAIN_SECONDS = 45;

  private final Scenario scenario;
  private final Options options;
  private final Plan plan;
  private final World world;
  private final Recorder recorder;
  private final Database database;
  private final JournalTables tables;
  private final Fleet fleet;
  private final Endpoints endpoints;
  private final String dead;
  private final Destinations destinations;
  private final Processes processes;
  private final Senders senders;
  private final Operators operators;
  private final Injector injector;
  private final Findings findings = new Findings();
  private final Promises promises;
  private double stepsFresh;
  private double stepsLater;

  /**
   * A pure function of the scenario and the sources. Call it from one thread of a JVM at a time.
   */
  public static Result play(Scenario scenario, Trace trace) {
    long cpu = cpuNanos();
    Options options = Options.of(scenario.seed(), scenario.profile(), scenario.overrides());
    Interleaving.Kind kind = Interleaving.Kind.valueOf(options.text(Option.INTERLEAVING));
    try (World world = new World(new Randomness(scenario.seed()), kind, trace)) {
      Mutant mutant = Mutants.of(scenario.mutant());
      Operation.plant(mutant);
      Run run = new Run(scenario, options, world, mutant);
      return run.play(trace, cpu);
    } finally {
      Operation.plant(Mutant.NONE);
    }
  }

  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private Run(Scenario scenario, Options options, World world, Mutant mutant) {
    this.scenario = scenario;
    this.options = options;
    this.world = world;
    Randomness randomness = world.randomness();
    plan = Objects.requireNonNullElseGet(scenario.plan(), () -> Planner.plan(options, randomness));
    Network network = new Network(world);
    database = new Database(world);
    tables = new JournalTables();
    world.install(JournalTables.class, tables);
    recorder = new Recorder(world);
    tables.watch(recorder);
    endpoints = new Endpoints(options, randomness);
    dead =
        options.count(Option.SETTLE_DEAD) > 0
            ? randomness.stream("settle-dead").pick(endpoints.all()).name()
            : "";
    destinations = new Destinations(world, recorder, options);
    destinations.buryWhenHealed(dead);
    SimulatedBank bank = new SimulatedBank(world);
    Gates gates = new Gates(world, options, database, bank, recorder);
    processes =
        new Processes(world, options, database, recorder, destinations, gates, mutant::ports);
    Config shared = WorldConfig.shared(production(), tuned(options, mutant));
    fleet = new Fleet(world, shared, options.count(Option.NODES), processes::start);
    fleet.onExit(node -> recorder.see(new Observation.NodeExited(world.nanoTime(), node.id())));
    senders = new Senders(world, recorder, options, endpoints, processes);
    operators = new Operators(world, recorder, options, endpoints, processes);
    injector =
        new Injector(
            world, plan, database, network, fleet, processes, destinations, bank, recorder);
    destinations.trigger(injector);
    promises =
        new Promises(
            findings,
            options,
            plan,
            endpoint ->
                !isRehearsal() && !endpoint.equals(dead) && destinations.isHealthy(endpoint),
            dead);
    promises.listenTo(recorder);
    recorder.listen(injector);
    world.onError(
        error ->
            recorder.see(
                new Observation.ErrorLogged(
                    world.nanoTime(), error.node(), error.logger(), error.message())));
  }

  /** As the service loads it, without what only says where the database is. */
  private static Config production() {
    return ConfigFactory.parseResources("kapsel-akka.conf")
        .withFallback(ConfigFactory.defaultReference());
  }

  private static Config tuned(Options options, Mutant mutant) {
    Map<String, Object> values = new TreeMap<>(mutant.config());
    values.put("akka.cluster.sharding.number-of-shards", options.count(Option.SHARDS));
    return ConfigFactory.parseMap(values);
  }

  private Result play(Trace trace, long cpuAtStart) {
    boolean settled = false;
    try {
      settled = playThrough();
    } catch (RuntimeException e) {
      findings.broken("CRASH", Severity.CRASH, "", "", "The run broke: " + e, last());
      world.note("CRASHED " + e);
    }
    promises.ended(ending(settled));
    return new Result(
        scenario,
        options,
        plan,
        trace.hash(),
        world.steps(),
        trace.events(),
        world.nanoTime(),
        cpuNanos() - cpuAtStart,
        findings.all(),
        promises.sometimes(),
        List.copyOf(injector.happened()),
        List.copyOf(recorder.observations()),
        recorder.dropped(),
        trace.notes());
  }

  private int last() {
    return recorder.observations().size() - 1;
  }

  private void phase(String name) {
    recorder.see(new Observation.PhaseBegan(world.nanoTime(), name));
  }

  /** Whether everything has ended within the bound. */
  private boolean playThrough() {
    phase("boot");
    fleet.startAll();
    operators.createAll();
    if (!world.runUntil(
        () -> fleet.isWhole() && !operators.areWaiting(), BOOT_SECONDS_MAX * SECOND)) {
      findings.broken("L2", Severity.LIVENESS, "", "", "The service did not start.", last());
      return false;
    }
    stepsFresh = stepsPerSecond();
    load();
    phase("settle");
    if (!isRehearsal()) injector.heal();
    if (options.count(Option.SETTLE_RESTART) > 0) injector.killAll();
    operators.enableWhatIsNot();
    if (!settle(DEAD_SECONDS)) return false;
    // Until its webhooks have ended a rehearsed destination is what was asked for.
    if (isRehearsal()) injector.heal();
    phase("probe");
    for (Endpoints.Spec endpoint : endpoints.all()) {
      boolean works = operators.exists(endpoint.name()) && !endpoint.name().equals(dead);
      for (int i = 1; works && i <= PROBES; i++) senders.begin(Workload.probe(endpoint.name(), i));
    }
    if (!settle(0)) return false;
    phase("quiet");
    awaitReconciler();
    world.runFor((secondsToSleep() + QUIET_SECONDS) * SECOND);
    stepsLater = stepsPerSecond();
    return true;
  }

  /** Content that no endpoint knows wakes endpoints when the reconciler comes to it. */
  private void awaitReconciler() {
    long left = RECONCILED_SECONDS_MAX + options.whole(Option.RECONCILER_EVERY_MILLIS) / 1_000;
    while (left > 0 && (promises.isSomethingOwnerless() || promises.isPendingElsewhere())) {
      world.runFor(LOOK_SECONDS * SECOND);
      left -= LOOK_SECONDS;
    }
  }

  /** An endpoint without work stays for its idle time, and until its directory entry is fresh. */
  private long secondsToSleep() {
    return (options.whole(Option.IDLE_MILLIS) + options.whole(Option.DIRECTORY_REFRESH_MILLIS_MAX))
        / 1_000;
  }

  private void load() {
    phase("load");
    senders.begin(Workload.of(options, world.randomness()));
    operators.begin();
    injector.arm();
    long lastsNanos = options.whole(Option.LOAD_SECONDS) * SECOND;
    if (isRehearsal()) lastsNanos = Math.max(lastsNanos, outage());
    if (options.count(Option.JOURNAL_TIDIED) > 0) tidy();
    world.runFor(lastsNanos);
  }

  private boolean isRehearsal() {
    return scenario.profile() == Profile.DESTINATION;
  }

  private double stepsPerSecond() {
    long before = world.steps();
    world.runFor(MEASURED_SECONDS * SECOND);
    return (double) (world.steps() - before) / MEASURED_SECONDS;
  }

  /**
   * Looks seldom when it takes long: looking costs as well.
   *
   * @param deadSeconds how long to wait for what waits for a dead destination
   */
  private boolean settle(long deadSeconds) {
    long waited = 0;
    while (waited < options.whole(Option.SETTLE_SECONDS_MAX)) {
      long slice = Math.clamp(waited / 10, 1, 60);
      world.runFor(slice * SECOND);
      boolean late = waited < ENABLED_AGAIN_SECONDS && waited + slice >= ENABLED_AGAIN_SECONDS;
      waited += slice;
      if (late) operators.enableWhatIsNot();
      boolean pending = waited < deadSeconds ? promises.isPending() : promises.isPendingElsewhere();
      boolean ended = !senders.areBusy() && !operators.areWaiting() && !pending && fleet.isWhole();
      if (ended) return true;
    }
    if (!fleet.isWhole())
      findings.broken(
          "L2", Severity.LIVENESS, "", "", "The cluster is not whole again: " + fleet.describe());
    return false;
  }

  /** When it is over, in nanoseconds from now. */
  private long outage() {
    Behaviour behaviour = Behaviour.valueOf(options.text(Option.DESTINATION_DOWN_BEHAVIOUR));
    long after = options.whole(Option.DESTINATION_DOWN_AFTER_SECONDS) * SECOND;
    long lasts = options.whole(Option.DESTINATION_DOWN_SECONDS) * SECOND;
    world.later(after, "outage", () -> destinations.overrule("e1", behaviour));
    world.later(after + lasts, "outage", () -> destinations.relent("e1"));
    return after + lasts;
  }

  /** What the journal keeper does in production. */
  private void tidy() {
    world.later(
        TIDY_SECONDS * SECOND,
        "journal keeper",
        () -> {
          tables.tidy(SNAPSHOTS_KEPT, world.nanoTime() - EVENTS_KEPT_SECONDS * SECOND);
          tidy();
        });
  }

  private Ending ending(boolean settled) {
    List<Ending.Recovery> recoveries = new ArrayList<>();
    ActorSystem<?> system = anySystem();
    if (system != null)
      for (Endpoints.Spec endpoint : endpoints.all())
        recoveries.add(
            Recoveries.of(
                endpoint.name(), endpoint.id(), tables, system, Processes.limits(options)));
    return new Ending(
        world,
        settled,
        processes.lost(),
        recoveries,
        recorder.awakeFor((secondsToSleep() + AWAKE_SECONDS) * SECOND),
        stepsFresh,
        stepsLater);
  }

  private @Nullable ActorSystem<?> anySystem() {
    for (Node node : world.liveNodes()) {
      ActorSystem<?> system = fleet.system(node);
      if (system != null && !system.whenTerminated().isCompleted()) return system;
    }
    return null;
  }
}
