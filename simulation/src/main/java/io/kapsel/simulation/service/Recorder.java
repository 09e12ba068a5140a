package io.kapsel.simulation.service;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.endpoint.EndpointActor;
import io.kapsel.endpoint.EndpointObserver;
import io.kapsel.endpoint.SealAdapters;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.storage.JournalWatcher;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.World;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what can be seen of the service and hands it on. Knows the names: endpoints and
 * webhooks are called {@code e1} and {@code w12} here, whatever identifiers they got.
 */
public final class Recorder implements JournalWatcher {
  /** Past this, observations are still handed on, but no longer kept. */
  private static final int KEPT_MAX = 300_000;

  private static final String ENDPOINT_ROWS = EndpointActor.KEY.name() + "|";

  /** Sees every observation as it is made. */
  public interface Listener {
    /**
     * @param index its place among the observations
     */
    void saw(int index, Observation observation);

    /** An endpoint on a living node is in this state, which is not an observation. */
    default void stepped(String node, String endpoint, State state, Flight flight) {}
  }

  private final World world;
  private final List<Listener> listeners = new ArrayList<>();
  private final List<Observation> kept = new ArrayList<>();
  private final Map<EndpointId, String> endpoints = new TreeMap<>();
  private final Map<String, EndpointId> endpointIds = new TreeMap<>();
  private final Map<WebhookId, String> webhooks = new HashMap<>();
  private final Map<String, Circuit.Phase> phases = new TreeMap<>();
  private final TreeMap<String, Long> living = new TreeMap<>();
  private final Map<String, Status> statuses = new TreeMap<>();
  private int seen;

  public Recorder(World world) {
    this.world = world;
  }

  public void listen(Listener listener) {
    listeners.add(listener);
  }

  public long now() {
    return world.nanoTime();
  }

  public void see(Observation observation) {
    int index = seen++;
    if (index < KEPT_MAX) kept.add(observation);
    world.trace().observation(world.nanoTime(), observation);
    for (Listener listener : listeners) listener.saw(index, observation);
  }

  public List<Observation> observations() {
    return kept;
  }

  /** Endpoints in memory that have written nothing for so long, on nodes that are alive. */
  public List<String> awakeFor(long nanos) {
    List<String> awake = new ArrayList<>();
    for (Node node : world.liveNodes())
      for (String endpoint : endpointIds.keySet()) {
        Long since = living.get(node.id() + "/" + endpoint);
        if (since != null && now() - since > nanos) awake.add(endpoint);
      }
    return awake;
  }

  public long dropped() {
    return Math.max(0, seen - KEPT_MAX);
  }

  /** As the journal has it. */
  Status statusOf(String endpoint) {
    return statuses.getOrDefault(endpoint, Status.ACTIVE);
  }

  public void name(EndpointId id, String name) {
    endpoints.put(id, name);
    endpointIds.put(name, id);
  }

  public String nameOf(EndpointId id) {
    return endpoints.getOrDefault(id, "?");
  }

  public EndpointId idOf(String endpoint) {
    EndpointId id = endpointIds.get(endpoint);
    if (id == null) throw new IllegalArgumentException("no endpoint " + endpoint);
    return id;
  }

  public void name(WebhookId id, String webhook) {
    webhooks.put(id, webhook);
  }

  public String nameOf(WebhookId id) {
    return webhooks.getOrDefault(id, "?");
  }

  // ---------------------------------------------------------------------------------- journal

  private @Nullable String endpointOf(String persistenceId) {
    if (!persistenceId.startsWith(ENDPOINT_ROWS)) return null;
    return EndpointId.parse(persistenceId.substring(ENDPOINT_ROWS.length()))
        .map(this::nameOf)
        .orElse(null);
  }

  @Override
  public void written(
      Node node, String persistenceId, long firstSequenceNr, String writer, List<Object> events) {
    String endpoint = endpointOf(persistenceId);
    if (endpoint == null) return;
    living.computeIfPresent(node.id() + "/" + endpoint, (name, since) -> now());
    List<Endpoint.Event> written = new ArrayList<>(events.size());
    for (Object event : events) written.add((Endpoint.Event) SealAdapters.subject(event));
    see(
        new Observation.Journaled(
            now(), node.id(), endpoint, firstSequenceNr, writer, List.copyOf(written)));
    for (Endpoint.Event event : written) {
      if (event instanceof Endpoint.StatusChanged changed) statuses.put(endpoint, changed.status());
      circuit(endpoint, event);
    }
  }

  private void circuit(String endpoint, Endpoint.Event event) {
    Circuit circuit =
        switch (event) {
          case Endpoint.AttemptsEnded ended -> ended.circuit();
          case Endpoint.CircuitReset reset -> Circuit.CLOSED;
          default -> null;
        };
    if (circuit == null) return;
    Circuit.Phase before = phases.put(endpoint, circuit.phase());
    boolean isNews =
        circuit.phase() != (before == null ? Circuit.Phase.CLOSED : before)
            || (circuit.phase() == Circuit.Phase.OPEN && event instanceof Endpoint.AttemptsEnded);
    if (!isNews) return;
    String why = event instanceof Endpoint.AttemptsEnded ended ? outcomes(ended) : "reset by hand";
    see(
        new Observation.CircuitChanged(
            now(), endpoint, circuit.phase(), circuit.openUntilMillis(), why));
  }

  private String outcomes(Endpoint.AttemptsEnded batch) {
    StringBuilder text = new StringBuilder();
    for (Ended ended : batch.ended()) {
      if (!text.isEmpty()) text.append(", ");
      text.append(nameOf(ended.attempt().webhook()))
          .append('#')
          .append(ended.attempt().number())
          .append(' ')
          .append(ended.attempt().outcome().kind());
    }
    return text.toString();
  }

  @Override
  public void confirmed(Node node, String persistenceId, long firstSequenceNr) {
    String endpoint = endpointOf(persistenceId);
    if (endpoint != null)
      see(new Observation.JournalConfirmed(now(), node.id(), endpoint, firstSequenceNr));
  }

  @Override
  public void refused(Node node, String persistenceId, long firstSequenceNr, String why) {
    String endpoint = endpointOf(persistenceId);
    if (endpoint != null)
      see(new Observation.JournalRefused(now(), node.id(), endpoint, firstSequenceNr, why));
  }

  @Override
  public void recovering(Node node, String persistenceId) {
    String endpoint = endpointOf(persistenceId);
    if (endpoint != null) see(new Observation.Recovering(now(), node.id(), endpoint));
  }

  @Override
  public void snapshotSaved(Node node, String persistenceId, long sequenceNr) {
    String endpoint = endpointOf(persistenceId);
    if (endpoint != null)
      see(new Observation.SnapshotStored(now(), node.id(), endpoint, sequenceNr));
  }

  // ------------------------------------------------------------------------------------- nodes

  /** The port through which production's metrics look at the endpoints of a node. */
  EndpointObserver at(Node node) {
    return new EndpointObserver() {
      @Override
      public void persisted(EndpointId id, Endpoint.Event event) {}

      @Override
      public void stepped(EndpointId id, State state, Flight flight) {
        String endpoint = nameOf(id);
        if (living.putIfAbsent(node.id() + "/" + endpoint, now()) == null)
          see(new Observation.EndpointStarted(now(), node.id(), endpoint));
        for (Listener listener : listeners) listener.stepped(node.id(), endpoint, state, flight);
      }

      @Override
      public void stopped(EndpointId id) {
        String endpoint = nameOf(id);
        if (living.remove(node.id() + "/" + endpoint) != null)
          see(new Observation.EndpointStopped(now(), node.id(), endpoint));
      }
    };
  }
}
