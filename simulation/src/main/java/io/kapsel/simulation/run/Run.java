package io.kapsel.simulation.run;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kapsel.simulation.check.Ending;
import io.kapsel.simulation.check.Findings;
import io.kapsel.simulation.check.Invariant;
import io.kapsel.simulation.check.Promises;
import io.kapsel.simulation.fault.Injector;
import io.kapsel.simulation.fault.Planner;
import io.kapsel.simulation.network.Network;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.scenario.Violation.Severity;
import io.kapsel.simulation.service.Behaviour;
import io.kapsel.simulation.service.Destinations;
import io.kapsel.simulation.service.Endpoints;
import io.kapsel.simulation.service.Operators;
import io.kapsel.simulation.service.Processes;
import io.kapsel.simulation.service.Recorder;
import io.kapsel.simulation.service.Senders;
import io.kapsel.simulation.service.Workload;
import io.kapsel.simulation.storage.Database;
import io.kapsel.simulation.storage.JournalTables;
import io.kapsel.simulation.world.Fleet;
import io.kapsel.simulation.world.Interleaving;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.Trace;
import io.kapsel.simulation.world.World;
import io.kapsel.simulation.world.WorldConfig;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Objects;

/**
 * One run: the world is made, the service started, load and faults come; then everything is healed
 * and must come to its end; then it must be quiet.
 */
public final class Run {
  private static final long SECOND = 1_000_000_000L;
  private static final long BOOT_SECONDS_MAX = 120;
  private static final long TIDY_SECONDS = 20;
  private static final int SNAPSHOTS_KEPT = 2;

  private final Scenario scenario;
  private final Options options;
  private final Plan plan;
  private final World world;
  private final Recorder recorder;
  private final Database database;
  private final JournalTables tables;
  private final Fleet fleet;
  private final Endpoints endpoints;
  private final Destinations destinations;
  private final Processes processes;
  private final Senders senders;
  private final Operators operators;
  private final Injector injector;
  private final Findings findings = new Findings();
  private final Promises promises;

  /**
   * A pure function of the scenario and the sources. Call it from one thread of a JVM at a time.
   */
  public static Result play(Scenario scenario, Trace trace) {
    long cpu = cpuNanos();
    Options options = Options.of(scenario.seed(), scenario.profile(), scenario.overrides());
    Interleaving.Kind kind = Interleaving.Kind.valueOf(options.text(Option.INTERLEAVING));
    try (World world = new World(new Randomness(scenario.seed()), kind, trace)) {
      Run run = new Run(scenario, options, world);
      return run.play(trace, cpu);
    }
  }

  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private Run(Scenario scenario, Options options, World world) {
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
    destinations = new Destinations(world, recorder, options);
    processes =
        new Processes(world, options, database, recorder, destinations, Processes.Surgery.NONE);
    Config shared = WorldConfig.shared(production(), tuned(options));
    fleet = new Fleet(world, shared, options.count(Option.NODES), processes::start);
    fleet.onExit(node -> recorder.see(new Observation.NodeExited(world.nanoTime(), node.id())));
    senders = new Senders(world, recorder, options, endpoints, processes);
    operators = new Operators(world, recorder, options, endpoints, processes);
    injector =
        new Injector(world, plan, database, network, fleet, processes, destinations, recorder);
    destinations.trigger(injector);
    promises = new Promises(findings, options, plan);
    for (Invariant invariant : promises.all()) recorder.listen(invariant);
    recorder.listen(injector);
  }

  /** As the service loads it, without what only says where the database is. */
  private static Config production() {
    return ConfigFactory.parseResources("kapsel-akka.conf")
        .withFallback(ConfigFactory.defaultReference());
  }

  private static Config tuned(Options options) {
    return ConfigFactory.parseString(
        "akka.cluster.sharding.number-of-shards = " + options.count(Option.SHARDS));
  }

  private Result play(Trace trace, long cpuAtStart) {
    boolean settled = false;
    try {
      settled = playThrough();
    } catch (RuntimeException e) {
      findings.broken("CRASH", Severity.CRASH, "", "", "The run broke: " + e, last());
      world.note("CRASHED " + e);
    }
    Ending ending = ending(settled);
    for (Invariant invariant : promises.all()) invariant.ended(ending);
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

  private boolean playThrough() {
    phase("boot");
    fleet.startAll();
    operators.createAll();
    if (!world.runUntil(
        () -> fleet.isWhole() && !operators.areWaiting(), BOOT_SECONDS_MAX * SECOND)) {
      findings.broken("L2", Severity.LIVENESS, "", "", "The service did not start.", last());
      return false;
    }
    phase("load");
    senders.begin(Workload.of(options, world.randomness()));
    operators.begin();
    injector.arm();
    if (scenario.profile() == Profile.DESTINATION) outage();
    if (options.count(Option.JOURNAL_TIDIED) > 0) tidy();
    world.runFor(options.whole(Option.LOAD_SECONDS) * SECOND);
    phase("settle");
    injector.heal();
    operators.enableAll();
    return true;
  }

  private void outage() {
    Behaviour behaviour = Behaviour.valueOf(options.text(Option.DESTINATION_DOWN_BEHAVIOUR));
    long after = options.whole(Option.DESTINATION_DOWN_AFTER_SECONDS) * SECOND;
    long lasts = options.whole(Option.DESTINATION_DOWN_SECONDS) * SECOND;
    world.later(after, "outage", () -> destinations.overrule("e1", behaviour));
    world.later(after + lasts, "outage", () -> destinations.relent("e1"));
  }

  /** What the journal keeper does in production. */
  private void tidy() {
    world.later(
        TIDY_SECONDS * SECOND,
        "journal keeper",
        () -> {
          tables.tidy(SNAPSHOTS_KEPT);
          tidy();
        });
  }

  private Ending ending(boolean settled) {
    return new Ending(world, settled, processes.lost(), List.of(), 0, 0);
  }
}
