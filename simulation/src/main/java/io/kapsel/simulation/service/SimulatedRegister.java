package io.kapsel.simulation.service;

import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.storage.Database;
import io.kapsel.simulation.world.Node;
import io.kapsel.storage.ClusterRegister;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One node's way to the register of the cluster's nodes. The database's clock is right. */
record SimulatedRegister(Node node, Recorder recorder, Database database, Rows rows)
    implements ClusterRegister {
  private static final long ALIVE_NANOS = TimeUnit.SECONDS.toNanos(ALIVE_SECONDS);

  /** The table itself: addresses, and when they were alive. */
  static final class Rows {
    private final TreeMap<String, Long> aliveAtNanos = new TreeMap<>();
  }

  @Override
  public CompletionStage<List<String>> alive(String address) {
    return request(
        "alive " + node,
        () -> {
          rows.aliveAtNanos.put(address, recorder.now());
          return others(address);
        });
  }

  @Override
  public CompletionStage<List<String>> found(String address) {
    return request(
        "found " + node,
        () -> {
          List<String> others = others(address);
          if (others.isEmpty()) {
            rows.aliveAtNanos.clear();
            rows.aliveAtNanos.put(address, recorder.now());
          } else {
            recorder.see(new Observation.FoundAlive(recorder.now(), node.id(), others));
          }
          return others;
        });
  }

  private List<String> others(String address) {
    return rows.aliveAtNanos.entrySet().stream()
        .filter(row -> !row.getKey().equals(address))
        .filter(row -> recorder.now() - row.getValue() < ALIVE_NANOS)
        .map(Map.Entry::getKey)
        .toList();
  }

  @Override
  public CompletionStage<?> gone(String address) {
    return request("gone " + node, () -> rows.aliveAtNanos.remove(address) != null);
  }

  private <T> CompletionStage<T> request(String what, Callable<@Nullable T> operation) {
    return Requests.of(database, node, Database.Table.REGISTER, true, what, node.name(), operation);
  }
}
