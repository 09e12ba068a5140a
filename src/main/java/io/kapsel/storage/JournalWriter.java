package io.kapsel.storage;

import akka.actor.setup.Setup;
import akka.persistence.jdbc.journal.dao.JournalTables.JournalAkkaSerializationRow;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import scala.concurrent.Promise;
import scala.runtime.BoxedUnit;

/**
 * Events into the journal's table, by group commit like contents. A write that fails may have been
 * made; its endpoint stops and reads the journal again. The primary key refuses a second writer,
 * and only the endpoint that it refuses fails: the lane takes a refused batch apart.
 */
public final class JournalWriter extends Setup implements AutoCloseable {
  private static final int COLUMN_COUNT = 8;
  private static final String COPY =
      "copy event_journal (persistence_id, sequence_number, write_timestamp, event_ser_id, writer,"
          + " adapter_manifest, event_ser_manifest, event_payload) from stdin (format binary)";
  private static final long ROW_OVERHEAD_BYTES = 200;
  private static final long BUFFER_BYTES = 256;

  private final BatchLane<Rows> writing;

  public JournalWriter(Database database, BatchLaneSettings settings) {
    this.writing = new BatchLane<>("journal-writer", settings, database, JournalWriter::write);
  }

  /** Writes all of the rows or none; the promise is kept when they are durable. */
  void write(List<JournalAkkaSerializationRow> rows, Promise<BoxedUnit> done) {
    writing.offer(new Rows(rows, done));
  }

  /** Writes what is queued; then everything fails with {@link StorageUnavailable}. */
  @Override
  public void close() {
    writing.close();
  }

  private static void write(Connection connection, List<Rows> batch) throws SQLException {
    long bytes = BUFFER_BYTES;
    for (Rows item : batch) bytes += item.bytes();
    CopyRows.copy(
        connection,
        COPY,
        (int) Math.min(bytes, Integer.MAX_VALUE),
        copy -> {
          for (Rows item : batch)
            for (JournalAkkaSerializationRow row : item.rows) copyRow(copy, row);
        });
  }

  private static void copyRow(CopyRows copy, JournalAkkaSerializationRow row) throws SQLException {
    copy.row(COLUMN_COUNT)
        .text(row.persistenceId())
        .bigint(row.sequenceNumber())
        .bigint(row.writeTimestamp())
        .integer(row.eventSerId())
        .text(row.writer())
        .text(row.adapterManifest())
        .text(row.eventSerManifest())
        .bytes(row.eventPayload());
  }

  private record Rows(List<JournalAkkaSerializationRow> rows, Promise<BoxedUnit> done)
      implements BatchLane.Item {
    @Override
    public long bytes() {
      long bytes = 0;
      for (JournalAkkaSerializationRow row : rows)
        bytes += ROW_OVERHEAD_BYTES + row.eventPayload().length;
      return bytes;
    }

    @Override
    public void succeed() {
      done.trySuccess(BoxedUnit.UNIT);
    }

    @Override
    public void fail(RuntimeException cause) {
      done.tryFailure(cause);
    }
  }
}
