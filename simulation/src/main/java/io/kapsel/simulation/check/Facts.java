package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.service.Recorder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What follows from the observations so far: the life of each event and each endpoint as the
 * journal, the wire and the senders tell it. Written without the service's own state, so that the
 * two can disagree.
 */
final class Facts implements Recorder.Listener {
  /** One attempt as it was seen at the node's port. */
  static final class Sent {
    final int index;
    final long atNanos;
    final String node;
    final int number;
    int seenIndex = -1;
    boolean processed;
    Observation.@Nullable AttemptEnded ended;
    int endedIndex = -1;

    /**
     * The one that a node may make that cannot know better yet: it was frozen, or began too early.
     */
    final boolean excused;

    Sent(int index, Observation.AttemptSent sent, boolean excused) {
      this.index = index;
      this.excused = excused;
      this.atNanos = sent.atNanos();
      this.node = sent.node();
      this.number = sent.number();
    }
  }

  /** One identifier that Kapsel gave. */
  static final class Event {
    final String id;
    String webhook = "?";
    String endpoint = "?";
    long body;
    int storedIndex = -1;
    int acceptedIndex = -1;
    long acceptedAtNanos;

    /**
     * The last outcome that a node had written before it died: its successor may not have read it.
     */
    int landedLateIndex = -1;

    /** Its place in the endpoint's order of acceptance; a retry after its end is another place. */
    int place;

    String lane = "";
    int acknowledgedIndex = -1;
    int attempts;
    int budgetUsed;
    @Nullable Verdict verdict;
    int endedIndex = -1;
    long dueAtMillis;

    /** When its journal took the delay it waits for, and that delay; 0 before any. */
    long delayedAtNanos;

    long delayMillis;
    boolean inHistory;
    final List<Sent> sent = new ArrayList<>();

    /** When the journal took the outcome of each attempt, by number. */
    final TreeMap<Integer, Integer> endedAt = new TreeMap<>();

    final TreeMap<Integer, Ended> outcomes = new TreeMap<>();

    Event(String id) {
      this.id = id;
    }

    boolean isAccepted() {
      return acceptedIndex >= 0;
    }

    boolean isPending() {
      return isAccepted() && verdict == null;
    }
  }

  /** One endpoint. */
  static final class EndpointFacts {
    final String name;
    @Nullable EndpointConfig config;
    Status status = Status.ACTIVE;
    int statusIndex = -1;
    int configIndex = -1;
    long configAtNanos;
    int places;
    Circuit.Phase phase = Circuit.Phase.CLOSED;
    long openUntilMillis;
    int circuitIndex = -1;

    /** When the journal took its opening, and for how long it opened when that was decided. */
    long openedAtNanos;

    long openMillis;

    /** The outcomes that opened it came by then; 0 when they were made up. */
    long openedNotBeforeNanos;

    long lastSequenceNr;
    int lastWriteIndex = -1;

    /** Accepted and not ended, in the order of acceptance. */
    final TreeMap<Integer, Event> pending = new TreeMap<>();

    EndpointFacts(String name) {
      this.name = name;
    }

    EndpointConfig config() {
      EndpointConfig known = config;
      if (known == null) throw new IllegalStateException(name + " was never created");
      return known;
    }
  }

  private final Map<String, Event> events = new HashMap<>();
  private final TreeMap<String, EndpointFacts> endpoints = new TreeMap<>();
  private final TreeMap<String, Integer> crashed = new TreeMap<>();

  /** Events whose content is stored, and that no endpoint has accepted. */
  private final Set<String> ownerless = new HashSet<>();

  /**
   * Index of the last time an endpoint stopped or recovered on a node, by {@code node/endpoint}.
   */
  private final TreeMap<String, Integer> interrupted = new TreeMap<>();

  /** Where endpoints were last started and not stopped, by {@code node/endpoint}. */
  private final TreeMap<String, Integer> started = new TreeMap<>();

  /** Index of each endpoint's last recovery, and where. */
  private final Map<String, Integer> recoveredAt = new HashMap<>();

  private final Map<String, String> recoveredOn = new HashMap<>();

  /**
   * Where endpoints were fenced when they stopped, by {@code node/endpoint}: the pool may be about
   * to send what they had asked for.
   */
  private final Set<String> stoppedFenced = new HashSet<>();

  Event event(String id) {
    return events.computeIfAbsent(id, Event::new);
  }

  Collection<Event> events() {
    return events.values();
  }

  EndpointFacts endpoint(String name) {
    return endpoints.computeIfAbsent(name, EndpointFacts::new);
  }

  boolean hasOwnerless() {
    return !ownerless.isEmpty();
  }

  Collection<EndpointFacts> endpoints() {
    return endpoints.values();
  }

  /** Index of the observation by which this incarnation was dead or gone, -1 if it lives. */
  int crashOf(String node) {
    return crashed.getOrDefault(node, -1);
  }

  /** Index of the last interruption of the endpoint on that node, -1 for none. */
  int interruptionOf(String node, String endpoint) {
    return Math.max(crashOf(node), interrupted.getOrDefault(node + "/" + endpoint, -1));
  }

  /** Index of the endpoint's last start on that node, beyond all others when it does not live. */
  int startOf(String node, String endpoint) {
    return started.getOrDefault(node + "/" + endpoint, Integer.MAX_VALUE);
  }

  /**
   * Whether the endpoint lives on elsewhere, and a node that was frozen meanwhile cannot know yet:
   * its next write will be refused.
   */
  boolean isFenced(String node, String endpoint) {
    String home = node + "/" + endpoint;
    Integer since = started.get(home);
    return stoppedFenced.contains(home)
        || (since != null
            && recoveredAt.getOrDefault(endpoint, -1) > since
            && !node.equals(recoveredOn.get(endpoint)));
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.NodeCrashed crash -> crashed.put(crash.node(), index);
      case Observation.NodeExited exit -> crashed.put(exit.node(), index);
      case Observation.EndpointStarted start -> {
        started.put(start.node() + "/" + start.endpoint(), index);
        stoppedFenced.remove(start.node() + "/" + start.endpoint());
        // Without having asked for events where a snapshot told all.
        recoveredAt.put(start.endpoint(), index);
        recoveredOn.put(start.endpoint(), start.node());
      }
      case Observation.EndpointStopped stopped -> {
        if (isFenced(stopped.node(), stopped.endpoint()))
          stoppedFenced.add(stopped.node() + "/" + stopped.endpoint());
        interrupted.put(stopped.node() + "/" + stopped.endpoint(), index);
        started.remove(stopped.node() + "/" + stopped.endpoint());
      }
      case Observation.Recovering recovering -> {
        interrupted.put(recovering.node() + "/" + recovering.endpoint(), index);
        recoveredAt.put(recovering.endpoint(), index);
        recoveredOn.put(recovering.endpoint(), recovering.node());
      }
      case Observation.ContentStored stored -> {
        Event event = event(stored.event());
        event.webhook = stored.webhook();
        event.endpoint = stored.endpoint();
        event.body = stored.body();
        event.storedIndex = index;
        ownerless.add(event.id);
      }
      case Observation.ContentRemoved removed -> ownerless.remove(removed.event());
      case Observation.Answered answered -> {
        if (!answered.event().isEmpty()) {
          Event event = event(answered.event());
          if (event.acknowledgedIndex < 0) event.acknowledgedIndex = index;
        }
      }
      case Observation.Journaled journaled -> {
        EndpointFacts endpoint = endpoint(journaled.endpoint());
        endpoint.lastSequenceNr = journaled.firstSequenceNr() + journaled.events().size() - 1;
        endpoint.lastWriteIndex = index;
        for (Endpoint.Event event : journaled.events())
          fold(index, journaled.atNanos(), endpoint, event);
        if (crashOf(journaled.node()) >= 0) landedLate(index, journaled.events());
      }
      case Observation.HistoryRecorded recorded -> {
        Event event = event(recorded.event());
        if (recorded.verdict() != Verdict.RETRY && recorded.number() >= event.attempts)
          event.inHistory = true;
      }
      case Observation.AttemptSent sent -> {
        List<Sent> all = event(sent.event()).sent;
        boolean knowsNothing =
            isFenced(sent.node(), sent.endpoint())
                || event(sent.event()).landedLateIndex
                    > interruptionOf(sent.node(), sent.endpoint());
        boolean excused =
            knowsNothing
                && all.stream().noneMatch(each -> each.excused && each.node.equals(sent.node()));
        all.add(new Sent(index, sent, excused));
      }
      case Observation.AttemptSeen seen -> {
        Sent sent = lastSent(seen.event(), seen.node(), seen.number());
        if (sent != null) {
          sent.seenIndex = index;
          sent.processed |= seen.processed();
        }
      }
      case Observation.AttemptEnded ended -> {
        Sent sent = lastSent(ended.event(), ended.node(), ended.number());
        if (sent != null) {
          sent.ended = ended;
          sent.endedIndex = index;
        }
      }
      default -> {}
    }
  }

  private @Nullable Sent lastSent(String id, String node, int number) {
    List<Sent> all = event(id).sent;
    for (int i = all.size() - 1; i >= 0; i--) {
      Sent sent = all.get(i);
      if (sent.number == number && sent.node.equals(node) && sent.ended == null) return sent;
    }
    return null;
  }

  private void landedLate(int index, List<Endpoint.Event> events) {
    for (Endpoint.Event event : events)
      if (event instanceof Endpoint.AttemptsEnded batch)
        for (Ended ended : batch.ended())
          event(ended.attempt().webhook().toString()).landedLateIndex = index;
  }

  private void fold(int index, long atNanos, EndpointFacts endpoint, Endpoint.Event event) {
    switch (event) {
      case Endpoint.Created created -> configured(index, atNanos, endpoint, created.config());
      case Endpoint.Configured configured ->
          configured(index, atNanos, endpoint, configured.config());
      case Endpoint.StatusChanged changed -> {
        endpoint.status = changed.status();
        endpoint.statusIndex = index;
      }
      case Endpoint.WebhooksAccepted accepted -> {
        for (Endpoint.Offered offered : accepted.webhooks()) {
          Event known = event(offered.id().toString());
          ownerless.remove(known.id);
          known.endpoint = endpoint.name;
          known.acceptedIndex = index;
          known.acceptedAtNanos = atNanos;
          known.lane = Long.toString(offered.laneKey());
          known.place = ++endpoint.places;
          endpoint.pending.put(known.place, known);
        }
      }
      case Endpoint.AttemptsEnded batch -> {
        for (Ended ended : batch.ended()) fold(index, atNanos, batch.atMillis(), endpoint, ended);
        boolean opens = endpoint.openUntilMillis != batch.circuit().openUntilMillis();
        circuit(index, atNanos, batch.atMillis(), endpoint, batch.circuit());
        if (opens) endpoint.openedNotBeforeNanos = cameBy(batch);
      }
      case Endpoint.Retried retried -> {
        Event known = event(retried.id().toString());
        if (known.verdict != null) {
          known.place = ++endpoint.places;
          endpoint.pending.put(known.place, known);
        }
        known.verdict = null;
        known.endedIndex = -1;
        known.inHistory = false;
        known.budgetUsed = 0;
        known.dueAtMillis = retried.atMillis();
        known.delayedAtNanos = atNanos;
        known.delayMillis = 0;
        known.attempts = Math.max(known.attempts, retried.attempts());
      }
      case Endpoint.CircuitReset reset ->
          circuit(index, atNanos, reset.atMillis(), endpoint, Circuit.CLOSED);
      case Endpoint.HistoryConfirmed confirmed -> {}
    }
  }

  private static void configured(
      int index, long atNanos, EndpointFacts endpoint, EndpointConfig config) {
    endpoint.config = config;
    endpoint.configIndex = index;
    endpoint.configAtNanos = atNanos;
  }

  private static void circuit(
      int index, long atNanos, long atMillis, EndpointFacts endpoint, Circuit circuit) {
    if (endpoint.phase != circuit.phase() || circuit.phase() == Circuit.Phase.OPEN)
      endpoint.circuitIndex = index;
    if (circuit.phase() == Circuit.Phase.OPEN
        && circuit.openUntilMillis() != endpoint.openUntilMillis) {
      endpoint.openedAtNanos = atNanos;
      endpoint.openMillis = circuit.openUntilMillis() - atMillis;
    }
    endpoint.phase = circuit.phase();
    endpoint.openUntilMillis = circuit.openUntilMillis();
  }

  /** When the last of these outcomes came to its node. */
  private long cameBy(Endpoint.AttemptsEnded batch) {
    long last = 0;
    for (Ended ended : batch.ended())
      for (Sent sent : event(ended.attempt().webhook().toString()).sent)
        if (sent.number == ended.attempt().number() && sent.ended != null)
          last = Math.max(last, sent.ended.atNanos());
    return last;
  }

  private void fold(int index, long atNanos, long atMillis, EndpointFacts endpoint, Ended ended) {
    Event event = event(ended.attempt().webhook().toString());
    event.attempts = Math.max(event.attempts, ended.attempt().number());
    event.budgetUsed++;
    event.endedAt.put(ended.attempt().number(), index);
    event.outcomes.put(ended.attempt().number(), ended);
    event.dueAtMillis = ended.nextAttemptAtMillis();
    event.delayedAtNanos = atNanos;
    event.delayMillis = Math.max(0, ended.nextAttemptAtMillis() - atMillis);
    if (ended.verdict() != Verdict.RETRY) {
      event.verdict = ended.verdict();
      event.endedIndex = index;
      endpoint.pending.remove(event.place);
    }
  }
}
