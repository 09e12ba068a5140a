package io.kapsel.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import akka.persistence.jdbc.journal.dao.JournalTables.JournalAkkaSerializationRow;
import io.kapsel.testing.PostgresForTests;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import scala.Option;
import scala.concurrent.Promise;
import scala.concurrent.Promise$;
import scala.jdk.javaapi.FutureConverters;
import scala.runtime.BoxedUnit;

class JournalWriterTest {
  private DatabaseSettings settings;
  private Database database;
  private JournalWriter writer;

  @BeforeEach
  void open() {
    settings = PostgresForTests.freshDatabase();
    database = Database.open(settings);
    writer =
        new JournalWriter(
            database, new BatchLaneSettings(2, 400, 4 << 20, 10_000, 64 << 20, 1_000, 60_000));
  }

  @AfterEach
  void close() {
    writer.close();
    database.close();
  }

  private static JournalAkkaSerializationRow row(String id, long sequence) {
    return new JournalAkkaSerializationRow(
        Long.MIN_VALUE,
        false,
        id,
        sequence,
        "writer of " + id,
        1_000 + sequence,
        "",
        ("event " + sequence).getBytes(UTF_8),
        7_101,
        "e:accepted",
        Option.empty(),
        Option.empty(),
        Option.empty());
  }

  private CompletionStage<BoxedUnit> write(JournalAkkaSerializationRow... rows) {
    Promise<BoxedUnit> done = Promise$.MODULE$.apply();
    writer.write(List.of(rows), done);
    return FutureConverters.asJava(done.future());
  }

  private static void isWritten(CompletionStage<BoxedUnit> write) throws Exception {
    write.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private static void isRefused(CompletionStage<BoxedUnit> write) {
    var refused =
        assertThrows(
            ExecutionException.class, () -> write.toCompletableFuture().get(60, TimeUnit.SECONDS));
    assertInstanceOf(StorageUnavailable.class, refused.getCause());
  }

  private String journal() {
    return PostgresForTests.query(
        settings,
        "select string_agg(persistence_id || ' ' || sequence_number, ', '"
            + " order by persistence_id, sequence_number) from event_journal");
  }

  @Test
  void a_row_holds_what_the_plugin_reads_back() throws Exception {
    isWritten(write(row("endpoint|a", 1)));
    assertEquals(
        "endpoint|a 1 f writer of endpoint|a 1001  7101 e:accepted event 1",
        PostgresForTests.query(
            settings,
            "select concat_ws(' ', persistence_id, sequence_number, deleted, writer,"
                + " write_timestamp, adapter_manifest, event_ser_id, event_ser_manifest,"
                + " convert_from(event_payload, 'UTF8')) from event_journal"));
  }

  @Test
  void a_second_writer_is_refused_and_takes_nobody_with_it() throws Exception {
    isWritten(write(row("fenced", 1)));
    List<CompletionStage<BoxedUnit>> others = new ArrayList<>();
    for (int i = 0; i < 100; i++) others.add(write(row("a" + i, 1)));
    CompletionStage<BoxedUnit> fenced = write(row("fenced", 1));
    for (int i = 100; i < 200; i++) others.add(write(row("a" + i, 1)));
    for (CompletionStage<BoxedUnit> other : others) isWritten(other);
    isRefused(fenced);
  }

  @Test
  void all_events_of_a_write_are_kept_or_none() throws Exception {
    isWritten(write(row("a", 2)));
    isRefused(write(row("a", 1), row("a", 2)));
    assertEquals("a 2", journal());
    isWritten(write(row("a", 3), row("a", 4)));
    assertEquals("a 2, a 3, a 4", journal());
  }
}
