package io.kapsel.simulation.scenario;

/** Which world a scenario plays in. */
public enum Profile {
  /** One node: fast, for most seeds. */
  ENDPOINT,
  /** Three to five nodes with gossip, partitions and hand-overs. */
  CLUSTER,
  /** One node, one endpoint with a policy of the caller's, one outage of its destination. */
  DESTINATION
}
