package io.kapsel.simulation.toy;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kapsel.simulation.network.Network;
import io.kapsel.simulation.storage.Database;
import io.kapsel.simulation.storage.JournalTables;
import io.kapsel.simulation.world.Fleet;
import io.kapsel.simulation.world.Interleaving;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.Trace;
import io.kapsel.simulation.world.World;
import io.kapsel.simulation.world.WorldConfig;
import java.time.Duration;
import java.util.List;

/** Load, crashes and a failing journal on a cluster of toys. */
public final class ToyRun {
  private static final Config APPLICATION =
      ConfigFactory.parseString(
          """
          akka.actor.serialization-bindings { "io.kapsel.simulation.toy.Toy$CborSerializable" = jackson-cbor }
          akka.cluster.downing-provider-class = "akka.cluster.sbr.SplitBrainResolverProvider"
          akka.cluster.split-brain-resolver { active-strategy = keep-majority, stable-after = 7s }
          akka.cluster.sharding { number-of-shards = 8, remember-entities = on, passivation.strategy = none }
          """);

  /** What a run came to. */
  public record Result(
      String hash,
      boolean whole,
      long steps,
      int answered,
      List<String> offences,
      long cpuNanos,
      long virtualNanos) {}

  private final World world;
  private final Fleet fleet;
  private final Database database;
  private int answered;

  private ToyRun(long seed, int nodes, Interleaving.Kind interleaving, Trace trace) {
    world = new World(new Randomness(seed), interleaving, trace);
    new Network(world);
    database = new Database(world);
    world.install(JournalTables.class, new JournalTables());
    Config shared =
        WorldConfig.shared(
            APPLICATION.withFallback(ConfigFactory.defaultReference()), ConfigFactory.empty());
    fleet = new Fleet(world, shared, nodes, ToyRun::service);
  }

  private static ActorSystem<?> service(Node node, Config config) {
    return ActorSystem.create(
        Behaviors.setup(
            context -> {
              ClusterSharding.get(context.getSystem())
                  .init(
                      Entity.of(Toy.KEY, entity -> Toy.create(entity.getEntityId()))
                          .withStopMessage(new Toy.Stop()));
              return Behaviors.empty();
            }),
        "kapsel",
        config);
  }

  public static Result run(
      long seed, int nodes, Interleaving.Kind interleaving, int seconds, Trace trace) {
    long cpu = cpu();
    ToyRun run = new ToyRun(seed, nodes, interleaving, trace);
    try {
      boolean whole = run.play(seconds);
      return new Result(
          trace.hash(),
          whole,
          run.world.steps(),
          run.answered,
          run.world.offences(),
          cpu() - cpu,
          run.world.nanoTime());
    } finally {
      run.world.close();
    }
  }

  private boolean play(int seconds) {
    fleet.startAll();
    world.runUntil(fleet::isWhole, 90_000_000_000L);
    Randomness.Stream draws = world.randomness().stream("toy-load");
    for (int i = 0; i < seconds * 10; i++) {
      world.later(i * 100_000_000L, "client", () -> ask(draws));
    }
    world.later(seconds * 300_000_000L, "crash", () -> fleet.crash("n1", 2_000_000_000L));
    database.setWeather(
        Database.Table.JOURNAL, Database.Weather.FAIR.withRefused(0.01).withAnswerLost(0.01));
    world.runFor(seconds * 1_000_000_000L);
    database.calm();
    return world.runUntil(fleet::isWhole, 240_000_000_000L);
  }

  private void ask(Randomness.Stream draws) {
    List<Node> nodes = List.copyOf(fleet.running());
    if (nodes.isEmpty()) return;
    Node node = draws.pick(nodes);
    String id = "t" + draws.below(8);
    world.enqueue(
        node,
        "request",
        () ->
            ClusterSharding.get(fleet.system(node))
                .entityRefFor(Toy.KEY, id)
                .<Toy.Total>ask(replyTo -> new Toy.Add(1, replyTo), Duration.ofSeconds(3))
                .whenComplete(
                    (total, failure) -> {
                      world.note(id + " -> " + (failure == null ? total : failure));
                      if (failure == null) answered++;
                    }));
  }

  private static long cpu() {
    return java.lang.management.ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  /** Arguments: first seed, runs, nodes, seconds, policy. Prints a line for each run. */
  public static void main(String[] args) {
    long seed = Long.parseLong(args[0]);
    Interleaving.Kind kind = Interleaving.Kind.valueOf(args[4]);
    for (int i = 0; i < Integer.parseInt(args[1]); i++) {
      Result r =
          run(seed + i, Integer.parseInt(args[2]), kind, Integer.parseInt(args[3]), new Trace());
      System.out.printf(
          "%d %s %s whole=%s answered=%d steps=%d offences=%s cpu=%.2fs virtual/cpu=%.0f steps/cpu=%.0f%n",
          seed + i,
          kind,
          r.hash,
          r.whole,
          r.answered,
          r.steps,
          r.offences,
          r.cpuNanos / 1e9,
          r.virtualNanos / (double) r.cpuNanos,
          r.steps / (r.cpuNanos / 1e9));
    }
  }
}
