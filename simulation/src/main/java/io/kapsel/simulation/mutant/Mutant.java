package io.kapsel.simulation.mutant;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.node.Node;
import java.util.Map;
import java.util.TreeMap;

/** One planted bug. What it does not replace stays as it is. */
public interface Mutant {
  /** No bug at all. */
  Mutant NONE = new Mutant() {};

  default Node.Ports ports(Node.Ports ports) {
    return ports;
  }

  /** Akka's configuration, by path. */
  default Map<String, String> config() {
    return new TreeMap<>();
  }

  default Endpoint.Decision decide(Deciding call) {
    return call.faithfully();
  }

  default Endpoint.Plan plan(Planning call) {
    return call.faithfully();
  }
}
