package io.kapsel.simulation.storage;

import io.kapsel.simulation.world.Node;
import java.util.List;

/** Is told what becomes of the journal. */
public interface JournalWatcher {
  /**
   * The events are durable; whether their writer will ever know is another matter.
   *
   * @param events as they were handed to the journal
   */
  void written(
      Node node, String persistenceId, long firstSequenceNr, String writer, List<Object> events);

  /** The writer was told that they are durable. */
  void confirmed(Node node, String persistenceId, long firstSequenceNr);

  /** The writer was told that they are not; they may be. */
  void refused(Node node, String persistenceId, long firstSequenceNr, String why);

  /** Somebody recovers. */
  void recovering(Node node, String persistenceId);

  void snapshotSaved(Node node, String persistenceId, long sequenceNr);
}
