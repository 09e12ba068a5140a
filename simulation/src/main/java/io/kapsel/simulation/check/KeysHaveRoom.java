package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Flight;
import io.kapsel.core.endpoint.State;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.Map;
import java.util.TreeMap;

/**
 * S14: an endpoint that accepts remembers no more idempotency keys than it may, nor than four times
 * those its node has room for; and it forgets none early while there is room for more.
 */
final class KeysHaveRoom implements Invariant {
  private static final long SHARE_OF_FREE = 4;

  /** One endpoint's window on one node since its last step. */
  private static final class Window {
    int size;

    /** Of the keys of all endpoints of the node. */
    long leastHeld;

    long mostHeld;
    int offered;
  }

  private final Findings findings;
  private final long windowMax;
  private final long segment;
  private final long nodeMax;
  private final long windowMillis;
  private final Map<String, Map<String, Window>> nodes = new TreeMap<>();

  KeysHaveRoom(Findings findings, Options options) {
    this.findings = findings;
    this.windowMax = options.whole(Option.WINDOW_KEYS_MAX);
    this.segment = options.whole(Option.WINDOW_SEGMENT_KEYS);
    this.nodeMax = options.whole(Option.NODE_KEYS_MAX);
    this.windowMillis = options.whole(Option.WINDOW_SECONDS) * 1_000;
  }

  private Map<String, Window> on(String node) {
    return nodes.computeIfAbsent(node, name -> new TreeMap<>());
  }

  private long room(long held) {
    return Math.min(windowMax, SHARE_OF_FREE * Math.max(0, nodeMax - held));
  }

  @Override
  public void stepped(String node, String endpoint, State state, Flight flight) {
    Map<String, Window> here = on(node);
    int size = state.window().size();
    Window window = here.get(endpoint);
    if (window == null) {
      window = new Window();
      here.put(endpoint, window);
    } else if (window.offered > 0) {
      long most = Math.max(room(window.leastHeld), segment) + window.offered;
      if (size > most) broken(endpoint, size + " keys are kept where " + most + " may be");
    }
    window.size = size;
    window.offered = 0;
    long held = heldBy(here);
    window.leastHeld = held;
    window.mostHeld = held;
  }

  /** Keeps the extremes of those that have not stepped. */
  private static long heldBy(Map<String, Window> here) {
    long held = 0;
    for (Window each : here.values()) held += each.size;
    for (Window each : here.values()) {
      each.leastHeld = Math.min(each.leastHeld, held);
      each.mostHeld = Math.max(each.mostHeld, held);
    }
    return held;
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.EndpointStopped stopped -> {
        Map<String, Window> here = on(stopped.node());
        here.remove(stopped.endpoint());
        heldBy(here);
      }
      case Observation.Journaled journaled -> {
        Window window = on(journaled.node()).get(journaled.endpoint());
        if (window == null) return;
        for (Endpoint.Event event : journaled.events())
          if (event instanceof Endpoint.WebhooksAccepted accepted)
            accepted(index, journaled.endpoint(), window, accepted);
      }
      default -> {}
    }
  }

  private void accepted(
      int index, String endpoint, Window window, Endpoint.WebhooksAccepted accepted) {
    for (Endpoint.Offered offered : accepted.webhooks())
      if (offered.key() != null) window.offered++;
    boolean early = accepted.windowFloorMillis() > accepted.atMillis() - windowMillis;
    if (early && window.size <= room(window.mostHeld))
      broken(
          endpoint,
          window.size
              + " keys are kept, and the oldest forgotten early, where there is room for "
              + room(window.mostHeld),
          index);
  }

  private void broken(String endpoint, String what, int... causes) {
    findings.broken(
        "S14", Severity.SAFETY, endpoint, "", "At " + endpoint + " " + what + ".", causes);
  }
}
