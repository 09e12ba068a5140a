package io.kapsel.simulation.mutant;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.Jitter;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.endpoint.State;
import org.jspecify.annotations.Nullable;

/** Where the endpoint actor's calls of the core arrive inside a world: see the agent. */
public final class Operation {
  private static Mutant current = Mutant.NONE;

  private Operation() {}

  /** From now on, in this JVM. */
  public static void plant(Mutant mutant) {
    current = mutant;
  }

  public static Endpoint.Decision decide(
      @Nullable State state,
      Flight flight,
      Endpoint.Command command,
      long nowMillis,
      Jitter jitter,
      Limits limits) {
    return current.decide(new Deciding(state, flight, command, nowMillis, jitter, limits));
  }

  public static Endpoint.Plan plan(State state, Flight flight, long nowMillis, Limits limits) {
    return current.plan(new Planning(state, flight, nowMillis, limits));
  }
}
