package io.kapsel.simulation.service;

import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.storage.Database;
import io.kapsel.simulation.world.Node;
import io.kapsel.storage.HistoryStore;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** One node's way to the history. */
record SimulatedHistory(Node node, Database database, HistoryRows rows, Recorder recorder)
    implements HistoryStore {
  @Override
  public CompletionStage<Void> record(EndpointId endpoint, List<Ended> ended) {
    if (ended.isEmpty()) return CompletableFuture.completedFuture(null);
    String name = recorder.nameOf(endpoint);
    return Requests.of(
        database,
        node,
        Database.Table.HISTORY,
        true,
        "history of " + name + ", " + ended.size() + " attempts",
        name,
        () -> {
          for (Ended one : ended) {
            if (!rows.record(name, one)) continue;
            recorder.see(
                new Observation.HistoryRecorded(
                    recorder.now(),
                    node.id(),
                    name,
                    one.attempt().webhook().toString(),
                    one.attempt().number(),
                    one.attempt().outcome().kind(),
                    one.verdict()));
          }
          return null;
        });
  }
}
