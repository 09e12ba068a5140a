package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.service.Recorder;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** Since when nothing but destinations and clocks is in trouble, and endpoints are left alone. */
final class Disturbances implements Recorder.Listener {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000 * MILLI;

  /** What a fault has begun may take so long after it: a request, a reconnection. */
  private static final long AFTERMATH_NANOS = 45 * SECOND;

  /** A node that goes or comes takes the others' attention. */
  private static final long MOVE_NANOS = 20 * SECOND;

  /** What has happened to one endpoint. */
  static final class Life {
    long startedAtNanos;

    /** Its circuit, status or configuration; attempts go one by one at first. */
    long changedAtNanos;

    long endedAtNanos;
    boolean ramped;

    /** Attempts since it was changed. */
    int sent;

    void changed(long atNanos) {
      changedAtNanos = atNanos;
      sent = 0;
    }

    boolean isLeftAloneSince(long atNanos) {
      return changedAtNanos <= atNanos && !ramped;
    }
  }

  private final Map<Integer, Fault> faults = new HashMap<>();
  private final TreeMap<String, Life> lives = new TreeMap<>();
  private long untilNanos;

  Disturbances(Plan plan) {
    for (Fault fault : plan.faults()) faults.put(fault.id(), fault);
  }

  /** Nothing that began before is still felt after this. */
  long untilNanos() {
    return untilNanos;
  }

  Life of(String endpoint) {
    return lives.computeIfAbsent(endpoint, name -> new Life());
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.FaultBegan began -> {
        Fault fault = faults.get(began.fault());
        if (fault != null) extend(began.atNanos() + duration(fault));
      }
      case Observation.NodeLeaving left -> extend(left.atNanos() + MOVE_NANOS);
      case Observation.NodeCrashed crash -> extend(crash.atNanos() + MOVE_NANOS);
      case Observation.NodeExited exit -> extend(exit.atNanos() + MOVE_NANOS);
      case Observation.EndpointStarted started ->
          of(started.endpoint()).startedAtNanos = started.atNanos();
      case Observation.CircuitChanged changed -> of(changed.endpoint()).changed(changed.atNanos());
      case Observation.AttemptSent sent -> of(sent.endpoint()).sent++;
      case Observation.Journaled journaled -> {
        Life life = of(journaled.endpoint());
        for (Endpoint.Event event : journaled.events()) journaled(life, journaled.atNanos(), event);
      }
      default -> {}
    }
  }

  private void extend(long nanos) {
    untilNanos = Math.max(untilNanos, nanos);
  }

  /** Crashes are over when the endpoint lives again. */
  private static long duration(Fault fault) {
    return switch (fault.kind()) {
      case DESTINATION, CLOCK_STEP, CLOCK_DRIFT, CRASH -> 0;
      case OUTCOMES_LATE, LEAVE ->
          (fault.forMillis() + Math.round(fault.amount())) * MILLI + AFTERMATH_NANOS;
      default -> fault.forMillis() * MILLI + AFTERMATH_NANOS;
    };
  }

  private static void journaled(Life life, long atNanos, Endpoint.Event event) {
    switch (event) {
      case Endpoint.AttemptsEnded batch -> {
        boolean ramped = batch.circuit().ramp() > 0;
        if (ramped || life.ramped) life.changed(atNanos);
        life.ramped = ramped;
        life.endedAtNanos = atNanos;
      }
      case Endpoint.Created created -> {}
      case Endpoint.WebhooksAccepted accepted -> {}
      case Endpoint.HistoryConfirmed confirmed -> {}
      default -> life.changed(atNanos);
    }
  }
}
