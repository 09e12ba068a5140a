package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;

/**
 * S15: while nothing but destinations and clocks is in trouble, a webhook of an endpoint whose own
 * destination works is attempted at once.
 */
final class BadNeighboursDoNoHarm implements Invariant {
  private static final long BOUND_NANOS = 3_000_000_000L;

  /** After a change attempts go one by one at first. */
  private static final long WARM_UP_NANOS = 60_000_000_000L;

  /** With less room for bodies, whoever waits for its destination keeps the others waiting. */
  private static final long BODIES_BYTES = 1L << 20;

  private final Facts facts;
  private final Findings findings;
  private final Disturbances disturbances;
  private final Predicate<String> isHealthy;
  private final boolean applies;
  private final Set<String> attempted = new HashSet<>();

  BadNeighboursDoNoHarm(
      Facts facts,
      Findings findings,
      Disturbances disturbances,
      Options options,
      Plan plan,
      Predicate<String> isHealthy) {
    this.facts = facts;
    this.findings = findings;
    this.disturbances = disturbances;
    Set<String> troubled = new HashSet<>();
    for (Fault fault : plan.faults())
      if (fault.kind() == Fault.Kind.DESTINATION) troubled.add(fault.target());
    this.isHealthy = endpoint -> !troubled.contains(endpoint) && isHealthy.test(endpoint);
    applies =
        options.whole(Option.POOL_BODIES_BYTES_MAX) > BODIES_BYTES
            && options.count(Option.POOL_CONCURRENCY) >= 4 * options.count(Option.ENDPOINTS);
  }

  @Override
  public void saw(int index, Observation observation) {
    if (!applies || !(observation instanceof Observation.AttemptSent sent)) return;
    if (!attempted.add(sent.event()) || !isHealthy.test(sent.endpoint())) return;
    Facts.EndpointFacts endpoint = facts.endpoint(sent.endpoint());
    var delivery = endpoint.config().delivery();
    boolean alone =
        delivery.ordering() == Ordering.PARALLEL
            && delivery.ratePerSecond() == 0
            && endpoint.pending.size() <= delivery.maxInFlight();
    Facts.Event event = facts.event(sent.event());
    long waited = sent.atNanos() - event.acceptedAtNanos;
    boolean calm =
        event.acceptedAtNanos > disturbances.untilNanos()
            && endpoint.phase == Circuit.Phase.CLOSED
            && disturbances
                .of(sent.endpoint())
                .isLeftAloneSince(event.acceptedAtNanos - WARM_UP_NANOS);
    if (alone && calm && waited > BOUND_NANOS)
      findings.broken(
          "S15",
          Severity.SAFETY,
          sent.endpoint(),
          sent.webhook(),
          sent.webhook()
              + " waited "
              + waited / 1_000_000
              + " ms for its first attempt, although only other destinations were in trouble.",
          event.acceptedIndex,
          index);
  }
}
