package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;

/**
 * S16: no ERROR, no foreign thread, no exception that escapes, nothing given up as lost. While a
 * fault is felt, what Akka says about the stores of its own sharding is no error of ours, nor what
 * its coordinator says about nodes that do not answer, which it asks again.
 */
record NoErrorIsLogged(Findings findings, Disturbances disturbances) implements Invariant {
  @Override
  public void saw(int index, Observation observation) {
    if (!(observation instanceof Observation.ErrorLogged error) || isExcused(error)) return;
    findings.broken(
        "S16",
        Severity.SAFETY,
        "",
        "",
        error.node() + " logged an error, " + error.logger() + ": " + error.message(),
        index);
  }

  private boolean isExcused(Observation.ErrorLogged error) {
    if (error.atNanos() > disturbances.untilNanos()) return false;
    // A timer that a terminating system refuses.
    if (error.message().contains("the scheduler is closed")) return true;
    return error.logger().contains("/system/sharding/") && isAboutSharding(error.message());
  }

  private static boolean isAboutSharding(String message) {
    return message.contains("emember entit")
        || message.contains("remembered shard")
        || message.contains("RememberEntities")
        || message.contains("Async write timed out")
        || message.contains("when getting RestartTerminatedEntity")
        || message.contains("/sharding/")
        || message.contains("The ShardCoordinator was unable to");
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
