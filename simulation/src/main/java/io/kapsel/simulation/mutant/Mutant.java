package io.kapsel.simulation.mutant;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.Jitter;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.endpoint.State;
import io.kapsel.node.Node;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

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

  default Endpoint.Decision decide(
      @Nullable State state,
      Flight flight,
      Endpoint.Command command,
      long nowMillis,
      Jitter jitter,
      Limits limits) {
    return Endpoint.decide(state, flight, command, nowMillis, jitter, limits);
  }

  default Endpoint.Plan plan(State state, Flight flight, long nowMillis, Limits limits) {
    return Endpoint.plan(state, flight, nowMillis, limits);
  }
}
