package io.kapsel.simulation.fault;

import io.kapsel.simulation.scenario.Behaviour;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.storage.Database;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What a plan may say about a run, for plans that somebody has written. */
public final class PlanRules {
  private final List<String> nodes;
  private final List<String> endpoints;
  private final List<String> problems = new ArrayList<>();

  private PlanRules(Options options) {
    nodes = numbered("n", options.count(Option.NODES));
    endpoints = numbered("e", options.count(Option.ENDPOINTS));
  }

  /** One line for each thing that is wrong with the plan. */
  public static List<String> problems(Plan plan, Options options) {
    var rules = new PlanRules(options);
    plan.faults().forEach(rules::look);
    return rules.problems;
  }

  private static List<String> numbered(String letter, int count) {
    return IntStream.rangeClosed(1, count).mapToObj(i -> letter + i).toList();
  }

  private void look(Fault fault) {
    String place = "fault %d (%s): ".formatted(fault.id(), fault.kind());
    target(place, fault);
    amount(place, fault);
    String on = fault.trigger().node();
    if (!on.isEmpty()) oneOf(place + "the trigger's node", on, nodes);
    least(place + "forMillis", fault.forMillis());
    least(place + "the trigger's atMillis", fault.trigger().atMillis());
    least(place + "the trigger's nth", fault.trigger().nth());
  }

  private void target(String place, Fault fault) {
    String target = fault.target();
    switch (fault.kind()) {
      case CRASH,
          BOOT_LOOP,
          PAUSE,
          SLOW,
          LEAVE,
          OUTCOMES_LATE,
          WRITE_OUTLIVES,
          CLOCK_STEP,
          CLOCK_DRIFT,
          ONE_WAY ->
          oneOf(place + "the target", target, nodes);
      case JOINS_ALONE -> {
        oneOf(place + "the target", target, nodes);
        if (nodes.size() < 2) problems.add(place + "needs two nodes at least");
      }
      case PARTITION -> {
        for (String each : target.split(",", -1)) oneOf(place + "the target", each, nodes);
      }
      case STORE_DOWN,
          STORE_REFUSES,
          STORE_LOSES_ANSWERS,
          STORE_LATE,
          STORE_SLOW,
          STORE_READS_FAIL -> {
        if (!target.isEmpty()) oneOf(place + "the target", target, names(Database.Table.values()));
      }
      case DESTINATION -> {
        oneOf(place + "the target", target, endpoints);
        oneOf(place + "the detail", fault.detail(), names(Behaviour.values()));
      }
      case ROLLING_RESTART,
          FRAME_LOSS,
          NETWORK_SLOW,
          SWIZZLE_CLOG,
          BANK_DOWN,
          BANK_SLOW,
          BANK_FLUSHED,
          POWER_CUT -> {}
    }
  }

  private void amount(String place, Fault fault) {
    double amount = fault.amount();
    boolean isRight =
        switch (fault.kind()) {
          case STORE_REFUSES, STORE_LOSES_ANSWERS, STORE_LATE, STORE_READS_FAIL, FRAME_LOSS ->
              amount >= 0 && amount <= 1;
          case CLOCK_STEP, CLOCK_DRIFT -> Double.isFinite(amount);
          default -> amount >= 0 && Double.isFinite(amount);
        };
    if (!isRight) problems.add(place + "the amount may not be " + amount);
  }

  private void oneOf(String what, String value, List<String> known) {
    if (!known.contains(value))
      problems.add("%s needs one of %s, not '%s'".formatted(what, String.join(", ", known), value));
  }

  private void least(String what, long value) {
    if (value < 0) problems.add("%s may not be %d".formatted(what, value));
  }

  private static List<String> names(Enum<?>[] constants) {
    return Stream.of(constants).map(Enum::name).toList();
  }
}
