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
 * @param stepsBusy steps for each virtual second while nothing was left to do, at first
 * @param stepsQuiet the same, some time later
 */
public record Ending(
    World world,
    boolean settled,
    long lost,
    List<Recovery> recoveries,
    double stepsBusy,
    double stepsQuiet) {

  /**
   * An endpoint's state by three ways.
   *
   * @param fromJournal folded from its first event on
   * @param fromSnapshots from each snapshot and what came after it, by the snapshot's number
   */
  public record Recovery(
      String endpoint, @Nullable State fromJournal, Map<Long, State> fromSnapshots) {}
}
