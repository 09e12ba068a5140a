package io.kapsel.simulation.storage;

import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.Persistence;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kapsel.simulation.network.Network;
import io.kapsel.simulation.world.Fleet;
import io.kapsel.simulation.world.Interleaving;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.Trace;
import io.kapsel.simulation.world.World;
import io.kapsel.simulation.world.WorldConfig;
import io.kapsel.storage.JournalContract;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The simulator's journal and snapshots, with production's configuration, inside a world. */
class SimulatedJournalContractTest implements JournalContract {
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  private World world;
  private Node node;
  private ActorSystem<?> system;
  private int collectors;

  @BeforeEach
  void begin() {
    world = new World(new Randomness(1), Interleaving.Kind.UNIFORM, new Trace());
    new Network(world);
    new Database(world);
    world.install(JournalTables.class, new JournalTables());
    Config production =
        ConfigFactory.parseResources("kapsel-akka.conf")
            .withFallback(ConfigFactory.defaultReference());
    Fleet fleet =
        new Fleet(
            world,
            WorldConfig.shared(production, ConfigFactory.empty()),
            1,
            (booted, config) -> ActorSystem.create(Behaviors.empty(), "kapsel", config));
    fleet.startAll();
    node = world.node("n1");
    system = Objects.requireNonNull(fleet.system(node));
  }

  @AfterEach
  void end() {
    world.close();
  }

  private List<Object> ask(
      ActorRef plugin, Function<ActorRef, Object> message, Predicate<List<Object>> complete) {
    List<Object> answers = new ArrayList<>();
    world.as(
        node,
        () -> {
          ActorRef me = Adapter.toClassic(collector(answers));
          plugin.tell(message.apply(me), me);
          return me;
        });
    boolean done =
        world.runUntil(() -> !answers.isEmpty() && complete.test(answers), PATIENCE_NANOS);
    assertTrue(done, () -> "only " + answers);
    return answers;
  }

  private akka.actor.typed.ActorRef<Object> collector(List<Object> answers) {
    return system.systemActorOf(
        Behaviors.receive(Object.class)
            .onAnyMessage(
                answer -> {
                  answers.add(answer);
                  return Behaviors.same();
                })
            .build(),
        "collector-" + ++collectors,
        Props.empty());
  }

  @Override
  public Plugins plugins() {
    Persistence persistence = Persistence.get(Adapter.toClassic(system));
    return new Plugins() {
      @Override
      public List<Object> askJournal(
          Function<ActorRef, Object> message, Predicate<List<Object>> complete) {
        return ask(
            world.as(node, () -> persistence.journalFor("", ConfigFactory.empty())),
            message,
            complete);
      }

      @Override
      public List<Object> askSnapshots(Object message, Predicate<List<Object>> complete) {
        return ask(
            world.as(node, () -> persistence.snapshotStoreFor("", ConfigFactory.empty())),
            me -> message,
            complete);
      }
    };
  }
}
