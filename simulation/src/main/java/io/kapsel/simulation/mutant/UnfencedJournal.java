package io.kapsel.simulation.mutant;

import com.typesafe.config.Config;
import io.kapsel.simulation.storage.JournalTables;
import io.kapsel.simulation.storage.SimulatedJournal;
import java.util.List;

/** Has no primary key: the last to write a number wins. */
public final class UnfencedJournal extends SimulatedJournal {
  /** Called by Akka. */
  public UnfencedJournal(Config config) {
    super(config);
  }

  @Override
  protected void insert(JournalTables tables, List<JournalTables.Row> rows) {
    tables.remove(rows);
    super.insert(tables, rows);
  }
}
