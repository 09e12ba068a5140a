package io.kapsel.simulation.mutant;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.Limits;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.deliver.Destination;
import io.kapsel.endpoint.EndpointObserver;
import io.kapsel.node.Node;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Endpoints that were stopped on a node and go on from their last state there, attempt by attempt.
 * Whenever somebody asks for the time, they see what is due.
 */
final class Ghosts implements EndpointObserver {
  private record Life(State state, Flight flight) {}

  private final Node.Ports ports;
  private final Map<EndpointId, Life> living = new TreeMap<>();
  private final Map<EndpointId, Life> dead = new TreeMap<>();

  Ghosts(Node.Ports ports) {
    this.ports = ports;
  }

  InstantSource clock() {
    return new InstantSource() {
      @Override
      public Instant instant() {
        return Instant.ofEpochMilli(millis());
      }

      @Override
      public long millis() {
        long now = ports.clock().millis();
        haunt(now);
        return now;
      }
    };
  }

  private void haunt(long nowMillis) {
    for (Map.Entry<EndpointId, Life> ghost : dead.entrySet()) {
      State state = ghost.getValue().state();
      Endpoint.Plan plan =
          Endpoint.plan(state, ghost.getValue().flight(), nowMillis, Limits.DEFAULT);
      if (plan.attempts().isEmpty()) continue;
      ghost.setValue(new Life(state, plan.flight()));
      attempt(state.config(), plan.attempts());
    }
  }

  private void attempt(EndpointConfig config, List<Endpoint.Started> attempts) {
    Map<WebhookId, Integer> numbers = new TreeMap<>();
    for (Endpoint.Started started : attempts) numbers.put(started.id(), started.number());
    var unused =
        ports
            .contents()
            .fetch(new ArrayList<>(numbers.keySet()))
            .thenAccept(
                found ->
                    found.forEach(
                        webhook ->
                            ports
                                .destination()
                                .deliver(
                                    new Destination.Dispatch(
                                        config.url(),
                                        config.delivery(),
                                        config.allowPrivateDestination(),
                                        webhook,
                                        numbers.getOrDefault(webhook.id(), 1)))));
  }

  @Override
  public void persisted(EndpointId id, Endpoint.Event event) {
    ports.observer().persisted(id, event);
  }

  @Override
  public void stepped(EndpointId id, State state, Flight flight) {
    dead.remove(id);
    living.put(id, new Life(state, flight));
    ports.observer().stepped(id, state, flight);
  }

  @Override
  public void stopped(EndpointId id) {
    Life life = living.remove(id);
    if (life != null) dead.put(id, life);
    ports.observer().stopped(id);
  }
}
