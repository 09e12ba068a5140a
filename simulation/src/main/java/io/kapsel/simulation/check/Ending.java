package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.State;
import io.kapsel.simulation.world.World;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is left at the end of a run.
 *
 * @param settled whether everything had ended within the bound
 * @param lost stored webhooks that the service reports as lost
 * @param awake endpoints in memory long after they had nothing to do
 * @param stepsFresh steps for each virtual second before any load
 * @param stepsLater the same when everything had ended
 */
public record Ending(
    World world,
    boolean settled,
    long lost,
    List<Recovery> recoveries,
    List<String> awake,
    double stepsFresh,
    double stepsLater) {

  /**
   * An endpoint's state by three ways.
   *
   * @param fromJournal folded from its first event on
   * @param fromSnapshots from each snapshot and what came after it, by the snapshot's number
   */
  public record Recovery(
      String endpoint, @Nullable State fromJournal, Map<Long, State> fromSnapshots) {}
}
