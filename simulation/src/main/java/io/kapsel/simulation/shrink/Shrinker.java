package io.kapsel.simulation.shrink;

import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.world.Interleaving;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Makes a failing scenario small: first it leaves faults out, then it shortens the workload, then
 * it sets options back to what is usual, then it shortens the faults that are left; and again, as
 * long as that gains something. Every step keeps the failure.
 */
public final class Shrinker {
  private static final int ROUNDS_MAX = 4;

  /** Less of these is less to read. */
  private static final List<Option> AMOUNTS =
      List.of(
          Option.OPERATOR_ORDERS,
          Option.WEBHOOKS,
          Option.LOAD_SECONDS,
          Option.ENDPOINTS,
          Option.NODES);

  /** What only says how long or how much, or was taken care of above. */
  private static final List<Option> KEPT =
      List.of(
          Option.OPERATOR_ORDERS,
          Option.WEBHOOKS,
          Option.LOAD_SECONDS,
          Option.ENDPOINTS,
          Option.NODES,
          Option.FAULTS,
          Option.FAULT_KINDS,
          Option.SETTLE_SECONDS_MAX,
          Option.DESTINATION_DOWN_AFTER_SECONDS,
          Option.DESTINATION_DOWN_SECONDS,
          Option.DESTINATION_DOWN_BEHAVIOUR);

  private final Predicate<Scenario> fails;
  private final Consumer<String> progress;
  private final Map<Scenario, Boolean> known = new HashMap<>();
  private Scenario least;
  private int runs;

  private Shrinker(Scenario failing, Predicate<Scenario> fails, Consumer<String> progress) {
    this.least = failing;
    this.fails = fails;
    this.progress = progress;
  }

  /**
   * @param failing with its plan spelled out
   * @param fails whether a scenario breaks the same promise
   * @param progress is told each step, in one line
   */
  public static Scenario shrink(
      Scenario failing, Predicate<Scenario> fails, Consumer<String> progress) {
    if (failing.plan() == null) throw new IllegalArgumentException("the plan must be spelled out");
    return new Shrinker(failing, fails, progress).shrink();
  }

  private Scenario shrink() {
    for (int round = 0; round < ROUNDS_MAX; round++) {
      Scenario before = least;
      leaveFaultsOut();
      shortenTheWorkload();
      setOptionsBack();
      shortenFaults();
      if (least.equals(before)) break;
    }
    return least;
  }

  private boolean fails(Scenario candidate) {
    if (candidate.equals(least)) return true;
    Boolean before = known.get(candidate);
    if (before != null) return before;
    runs++;
    boolean failed = fails.test(candidate);
    known.put(candidate, failed);
    return failed;
  }

  /** Takes a candidate that is known to fail. */
  private void take(Scenario candidate, String what) {
    if (candidate.equals(least)) return;
    least = candidate;
    progress.accept("%4d runs  %s".formatted(runs, what));
  }

  private List<Fault> faults() {
    Plan plan = least.plan();
    return plan == null ? List.of() : plan.faults();
  }

  private void leaveFaultsOut() {
    List<Fault> before = faults();
    if (before.isEmpty()) return;
    Scenario from = least;
    List<Fault> kept = Minimum.subset(before, some -> fails(from.with(new Plan(some))));
    take(from.with(new Plan(kept)), "faults: %d of %d".formatted(kept.size(), before.size()));
  }

  private void shortenTheWorkload() {
    for (Option option : AMOUNTS) {
      long before = options().whole(option);
      long floor = option == Option.OPERATOR_ORDERS ? 0 : 1;
      Scenario from = least;
      long after =
          Minimum.number(floor, before, n -> fails(from.with(option.key(), Long.toString(n))));
      take(
          after == before ? from : from.with(option.key(), Long.toString(after)),
          "%s: %d of %d".formatted(option.key(), after, before));
    }
  }

  private Options options() {
    return Options.of(least.seed(), least.profile(), least.overrides());
  }

  /** Production's values: those of the profile that varies nothing. */
  private static Map<String, String> usual(long seed) {
    Map<String, String> usual =
        new TreeMap<>(Options.of(seed, Profile.DESTINATION, new TreeMap<>()).byKey());
    usual.put(Option.INTERLEAVING.key(), Interleaving.Kind.FIFO.name());
    for (Option option : KEPT) usual.remove(option.key());
    return usual;
  }

  private void setOptionsBack() {
    Map<String, String> usual = usual(least.seed());
    Map<String, String> now = options().byKey();
    List<String> unusual = new ArrayList<>();
    usual.forEach(
        (key, value) -> {
          if (!value.equals(now.get(key))) unusual.add(key);
        });
    if (unusual.isEmpty()) return;
    Scenario from = least;
    List<String> kept =
        Minimum.subset(unusual, some -> fails(back(from, unusual, new TreeSet<>(some), usual)));
    take(
        back(from, unusual, new TreeSet<>(kept), usual),
        kept.isEmpty()
            ? "options: all %d set back".formatted(unusual.size())
            : "options: %d of %d set back, needed: %s"
                .formatted(unusual.size() - kept.size(), unusual.size(), String.join(", ", kept)));
  }

  /** How many options of a run are not production's. */
  public static long unusual(Result result) {
    Map<String, String> now = result.options().byKey();
    return usual(result.scenario().seed()).entrySet().stream()
        .filter(each -> !each.getValue().equals(now.get(each.getKey())))
        .count();
  }

  private static Scenario back(
      Scenario from, List<String> unusual, Set<String> kept, Map<String, String> usual) {
    Scenario scenario = from;
    for (String key : unusual)
      if (!kept.contains(key)) scenario = scenario.with(key, usual.getOrDefault(key, ""));
    return scenario;
  }

  private void shortenFaults() {
    for (Fault fault : faults()) {
      Scenario from = least;
      long after = Minimum.number(0, fault.forMillis(), n -> fails(lasting(from, fault.id(), n)));
      take(
          lasting(from, fault.id(), after),
          "fault #%d: %d of %d ms".formatted(fault.id(), after, fault.forMillis()));
    }
  }

  private static Scenario lasting(Scenario from, int id, long millis) {
    Plan plan = from.plan();
    if (plan == null) return from;
    List<Fault> faults =
        plan.faults().stream()
            .map(
                fault ->
                    fault.id() == id
                        ? new Fault(
                            fault.id(),
                            fault.kind(),
                            fault.trigger(),
                            fault.target(),
                            fault.amount(),
                            millis,
                            fault.detail())
                        : fault)
            .toList();
    return from.with(new Plan(faults));
  }
}
