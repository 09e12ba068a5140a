package io.kapsel;

import akka.actor.ActorRef;
import akka.actor.ActorSystem;
import akka.actor.BootstrapSetup;
import akka.actor.typed.javadsl.Adapter;
import akka.persistence.Persistence;
import akka.testkit.javadsl.TestKit;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kapsel.storage.Database;
import io.kapsel.storage.DatabaseSettings;
import io.kapsel.storage.JournalContract;
import io.kapsel.storage.JournalWriter;
import io.kapsel.testing.PostgresForTests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Production's journal and snapshots, as they are configured, on PostgreSQL. */
class JournalContractTest implements JournalContract {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static Database database;
  private static JournalWriter writer;
  private static ActorSystem system;

  @BeforeAll
  static void start() {
    DatabaseSettings settings = PostgresForTests.freshDatabase();
    Settings usual = Settings.with(Map.of());
    database = Database.open(settings);
    writer = new JournalWriter(database, Wiring.journal(usual.journal()));
    Config alone = ConfigFactory.parseString("akka.actor.provider = local");
    system =
        Adapter.toClassic(
            akka.actor.typed.ActorSystem.create(
                akka.actor.typed.javadsl.Behaviors.empty(),
                AkkaConfig.SYSTEM,
                BootstrapSetup.create(AkkaConfig.of(usual, settings, alone)).and(writer)));
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
    writer.close();
    database.close();
  }

  @Override
  public Plugins plugins() {
    Persistence persistence = Persistence.get(system);
    Config usual = ConfigFactory.empty();
    ActorRef journal = persistence.journalFor("", usual);
    ActorRef snapshots = persistence.snapshotStoreFor("", usual);
    return new Plugins() {
      @Override
      public List<Object> askJournal(
          Function<ActorRef, Object> message, Predicate<List<Object>> complete) {
        TestKit me = new TestKit(system);
        journal.tell(message.apply(me.getRef()), me.getRef());
        return gathered(me, complete);
      }

      @Override
      public List<Object> askSnapshots(Object message, Predicate<List<Object>> complete) {
        TestKit me = new TestKit(system);
        snapshots.tell(message, me.getRef());
        return gathered(me, complete);
      }
    };
  }

  private static List<Object> gathered(TestKit me, Predicate<List<Object>> complete) {
    List<Object> answers = new ArrayList<>();
    while (answers.isEmpty() || !complete.test(answers)) answers.add(me.receiveOne(PATIENCE));
    return answers;
  }
}
