package io.kapsel.simulation.check;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Trigger;
import java.util.List;
import org.junit.jupiter.api.Test;

class NoErrorIsLoggedTest {
  private static final long SECOND = 1_000_000_000L;
  private static final String COORDINATOR =
      "akka://kapsel@10.0.0.1:2551/system/sharding/endpointCoordinator/singleton/coordinator";
  private static final String STORE_STOPPED =
      "endpoint: The ShardCoordinator stopping because the remember entities store stopped";
  private static final String REFUSED_TIMER = "the scheduler is closed";

  private final Findings findings = new Findings();
  private final Disturbances disturbances =
      new Disturbances(
          new Plan(
              List.of(
                  new Fault(
                      1, Fault.Kind.STORE_DOWN, Trigger.at(10_000), "JOURNAL", 0, 5_000, ""))));
  private final NoErrorIsLogged check = new NoErrorIsLogged(findings, disturbances);

  private void faultBeginsAt(long seconds) {
    disturbances.saw(0, new Observation.FaultBegan(seconds * SECOND, 1, "#1"));
  }

  private int brokenBy(long seconds, String logger, String message) {
    int before = findings.all().size();
    check.saw(1, new Observation.ErrorLogged(seconds * SECOND, "n1.1", logger, message));
    return findings.all().size() - before;
  }

  @Test
  void what_akka_says_about_its_sharding_is_excused_while_a_fault_is_felt() {
    faultBeginsAt(10);
    assertEquals(0, brokenBy(12, COORDINATOR, STORE_STOPPED));
    assertEquals(0, brokenBy(59, COORDINATOR, STORE_STOPPED));
    assertEquals(0, brokenBy(12, "any", REFUSED_TIMER));
  }

  @Test
  void nothing_is_excused_in_a_calm_world() {
    assertEquals(1, brokenBy(9, COORDINATOR, STORE_STOPPED));
    assertEquals(1, brokenBy(9, "any", REFUSED_TIMER));
    faultBeginsAt(10);
    assertEquals(1, brokenBy(61, COORDINATOR, STORE_STOPPED));
  }

  @Test
  void no_fault_excuses_an_error_of_our_own() {
    faultBeginsAt(10);
    assertEquals(1, brokenBy(12, "io.kapsel.endpoint.EndpointActor", STORE_STOPPED));
  }
}
