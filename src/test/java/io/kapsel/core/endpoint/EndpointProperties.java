package io.kapsel.core.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.Course.Kind;
import io.kapsel.core.endpoint.Course.Step;
import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;

/**
 * Laws of an endpoint whatever happens to it. {@link Course} checks every invariant, the order, the
 * circuit and the budget after each step, and that the journal tells the living state.
 */
class EndpointProperties {
  @Property(tries = 400, edgeCases = EdgeCasesMode.NONE)
  void every_invariant_holds_after_any_commands(
      @ForAll Ordering ordering, @ForAll("steps") List<Step> steps) {
    new Course(ordering).take(steps);
  }

  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void what_the_journal_tells_is_the_living_state(
      @ForAll Ordering ordering, @ForAll("steps") List<Step> steps) {
    Course course = new Course(ordering);
    course.take(steps);
    assertEquals(
        course.life().state(), Life.replay(course.life().journal(), course.life().limits()));
  }

  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void every_accepted_webhook_reaches_its_end_once_the_destination_is_well(
      @ForAll Ordering ordering, @ForAll("steps") List<Step> steps) {
    Course course = new Course(ordering);
    course.take(steps);
    course.recoverAndSettle();
    assertTrue(course.life().state().backlog().isEmpty());
    assertEquals(Circuit.Phase.CLOSED, course.life().state().circuit().phase());
    assertTrue(course.everyAcceptedHasEnded());
    assertFalse(course.life().plan().wakeAtMillis().isPresent(), "a timer without a duty");
  }

  @Property(edgeCases = EdgeCasesMode.NONE)
  void a_circuit_does_what_its_model_does(
      @ForAll("outcomes") List<Outcome.Kind> outcomes,
      @ForAll @IntRange(min = 1, max = 12) int maxInFlight) {
    CircuitPolicy policy = new CircuitPolicy(4, 0.5, 8, 30_000, 2);
    CircuitModel model = new CircuitModel(policy);
    Circuit circuit = Circuit.CLOSED;
    long now = Scenario.T0;
    for (Outcome.Kind outcome : outcomes) {
      boolean probe = circuit.phase() != Circuit.Phase.CLOSED;
      circuit = circuit.after(outcome, probe, now, policy, maxInFlight);
      model.feed(outcome, probe, now, maxInFlight);
      model.check(circuit);
      now += 10_000;
    }
  }

  @Provide
  Arbitrary<List<Outcome.Kind>> outcomes() {
    return Arbitraries.frequency(
            Tuple.of(6, Outcome.Kind.DELIVERED),
            Tuple.of(4, Outcome.Kind.FAILED),
            Tuple.of(1, Outcome.Kind.REFUSED),
            Tuple.of(1, Outcome.Kind.RATE_LIMITED),
            Tuple.of(1, Outcome.Kind.UNKNOWN))
        .list()
        .ofMinSize(20)
        .ofMaxSize(150);
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<Kind> kinds =
        Arbitraries.frequencyOf(
            Tuple.of(8, Arbitraries.of(Kind.class)),
            Tuple.of(6, Arbitraries.of(Kind.OFFER, Kind.SUCCEED, Kind.FAIL, Kind.WAIT_FOR_TIMER)));
    return Combinators.combine(
            kinds,
            Arbitraries.integers().between(0, 1_000),
            Arbitraries.integers().between(0, 1_000))
        .as(Step::new)
        .list()
        .ofMaxSize(120);
  }
}
