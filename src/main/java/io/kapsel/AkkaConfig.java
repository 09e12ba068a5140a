package io.kapsel;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.kapsel.storage.CopyJournalDao;
import io.kapsel.storage.Database;
import io.kapsel.storage.DatabaseSettings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What Akka has to know of the settings; the rest is in {@code kapsel-akka.conf}. */
final class AkkaConfig {
  static final String SYSTEM = "kapsel";

  private static final int READING_CONNECTIONS = 2;

  private AkkaConfig() {}

  /**
   * @param foreign what the operator says to Akka, which wins
   */
  static Config of(Settings settings, DatabaseSettings database, Config foreign) {
    Map<String, Object> values = new LinkedHashMap<>();
    Settings.Cluster cluster = settings.cluster();
    values.put("akka.remote.artery.canonical.hostname", cluster.hostname());
    values.put("akka.remote.artery.canonical.port", cluster.port());
    values.put("akka.cluster.roles", cluster.roles());
    values.put("akka.cluster.sharding.number-of-shards", settings.endpoint().shards());
    journal(values, settings.journal(), database);
    return foreign
        .withFallback(ConfigFactory.parseMap(flattened(values)))
        .withFallback(ConfigFactory.parseResources("kapsel-akka.conf"))
        .withFallback(ConfigFactory.defaultReference())
        .resolve();
  }

  /** Not for Akka's own configuration: {@link io.kapsel.node.Membership} asks before it joins. */
  static List<String> seedNodes(Settings.Cluster cluster) {
    return cluster.seedNodes().stream().map(node -> "akka://" + SYSTEM + "@" + node).toList();
  }

  /** One small pool for recoveries, snapshots and tidying; events have a writer of their own. */
  private static void journal(
      Map<String, Object> values, Settings.Journal journal, DatabaseSettings database) {
    String shared = "akka-persistence-jdbc.shared-databases.slick.";
    values.put(shared + "profile", "slick.jdbc.PostgresProfile$");
    values.put(shared + "db.url", database.url());
    values.put(shared + "db.user", database.user());
    values.put(shared + "db.password", database.password().value());
    values.put(shared + "db.driver", "org.postgresql.Driver");
    values.put(shared + "db.properties.reWriteBatchedInserts", "true");
    values.put(shared + "db.properties.ApplicationName", "kapsel-journal");
    values.put(shared + "db.properties.socketTimeout", "20");
    values.put(shared + "db.properties.prepareThreshold", "1");
    values.put(shared + "db.properties.options", Database.SESSION_OPTIONS);
    values.put(shared + "db.numThreads", READING_CONNECTIONS);
    values.put(shared + "db.maxConnections", READING_CONNECTIONS);
    values.put(shared + "db.minConnections", 1);
    values.put(shared + "db.queueSize", 10_000);
    values.put(shared + "db.connectionTimeout", database.connectTimeoutMillis() + "ms");
    values.put("jdbc-journal.use-shared-db", "slick");
    values.put("jdbc-journal.dao", CopyJournalDao.class.getName());
    values.put("jdbc-journal.bufferSize", journal.queuedWritesMax());
    values.put("jdbc-journal.batchSize", journal.batchRowsMax());
    values.put("jdbc-journal.parallelism", journal.parallelism());
    values.put("jdbc-snapshot-store.use-shared-db", "slick");
    values.put("jdbc-read-journal.use-shared-db", "slick");
  }

  private static Map<String, Object> flattened(Map<String, Object> values) {
    Map<String, Object> result = new LinkedHashMap<>();
    values.forEach((path, value) -> result.put(path, ConfigValueFactory.fromAnyRef(value)));
    return result;
  }
}
