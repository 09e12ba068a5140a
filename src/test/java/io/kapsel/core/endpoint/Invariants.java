package io.kapsel.core.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.Backlog.Due;
import io.kapsel.core.endpoint.Backlog.Place;
import io.kapsel.core.endpoint.Flight.InFlight;
import io.kapsel.core.webhook.WebhookId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** What must hold of every endpoint at every moment. */
final class Invariants {
  private Invariants() {}

  static void check(State state, Flight flight, Limits limits) {
    checkBacklog(state.backlog());
    checkCounters(state, limits);
    checkFlight(state, flight);
    checkOutbox(state);
    checkWindow(state.window(), limits);
    checkCircuit(state.circuit());
  }

  /** The indexes say what one plain list of the webhooks says. */
  private static void checkBacklog(Backlog backlog) {
    TreeMap<WebhookId, Long> ids = new TreeMap<>();
    TreeSet<Place> places = new TreeSet<>();
    TreeMap<Long, Pending> heads = new TreeMap<>();
    TreeSet<Due> eligible = new TreeSet<>();
    for (Map.Entry<Long, Pending> entry : backlog.bySequence.entrySet()) {
      Pending pending = entry.getValue();
      assertEquals(entry.getKey(), pending.sequence());
      ids.put(pending.id(), pending.sequence());
      long lane =
          switch (backlog.ordering) {
            case PARALLEL -> 0;
            case FIFO -> 1;
            case KEYED -> pending.laneKey();
          };
      if (lane != 0) places.add(new Place(lane, pending.sequence()));
      if (lane == 0 || heads.putIfAbsent(lane, pending) == null)
        eligible.add(new Due(pending.dueAtMillis(), pending.sequence()));
    }
    assertEquals(backlog.bySequence.size(), ids.size(), "two pending webhooks of one id");
    assertEquals(ids, new TreeMap<>(backlog.byId), "index by id");
    assertEquals(List.copyOf(places), List.copyOf(backlog.lanes), "lanes");
    assertEquals(List.copyOf(eligible), List.copyOf(backlog.eligible), "eligible");
  }

  private static void checkCounters(State state, Limits limits) {
    assertEquals(state.config().delivery().ordering(), state.backlog().ordering);
    assertTrue(state.backlog().size() <= limits.queueMax(), "queue above its maximum");
    for (Pending pending : state.backlog().inOrder()) {
      assertTrue(
          pending.sequence() >= 1 && pending.sequence() < state.nextSequence(),
          () -> "sequence of the future: " + pending);
      assertTrue(
          pending.budgetUsed() >= 0 && pending.attempts() >= pending.budgetUsed(),
          () -> "budget above attempts: " + pending);
    }
    assertTrue(state.version() >= 1);
    assertTrue(state.createdAtMillis() <= state.updatedAtMillis());
    assertTrue(
        state.statusReason().isEmpty() || state.status() == Status.DISABLED,
        "a reason without being disabled");
    if (state.status() == Status.DELETED) assertTrue(state.backlog().isEmpty());
  }

  private static void checkFlight(State state, Flight flight) {
    for (Map.Entry<Long, InFlight> entry : flight.attempts().entrySet()) {
      Pending pending = state.backlog().at(entry.getKey());
      if (pending == null) throw new AssertionError("in flight but not pending: " + entry);
      assertEquals(pending.attempts() + 1, entry.getValue().number(), "number in flight");
    }
    assertTrue(flight.probes() <= 1, "more than one probe");
    assertTrue(flight.confirmedBatch() < state.nextBatch(), "confirmed before it happened");
  }

  private static void checkOutbox(State state) {
    List<Long> batches = new ArrayList<>();
    state.outbox().forEach((batch, event) -> assertEquals(batch, event.batch()));
    for (long i = state.nextBatch() - state.outbox().size(); i < state.nextBatch(); i++)
      batches.add(i);
    assertEquals(batches, List.copyOf(state.outbox().keySet()), "outbox is not the newest batches");
  }

  private static void checkWindow(KeyWindow window, Limits limits) {
    int frozen = 0;
    long newestMillis = Long.MIN_VALUE;
    for (KeyWindow.Segment segment : window.segments()) {
      frozen += segment.size();
      assertTrue(segment.size() <= KeyWindow.SEGMENT_MAX, "segment above its maximum");
      assertTrue(segment.newestMillis() >= newestMillis, "segments out of order");
      newestMillis = segment.newestMillis();
      for (int row = 1; row < segment.size(); row++)
        assertTrue(keyAt(segment, row - 1).compareTo(keyAt(segment, row)) < 0, "segment unsorted");
    }
    int segmentKeys = limits.windowSegmentKeys();
    assertTrue(window.live().size() < segmentKeys, "live keys above their maximum");
    assertEquals(frozen + window.live().size(), window.size());
    int keysMax = Math.max(limits.windowKeysMax(), segmentKeys) + KeyWindow.SEGMENT_KEYS;
    assertTrue(window.size() <= keysMax, () -> "window of " + window.size());
  }

  private static KeyHash keyAt(KeyWindow.Segment segment, int row) {
    int at = row * KeyWindow.Segment.WIDTH;
    return new KeyHash(segment.rows()[at], segment.rows()[at + 1]);
  }

  private static void checkCircuit(Circuit circuit) {
    boolean counts = circuit.phase() == Circuit.Phase.CLOSED;
    if (!counts) {
      assertTrue(circuit.openUntilMillis() > 0, "open until never");
      assertEquals(0, circuit.consecutiveFailures());
      assertEquals(0, circuit.recentCount());
      assertEquals(0, circuit.ramp(), "a ramp while not closed");
    } else {
      assertEquals(0, circuit.openUntilMillis());
      assertTrue(circuit.recentCount() <= CircuitPolicy.WINDOW_MAX);
      int streak = Math.min(circuit.consecutiveFailures(), circuit.recentCount());
      for (int bit = 0; bit < streak; bit++)
        assertEquals(1, circuit.recent() >>> bit & 1, "streak and window disagree");
    }
    boolean halfOpen = circuit.phase() == Circuit.Phase.HALF_OPEN;
    assertEquals(halfOpen, circuit.probesSucceeded() > 0, "probes succeeded");
  }
}
