package io.kapsel.simulation.storage;

import io.kapsel.core.webhook.Body;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The rows of the journal and of the snapshots: bytes, with the journal's primary key enforced. */
public final class JournalTables {
  /** One event as it is stored. */
  public record Row(
      String persistenceId,
      long sequenceNr,
      Body payload,
      int serializer,
      String manifest,
      String writer,
      long timestamp) {}

  /** One snapshot as it is stored. */
  public record Snapshot(
      String persistenceId,
      long sequenceNr,
      long timestamp,
      Body payload,
      int serializer,
      String manifest) {}

  /** Since when, by sequence number, the rows are there; forgotten with them. */
  private final Map<String, TreeMap<Long, Long>> since = new TreeMap<>();

  private final Map<String, TreeMap<Long, Row>> rows = new TreeMap<>();
  private final Map<String, Long> highest = new HashMap<>();
  private final Map<String, TreeMap<Long, Snapshot>> snapshots = new TreeMap<>();

  /** Every row that ever was, for the checks after a run: tidying up must not matter to them. */
  private final Map<String, List<Row>> archive = new TreeMap<>();

  private @Nullable JournalWatcher watcher;

  public void watch(JournalWatcher told) {
    watcher = told;
  }

  @Nullable JournalWatcher watcher() {
    return watcher;
  }

  /** All or nothing. */
  void insert(List<Row> inserted, long nowNanos) {
    for (Row row : inserted) {
      TreeMap<Long, Row> existing = rows.get(row.persistenceId);
      if (existing != null && existing.containsKey(row.sequenceNr)) {
        throw new IllegalStateException(
            "duplicate key " + row.persistenceId + "/" + row.sequenceNr);
      }
    }
    for (Row row : inserted) {
      rows.computeIfAbsent(row.persistenceId, id -> new TreeMap<>()).put(row.sequenceNr, row);
      since.computeIfAbsent(row.persistenceId, id -> new TreeMap<>()).put(row.sequenceNr, nowNanos);
      highest.merge(row.persistenceId, row.sequenceNr, Math::max);
      archive.computeIfAbsent(row.persistenceId, id -> new ArrayList<>()).add(row);
    }
  }

  /** Rows of the same numbers; only a planted bug does that. */
  public void remove(List<Row> replaced) {
    for (Row row : replaced) {
      TreeMap<Long, Row> existing = rows.get(row.persistenceId);
      if (existing != null) existing.remove(row.sequenceNr);
    }
  }

  void deleteTo(String persistenceId, long to) {
    TreeMap<Long, Row> existing = rows.get(persistenceId);
    if (existing != null) existing.headMap(to, true).clear();
  }

  List<Row> replay(String persistenceId, long from, long to, long max) {
    TreeMap<Long, Row> existing = rows.get(persistenceId);
    if (existing == null || from > to) return List.of();
    List<Row> found = new ArrayList<>();
    for (Row row : existing.subMap(from, true, to, true).values()) {
      if (found.size() >= max) break;
      found.add(row);
    }
    return found;
  }

  long highest(String persistenceId) {
    return highest.getOrDefault(persistenceId, 0L);
  }

  void save(Snapshot snapshot) {
    snapshots
        .computeIfAbsent(snapshot.persistenceId, id -> new TreeMap<>())
        .put(snapshot.sequenceNr, snapshot);
  }

  @Nullable Snapshot latest(String persistenceId, long maxSequenceNr, long maxTimestamp) {
    TreeMap<Long, Snapshot> existing = snapshots.get(persistenceId);
    if (existing == null) return null;
    for (Snapshot snapshot : existing.descendingMap().values()) {
      if (snapshot.sequenceNr <= maxSequenceNr && snapshot.timestamp <= maxTimestamp) {
        return snapshot;
      }
    }
    return null;
  }

  void deleteSnapshots(String persistenceId, long from, long to, long maxTimestamp) {
    TreeMap<Long, Snapshot> existing = snapshots.get(persistenceId);
    if (existing != null && from <= to)
      existing
          .subMap(from, true, to, true)
          .values()
          .removeIf(snapshot -> snapshot.timestamp <= maxTimestamp);
  }

  /** What the journal keeper does: see {@code io.kapsel.storage.JournalKeeper}. */
  public void tidy(int snapshotsKept, long olderThanNanos) {
    for (Map.Entry<String, TreeMap<Long, Snapshot>> entry : snapshots.entrySet()) {
      TreeMap<Long, Snapshot> kept = entry.getValue();
      while (kept.size() > snapshotsKept) kept.pollFirstEntry();
      TreeMap<Long, Row> existing = rows.get(entry.getKey());
      TreeMap<Long, Long> times = since.get(entry.getKey());
      if (existing == null || times == null || kept.size() < snapshotsKept) continue;
      Map<Long, Long> unread = times.headMap(kept.firstKey(), false);
      unread.values().removeIf(written -> written < olderThanNanos);
      existing.headMap(kept.firstKey(), false).keySet().retainAll(unread.keySet());
    }
  }

  /** Every row that one persistence id ever had, deleted or not, in order. */
  public List<Row> archive(String persistenceId) {
    return List.copyOf(archive.getOrDefault(persistenceId, List.of()));
  }

  public List<String> persistenceIds() {
    return List.copyOf(archive.keySet());
  }

  public List<Snapshot> snapshots(String persistenceId) {
    TreeMap<Long, Snapshot> existing = snapshots.get(persistenceId);
    return existing == null ? List.of() : List.copyOf(existing.values());
  }
}
