package io.kapsel.simulation.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.scenario.Trigger;
import io.kapsel.simulation.world.Trace;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A destination that never returns, beside one that does. */
class DeadDestinationTest {
  private static Result play(String dead) {
    Scenario scenario =
        Scenario.of(1, Profile.ENDPOINT)
            .with("endpoints", "2")
            .with("webhooks", "20")
            .with("load.seconds", "10")
            .with("operator.orders", "0")
            .with("queue.max", "100")
            .with("limits.rate", "0")
            .with("destination.trouble", "0")
            .with("retry.strategy", "EXPONENTIAL")
            .with("retry.base.millis", "5000")
            .with("retry.attempts.max", "5")
            .with("circuit.failures", "1000")
            .with("circuit.rate", "1")
            .with("circuit.window", "1000")
            .with("settle.dead", dead)
            .with(new Plan(List.of(down(1, "e1"), down(2, "e2"))));
    Result result = Run.play(scenario, new Trace());
    assertEquals(List.of(), result.violations());
    return result;
  }

  private static Fault down(int id, String endpoint) {
    return new Fault(
        id, Fault.Kind.DESTINATION, Trigger.at(0), endpoint, 0, 20_000, "CONNECTION_REFUSED");
  }

  /** How the webhooks of each endpoint ended. */
  private static Map<String, Set<Verdict>> verdicts(Result result) {
    Map<String, Set<Verdict>> verdicts = new TreeMap<>();
    for (Observation observation : result.observations())
      if (observation instanceof Observation.Journaled journaled)
        for (Endpoint.Event event : journaled.events())
          if (event instanceof Endpoint.AttemptsEnded batch)
            for (Ended ended : batch.ended())
              if (ended.verdict() != Verdict.RETRY)
                verdicts
                    .computeIfAbsent(journaled.endpoint(), name -> EnumSet.noneOf(Verdict.class))
                    .add(ended.verdict());
    return verdicts;
  }

  @Test
  void makes_dead_letters_of_one_endpoint_and_leaves_the_other_alone() {
    Map<String, Set<Verdict>> verdicts = verdicts(play("1"));
    assertEquals(Set.of("e1", "e2"), verdicts.keySet());
    assertTrue(verdicts.containsValue(Set.of(Verdict.DEAD_LETTER)), verdicts::toString);
    assertTrue(verdicts.containsValue(Set.of(Verdict.DELIVERED)), verdicts::toString);
  }

  @Test
  void is_none_without_the_option() {
    for (Set<Verdict> each : verdicts(play("0")).values())
      assertEquals(Set.of(Verdict.DELIVERED), each);
  }
}
