package io.kapsel.endpoint;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.webhook.EndpointId;

/**
 * Watches the endpoints of a node. Implementations: the metrics in production, the invariants in
 * the simulator. Called on the actor's thread; must be quick and thread-safe.
 */
public interface EndpointObserver {
  /** An event has become durable. */
  void persisted(EndpointId id, Endpoint.Event event);

  /** Idempotency keys were forgotten before their time, because the window is full. */
  default void forgot(EndpointId id, int keys) {}

  /** The endpoint is in this state now. */
  void stepped(EndpointId id, State state, Flight flight);

  /** The endpoint no longer lives on this node. */
  void stopped(EndpointId id);
}
