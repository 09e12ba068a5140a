package io.kapsel.simulation.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kapsel.simulation.run.Run;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.scenario.Trigger;
import io.kapsel.simulation.world.Trace;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class PowerCutTest {
  private static Result play(long seed, String restart, Fault... faults) {
    Scenario scenario =
        Scenario.of(seed, Profile.CLUSTER)
            .with("nodes", "5")
            .with("endpoints", "1")
            .with("webhooks", "2")
            .with("load.seconds", "12")
            .with("operator.orders", "0")
            .with("settle.restart", restart)
            .with(new Plan(List.of(faults)));
    return Run.play(scenario, new Trace());
  }

  /** How often no node at all was alive after the first had booted. */
  private static int blackouts(Result result) {
    assertEquals(List.of(), result.violations());
    Set<String> alive = new TreeSet<>();
    int blackouts = 0;
    for (Observation observation : result.observations()) {
      switch (observation) {
        case Observation.NodeBooted booted -> alive.add(booted.node());
        case Observation.NodeExited exited -> alive.remove(exited.node());
        case Observation.NodeCrashed crashed -> {
          alive.remove(crashed.node());
          if (alive.isEmpty()) blackouts++;
        }
        default -> {}
      }
    }
    return blackouts;
  }

  private static Fault cut() {
    return new Fault(1, Fault.Kind.POWER_CUT, Trigger.at(1_000), "", 0, 2_000, "");
  }

  @Test
  void takes_all_nodes_down_at_once_after_the_healing() {
    assertEquals(1, blackouts(play(1, "1")));
    assertEquals(1, blackouts(play(2, "1")));
  }

  @Test
  void takes_all_nodes_down_at_once_during_the_load() {
    assertEquals(1, blackouts(play(3, "0", cut())));
  }

  /** With this seed n1's turn comes after 193 ms, the last one's after 1,752. */
  @Test
  void takes_down_once_more_what_came_back_meanwhile() {
    Fault crash = new Fault(2, Fault.Kind.CRASH, Trigger.at(500), "n1", 0, 1_500, "");
    assertEquals(1, blackouts(play(5, "0", crash, cut())));
  }
}
