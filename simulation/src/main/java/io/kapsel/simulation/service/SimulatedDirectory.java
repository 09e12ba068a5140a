package io.kapsel.simulation.service;

import io.kapsel.core.webhook.Body;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.endpoint.ConfigJson;
import io.kapsel.simulation.storage.Database;
import io.kapsel.simulation.world.Node;
import io.kapsel.storage.EndpointDirectory;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;

/** One node's way to the directory. Configurations are kept as the JSON that production keeps. */
record SimulatedDirectory(Node node, Database database, Rows rows, Recorder recorder)
    implements EndpointDirectory {

  private record Row(Entry entry, Body config) {}

  /** The table itself. */
  static final class Rows {
    private final TreeMap<EndpointId, Row> entries = new TreeMap<>();
  }

  @Override
  public CompletionStage<Optional<Entry>> find(EndpointId id) {
    return Requests.of(
        database,
        node,
        Database.Table.DIRECTORY,
        false,
        "find " + id,
        recorder.nameOf(id),
        () -> Optional.ofNullable(rows.entries.get(id)).map(SimulatedDirectory::read));
  }

  private static Entry read(Row row) {
    Entry entry = row.entry;
    return new Entry(
        entry.id(),
        entry.tenant(),
        entry.status(),
        entry.version(),
        ConfigJson.fromJournal(row.config.unsafeBytes()),
        entry.createdAtMillis(),
        entry.updatedAtMillis());
  }

  @Override
  public CompletionStage<Void> put(Entry entry) {
    Row row = new Row(entry, Body.wrap(ConfigJson.toJournal(entry.config().withoutSecrets())));
    return Requests.of(
        database,
        node,
        Database.Table.DIRECTORY,
        true,
        "directory " + recorder.nameOf(entry.id()) + " version " + entry.version(),
        recorder.nameOf(entry.id()),
        () -> {
          Row before = rows.entries.get(entry.id());
          if (before == null || before.entry.version() <= entry.version())
            rows.entries.put(entry.id(), row);
          return null;
        });
  }
}
