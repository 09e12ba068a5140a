package io.kapsel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kapsel.core.webhook.Secret;
import io.kapsel.storage.DatabaseSettings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AkkaConfigTest {
  private static final DatabaseSettings DATABASE =
      DatabaseSettings.of("jdbc:postgresql://host/db", "me", new Secret("hunter2"));

  @Test
  void follows_the_settings() {
    Settings settings =
        Settings.with(
            Map.of(
                "database.url", "postgres://me:hunter2@host/db",
                "cluster.port", "2551",
                "endpoint.shards", "16",
                "journal.batch-rows-max", "77"));
    Config config = AkkaConfig.of(settings, DATABASE, ConfigFactory.empty());
    assertEquals(2551, config.getInt("akka.remote.artery.canonical.port"));
    assertEquals(16, config.getInt("akka.cluster.sharding.number-of-shards"));
    assertEquals(77, config.getInt("jdbc-journal.batchSize"));
  }

  /** By itself Akka's first seed node forms a cluster whenever it reaches no other. */
  @Test
  void keeps_the_seed_nodes_from_akka() {
    Settings settings =
        Settings.with(
            Map.of(
                "database.url", "postgres://host/db",
                "cluster.seed-nodes", "a:2551,b:2551"));
    Config config = AkkaConfig.of(settings, DATABASE, ConfigFactory.empty());
    assertEquals(List.of(), config.getStringList("akka.cluster.seed-nodes"));
    assertEquals(
        List.of("akka://kapsel@a:2551", "akka://kapsel@b:2551"),
        AkkaConfig.seedNodes(settings.cluster()));
  }

  /** At SIGTERM the connections to the other nodes would go before the hand-over. */
  @Test
  void keeps_akka_from_stopping_by_itself() {
    Config config = AkkaConfig.of(Settings.with(Map.of()), DATABASE, ConfigFactory.empty());
    assertFalse(config.getBoolean("akka.jvm-shutdown-hooks"));
    assertFalse(config.getBoolean("akka.coordinated-shutdown.run-by-jvm-shutdown-hook"));
  }

  /** A suspended node would keep the locks of its open transaction from all others. */
  @Test
  void lets_no_transaction_of_the_journal_stay_open() {
    Config config = AkkaConfig.of(Settings.with(Map.of()), DATABASE, ConfigFactory.empty());
    String options =
        config.getString("akka-persistence-jdbc.shared-databases.slick.db.properties.options");
    assertTrue(options.contains("idle_in_transaction_session_timeout=5000"), options);
  }

  @Test
  void gives_way_to_the_operator() {
    Config foreign =
        ConfigFactory.parseString("akka.cluster.split-brain-resolver.stable-after = 99s");
    Config config = AkkaConfig.of(Settings.with(Map.of()), DATABASE, foreign);
    assertEquals(
        99, config.getDuration("akka.cluster.split-brain-resolver.stable-after").toSeconds());
    assertEquals("cluster", config.getString("akka.actor.provider"));
  }
}
