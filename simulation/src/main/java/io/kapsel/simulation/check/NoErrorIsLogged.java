package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;

/**
 * S16: no ERROR, no foreign thread, no exception that escapes, nothing given up as lost. What Akka
 * says about the stores of its own sharding when the database does not answer is no error of ours,
 * nor what its coordinator says about nodes that stand still, which it asks again.
 */
record NoErrorIsLogged(Findings findings) implements Invariant {
  @Override
  public void saw(int index, Observation observation) {
    if (!(observation instanceof Observation.ErrorLogged error) || isOfAkkasSharding(error)) return;
    findings.broken(
        "S16",
        Severity.SAFETY,
        "",
        "",
        error.node() + " logged an error, " + error.logger() + ": " + error.message(),
        index);
  }

  private static boolean isOfAkkasSharding(Observation.ErrorLogged error) {
    // A timer that a terminating system refuses.
    if (error.message().contains("the scheduler is closed")) return true;
    boolean store =
        error.message().contains("emember entit")
            || error.message().contains("remembered shard")
            || error.message().contains("RememberEntities")
            || error.message().contains("Async write timed out")
            || error.message().contains("when getting RestartTerminatedEntity")
            || error.message().contains("/sharding/")
            || error.message().contains("The ShardCoordinator was unable to");
    return store && error.logger().contains("/system/sharding/");
  }

  @Override
  public void ended(Ending ending) {
    for (String offence : ending.world().offences())
      findings.broken("S16", Severity.SAFETY, "", "", "A rule of the world was broken: " + offence);
    if (ending.lost() > 0)
      findings.broken(
          "S16",
          Severity.SAFETY,
          "",
          "",
          ending.lost() + " stored webhooks were given up as lost.");
  }
}
