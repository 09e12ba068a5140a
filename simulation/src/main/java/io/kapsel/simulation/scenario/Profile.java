package io.kapsel.simulation.scenario;

/** Which world a scenario plays in. */
public enum Profile {
  /** One node: fast, for most seeds. */
  ENDPOINT,
  /** Three to five nodes with gossip, partitions and hand-overs. */
  CLUSTER,
  /** One node, one endpoint with a policy of the caller's, one outage of its destination. */
  DESTINATION;

  /** A run in the cluster world costs about ten times as much as one in the endpoint world. */
  private static final long CLUSTER_ONE_IN = 8;

  /** Where a seed plays when nobody says. */
  public static Profile of(long seed) {
    return Math.floorMod(seed, CLUSTER_ONE_IN) == 0 ? CLUSTER : ENDPOINT;
  }
}
