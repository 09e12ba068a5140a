package io.kapsel.simulation.check;

import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.service.Recorder;
import java.util.List;
import java.util.SortedMap;
import java.util.function.Predicate;

/** All invariants of a run. */
public final class Promises {
  private final Facts facts = new Facts();
  private final String dead;
  private final Sometimes sometimes;
  private final Disturbances disturbances;
  private final List<Invariant> all;

  /**
   * @param isHealthy whether an endpoint's destination is never in trouble by itself
   * @param dead the endpoint whose destination stays down at the end, empty for none
   */
  public Promises(
      Findings findings, Options options, Plan plan, Predicate<String> isHealthy, String dead) {
    this.dead = dead;
    sometimes = new Sometimes(facts, options, plan);
    disturbances = new Disturbances(plan);
    double clockMillis = 0;
    for (Fault fault : plan.faults()) {
      if (fault.kind() == Fault.Kind.CLOCK_STEP) clockMillis += Math.abs(fault.amount());
      if (fault.kind() == Fault.Kind.CLOCK_DRIFT)
        clockMillis += Math.abs(fault.amount()) * fault.forMillis();
    }
    all =
        List.of(
            new NothingAcknowledgedIsLost(facts, findings),
            new NothingIsInvented(facts, findings),
            new DeliveredMeansDelivered(facts, findings),
            new AttemptsAreCounted(facts, findings),
            new DuplicatesHaveACause(facts, findings),
            new DelaysFollowThePolicy(facts, findings),
            new RetryAfterIsAFloor(facts, findings),
            new CircuitFollowsItsPolicy(facts, findings, clockMillis == 0),
            new DuplicatesGetTheSameAnswer(findings, options, 2 * (long) clockMillis),
            new OneWriterPerEndpoint(findings),
            new OrderIsKept(facts, findings),
            new RecoveryIsTheLivingState(findings),
            new NoMaximumIsExceeded(findings, options),
            new KeysHaveRoom(findings, options),
            new LimitsHold(findings, options),
            new BadNeighboursDoNoHarm(facts, findings, disturbances, options, plan, isHealthy),
            new NoErrorIsLogged(findings, disturbances),
            new EverythingEnds(facts, findings, dead, (long) clockMillis),
            new HealthyEndpointsAnswer(findings),
            new DueMeansNow(facts, findings, disturbances, options, clockMillis == 0, dead),
            new HealedCircuitsClose(facts, findings, dead),
            new AfterwardsItIsQuiet(facts, findings, dead));
  }

  /** The facts come first: the invariants read them. */
  public void listenTo(Recorder recorder) {
    recorder.listen(facts);
    recorder.listen(sometimes);
    recorder.listen(disturbances);
    for (Invariant invariant : all) recorder.listen(invariant);
  }

  public void ended(Ending ending) {
    for (Invariant invariant : all) invariant.ended(ending);
  }

  /** Whether something is accepted and has not ended. */
  public boolean isPending() {
    return isPendingElsewhere() || (!dead.isEmpty() && !facts.endpoint(dead).pending.isEmpty());
  }

  /** The same, but for what waits for the dead destination. */
  public boolean isPendingElsewhere() {
    for (Facts.EndpointFacts endpoint : facts.endpoints())
      if (!endpoint.name.equals(dead) && !endpoint.pending.isEmpty()) return true;
    for (Facts.Event event : facts.events())
      if (event.isAccepted() && event.verdict != null && !event.inHistory) return true;
    return false;
  }

  /** Whether content is stored that no endpoint has accepted: the reconciler's work. */
  public boolean isSomethingOwnerless() {
    return facts.hasOwnerless();
  }

  /** How often each rare situation was met. */
  public SortedMap<String, Long> sometimes() {
    return sometimes.counts();
  }
}
