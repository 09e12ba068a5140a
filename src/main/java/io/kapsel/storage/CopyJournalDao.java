package io.kapsel.storage;

import akka.persistence.jdbc.config.JournalConfig;
import akka.persistence.jdbc.journal.dao.DefaultJournalDao;
import akka.persistence.jdbc.journal.dao.JournalTables.JournalAkkaSerializationRow;
import akka.serialization.Serialization;
import akka.stream.Materializer;
import java.util.ArrayList;
import java.util.List;
import scala.Tuple2;
import scala.collection.immutable.Seq;
import scala.collection.immutable.Set;
import scala.concurrent.ExecutionContext;
import scala.concurrent.Future;
import scala.concurrent.Promise;
import scala.concurrent.Promise$;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.BoxedUnit;
import slick.jdbc.JdbcBackend;
import slick.jdbc.JdbcProfile;

/**
 * The JDBC journal with another way to write: rows go to the {@link JournalWriter} of the actor
 * system's setup. Reading stays the plugin's own. The plugin makes this by reflection.
 */
public final class CopyJournalDao extends DefaultJournalDao {
  private final JournalWriter writer;

  public CopyJournalDao(
      JdbcBackend.DatabaseDef database,
      JdbcProfile profile,
      JournalConfig config,
      Serialization serialization,
      ExecutionContext executor,
      Materializer materializer) {
    super(database, profile, config, serialization, executor, materializer);
    this.writer =
        serialization
            .system()
            .settings()
            .setup()
            .get(JournalWriter.class)
            .orElseThrow(() -> new IllegalStateException("no journal writer in the setup"));
  }

  @Override
  public Future<BoxedUnit> queueWriteJournalRows(
      Seq<Tuple2<JournalAkkaSerializationRow, Set<String>>> rows) {
    List<JournalAkkaSerializationRow> plain = new ArrayList<>(rows.size());
    for (var row : CollectionConverters.asJava(rows)) {
      // Neither is written by endpoints and sharding; the table's defaults stand for them.
      if (row._2().nonEmpty() || row._1().metaSerId().isDefined())
        return super.queueWriteJournalRows(rows);
      plain.add(row._1());
    }
    Promise<BoxedUnit> done = Promise$.MODULE$.apply();
    writer.write(plain, done);
    return done.future();
  }
}
