package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Violation.Severity;
import io.kapsel.simulation.world.World;

/**
 * L2: what is due is attempted within a bound when nothing holds it: no fault, no order, no rate,
 * no circuit, no want of room. Due by true time: an endpoint that has lived since it took the delay
 * must keep it whatever the wall clocks do.
 */
final class DueMeansNow implements Invariant {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000 * MILLI;

  /** An answer of a slow schedule, a second's pause after a release. */
  private static final long BOUND_NANOS = 20 * SECOND;

  /** With small pools: longer than an attempt from before needs to be counted as lost. */
  private static final long PATIENCE_NANOS = 150 * SECOND;

  /** After a change of circuit, status or configuration attempts go one by one at first. */
  private static final long WARM_UP_NANOS = 60 * SECOND;

  /** The service's clock approaches the wall by a twentieth at most: docs/adr/0006. */
  private static final double SLEW = 1.06;

  /** How much of a pool what waits may take, so that nobody waits for a permit. */
  private static final int POOL_SHARE = 4;

  private static final long BODIES_BYTES = 1L << 20;

  private final Facts facts;
  private final Findings findings;
  private final boolean clocksAreRight;
  private final int poolConcurrency;
  private final boolean isRoomForBodies;
  private final Disturbances disturbances;
  private final String dead;
  private long healedAtNanos = Long.MAX_VALUE;

  DueMeansNow(
      Facts facts,
      Findings findings,
      Disturbances disturbances,
      Options options,
      boolean clocksAreRight,
      String dead) {
    this.facts = facts;
    this.findings = findings;
    this.disturbances = disturbances;
    this.clocksAreRight = clocksAreRight;
    this.dead = dead;
    this.poolConcurrency = options.count(Option.POOL_CONCURRENCY);
    this.isRoomForBodies = options.whole(Option.POOL_BODIES_BYTES_MAX) > BODIES_BYTES;
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.PhaseBegan phase -> {
        if (phase.phase().equals("settle")) healedAtNanos = phase.atNanos();
      }
      case Observation.AttemptSent sent -> attempted(index, sent);
      default -> {}
    }
  }

  private void attempted(int index, Observation.AttemptSent sent) {
    Facts.EndpointFacts endpoint = facts.endpoint(sent.endpoint());
    Facts.Event event = facts.event(sent.event());
    Disturbances.Life life = disturbances.of(sent.endpoint());
    DeliverySettings delivery = endpoint.config().delivery();
    boolean free = endpoint.pending.size() <= delivery.maxInFlight() || isFirst(endpoint, event);
    boolean keptTime = life.startedAtNanos < event.delayedAtNanos;
    if (!free || !isSurelyNext(event) || !(keptTime || clocksAreRight)) return;
    long due = Math.max(event.acceptedAtNanos, life.startedAtNanos);
    due =
        Math.max(
            due,
            keptTime
                ? event.delayedAtNanos + (long) (event.delayMillis * SLEW * MILLI)
                : nanos(event.dueAtMillis));
    if (isOneAfterTheOther(delivery)) due = Math.max(due, life.endedAtNanos);
    if (delivery.ratePerSecond() > 0)
      due += (long) (SECOND * (1 + endpoint.pending.size()) / delivery.ratePerSecond());
    boolean opens = endpoint.phase == Circuit.Phase.OPEN;
    if (opens) due = Math.max(due, opensAgain(endpoint, life));
    boolean calm = due > disturbances.untilNanos() && isAmple();
    boolean first = opens && life.sent == 1 && life.changedAtNanos <= endpoint.openedAtNanos;
    if (calm && (first || life.isLeftAloneSince(due - WARM_UP_NANOS)))
      late(index, sent, event, sent.atNanos() - due, BOUND_NANOS);
    else if (clocksAreRight && sent.atNanos() > healedAtNanos && !sent.endpoint().equals(dead))
      late(index, sent, event, sent.atNanos() - Math.max(due, healedAtNanos), PATIENCE_NANOS);
  }

  private static boolean isOneAfterTheOther(DeliverySettings delivery) {
    return delivery.ordering() != DeliverySettings.Ordering.PARALLEL
        || delivery.maxInFlight() == 1
        || delivery.ratePerSecond() > 0;
  }

  private long opensAgain(Facts.EndpointFacts endpoint, Disturbances.Life life) {
    return life.startedAtNanos < endpoint.openedAtNanos
        ? endpoint.openedAtNanos + (long) (endpoint.openMillis * SLEW * MILLI)
        : nanos(endpoint.openUntilMillis);
  }

  private static boolean isFirst(Facts.EndpointFacts endpoint, Facts.Event event) {
    return endpoint.pending.isEmpty() || endpoint.pending.firstKey() == event.place;
  }

  /** Not one that was lost, nor one whose predecessor nobody has heard of. */
  private static boolean isSurelyNext(Facts.Event event) {
    int size = event.sent.size();
    if (size < 2) return event.attempts == 0 || event.endedAt.containsKey(event.attempts);
    Facts.Sent before = event.sent.get(size - 2);
    Facts.Sent now = event.sent.getLast();
    return before.number == now.number || (before.number + 1 == now.number && before.ended != null);
  }

  private boolean isAmple() {
    int waiting = 0;
    for (Facts.EndpointFacts endpoint : facts.endpoints()) waiting += endpoint.pending.size();
    return isRoomForBodies && waiting * POOL_SHARE <= poolConcurrency;
  }

  private void late(
      int index, Observation.AttemptSent sent, Facts.Event event, long waited, long bound) {
    if (waited > bound)
      findings.broken(
          "L2",
          Severity.LIVENESS,
          sent.endpoint(),
          sent.webhook(),
          sent.webhook()
              + " was due and waited "
              + waited / SECOND
              + " s for its attempt, although nothing held it.",
          event.acceptedIndex,
          event.endedAt.getOrDefault(sent.number() - 1, -1),
          index);
  }

  private static long nanos(long epochMillis) {
    return (epochMillis - World.EPOCH_MILLIS) * MILLI;
  }
}
