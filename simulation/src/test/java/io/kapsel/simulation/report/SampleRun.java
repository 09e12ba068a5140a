package io.kapsel.simulation.report;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.scenario.Trigger;
import io.kapsel.simulation.scenario.Violation;
import io.kapsel.simulation.world.Randomness;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Runs that never ran: small ones for exact expectations, large ones for pictures. */
public final class SampleRun {
  public static final String COMMIT = "1e5a889c02";

  private static final long MILLI = 1_000_000L;
  private final List<Observation> seen = new ArrayList<>();
  private final List<Violation> violations = new ArrayList<>();
  private final long seed;

  private SampleRun(long seed) {
    this.seed = seed;
  }

  private int see(Observation observation) {
    seen.add(observation);
    return seen.size() - 1;
  }

  public static WebhookId event(int number) {
    return new WebhookId(number, 7);
  }

  /** One webhook that is acknowledged before it is stored, a crash, and nothing more of it. */
  public static Result lost() {
    SampleRun run = new SampleRun(4711);
    String event = event(12).toString();
    run.see(new Observation.NodeBooted(0, "n1.1"));
    run.see(new Observation.NodeServes(900 * MILLI, "n1.1"));
    run.see(new Observation.PhaseBegan(1_000 * MILLI, "load"));
    run.see(new Observation.EndpointStarted(1_100 * MILLI, "n1.1", "e1"));
    run.see(new Observation.Requested(2_000 * MILLI, "w12", "e1", "n1.1", 1, "k12", 99, true));
    int stored =
        run.see(new Observation.ContentStored(2_004 * MILLI, "n1.1", "e1", "w12", event, 99));
    int answered =
        run.see(
            new Observation.Answered(
                2_006 * MILLI + 777_000, "w12", "e1", 1, 200, "", event, "{}"));
    run.see(new Observation.FaultBegan(2_007 * MILLI, 3, "#3 CRASH n1"));
    int crashed = run.see(new Observation.NodeCrashed(2_007 * MILLI, "n1.1"));
    run.see(new Observation.NodeBooted(5_007 * MILLI, "n1.2"));
    run.see(new Observation.FaultEnded(5_007 * MILLI, 3, "#3 CRASH n1"));
    run.see(new Observation.PhaseBegan(10_000 * MILLI, "settle"));
    run.violations.add(
        new Violation(
            "S1",
            Violation.Severity.SAFETY,
            "e1",
            "w12",
            "w12 was acknowledged and is neither delivered nor pending.",
            List.of(stored, answered, crashed)));
    return run.result(
        new Plan(
            List.of(
                new Fault(
                    3,
                    Fault.Kind.CRASH,
                    Trigger.next(Trigger.On.JOURNAL_WRITE, "n1", 1, 500),
                    "n1",
                    0,
                    3_000,
                    ""))));
  }

  /** About 15 observations for each webhook, in three nodes' time. */
  public static Result busy(long seed, int webhooks, boolean broken) {
    SampleRun run = new SampleRun(seed);
    Randomness.Stream draws = new Randomness(seed).stream("sample");
    List<Moment> moments = new ArrayList<>();
    long load = 60_000 * MILLI;
    int endpoints = 5;
    run.cluster(moments, endpoints);
    for (int i = 0; i < webhooks; i++) {
      long at = 2_000 * MILLI + draws.between(0, load - 5_000 * MILLI);
      run.webhook(moments, draws, i, at, "e" + (1 + draws.below(endpoints)));
    }
    moments.sort((a, b) -> Long.compare(a.observation.atNanos(), b.observation.atNanos()));
    for (Moment moment : moments) run.see(moment.observation);
    if (broken) run.breakSomething();
    return run.result(plan());
  }

  private record Moment(Observation observation) {}

  private static Plan plan() {
    return new Plan(
        List.of(
            new Fault(1, Fault.Kind.CRASH, Trigger.at(18_000), "n2", 0, 4_000, ""),
            new Fault(2, Fault.Kind.STORE_LATE, Trigger.at(30_000), "JOURNAL", 0.2, 9_000, ""),
            new Fault(3, Fault.Kind.PARTITION, Trigger.at(41_000), "n1,n3", 0, 6_000, ""),
            new Fault(
                4, Fault.Kind.DESTINATION, Trigger.at(22_000), "e2", 0, 15_000, "SERVER_ERROR_500"),
            new Fault(5, Fault.Kind.CLOCK_STEP, Trigger.at(50_000), "n3", 90_000, 0, "")));
  }

  private void cluster(List<Moment> moments, int endpoints) {
    for (int n = 1; n <= 3; n++) {
      add(moments, new Observation.NodeBooted(n * 20L * MILLI, "n" + n + ".1"));
      add(moments, new Observation.NodeServes(1_500 * MILLI, "n" + n + ".1"));
    }
    for (int e = 1; e <= endpoints; e++) {
      String home = "n" + (1 + e % 3) + ".1";
      add(moments, new Observation.EndpointStarted(1_700 * MILLI, home, "e" + e));
      if (home.equals("n2.1"))
        add(moments, new Observation.EndpointStarted(19_500 * MILLI, "n3.1", "e" + e));
      add(moments, new Observation.SnapshotStored((25_000 + e * 700L) * MILLI, home, "e" + e, 40));
    }
    fault(moments, 1, 18_000, 22_000);
    fault(moments, 2, 30_000, 39_000);
    fault(moments, 3, 41_000, 47_000);
    fault(moments, 4, 22_000, 37_000);
    fault(moments, 5, 50_000, 50_000);
    add(moments, new Observation.NodeCrashed(18_000 * MILLI, "n2.1"));
    add(moments, new Observation.NodeBooted(22_000 * MILLI, "n2.2"));
    add(moments, new Observation.NodeServes(24_100 * MILLI, "n2.2"));
    add(moments, new Observation.PhaseBegan(2_000 * MILLI, "load"));
    add(moments, new Observation.PhaseBegan(60_000 * MILLI, "settle"));
    add(moments, new Observation.PhaseBegan(72_000 * MILLI, "quiet"));
    circuit(moments, 24_000, Circuit.Phase.OPEN);
    circuit(moments, 34_000, Circuit.Phase.HALF_OPEN);
    circuit(moments, 34_600, Circuit.Phase.OPEN);
    circuit(moments, 44_600, Circuit.Phase.HALF_OPEN);
    circuit(moments, 45_900, Circuit.Phase.CLOSED);
    add(moments, new Observation.Ordered(28_000 * MILLI, 1, "e3", "n1.1", "pause"));
    add(moments, new Observation.OrderAnswered(28_020 * MILLI, 1, "e3", "pause", "done"));
  }

  private static void circuit(List<Moment> moments, long millis, Circuit.Phase phase) {
    add(moments, new Observation.CircuitChanged(millis * MILLI, "e2", phase, 0, "w3#1 FAILED"));
  }

  private static void fault(List<Moment> moments, int id, long from, long until) {
    String what = plan().faults().get(id - 1).toString();
    add(moments, new Observation.FaultBegan(from * MILLI, id, what));
    add(moments, new Observation.FaultEnded(until * MILLI, id, what));
  }

  private static void add(List<Moment> moments, Observation observation) {
    moments.add(new Moment(observation));
  }

  private void webhook(
      List<Moment> moments, Randomness.Stream draws, int i, long start, String endpoint) {
    String name = "w" + i;
    String event = event(i).toString();
    String node = "n" + (1 + 2 * draws.below(2)) + ".1";
    long at = start;
    add(moments, new Observation.Requested(at, name, endpoint, node, 1, "", i, true));
    if (draws.chance(0.1)) {
      add(
          moments,
          new Observation.Answered(at += 9 * MILLI, name, endpoint, 1, 503, "E3002", "", ""));
      at += 1_000 * MILLI;
      add(moments, new Observation.Requested(at, name, endpoint, node, 2, "", i, true));
    }
    add(moments, new Observation.ContentStored(at += 2 * MILLI, node, endpoint, name, event, i));
    Endpoint.Offered offered = new Endpoint.Offered(event(i), null, i, 0);
    add(
        moments,
        new Observation.Journaled(
            at += 3 * MILLI,
            node,
            endpoint,
            i,
            "writer",
            List.of(new Endpoint.WebhooksAccepted(0, 0, List.of(offered)))));
    add(moments, new Observation.Answered(at += MILLI, name, endpoint, 1, 200, "", event, "{}"));
    boolean down = endpoint.equals("e2") && at > 22_000 * MILLI && at < 37_000 * MILLI;
    for (int number = 1; number <= 6; number++) {
      long took = draws.between(20, 1_800) * MILLI;
      boolean fails = number < 6 && (down || draws.chance(0.15));
      Outcome.Kind kind =
          fails
              ? draws.pick(
                  List.of(Outcome.Kind.FAILED, Outcome.Kind.UNKNOWN, Outcome.Kind.RATE_LIMITED))
              : Outcome.Kind.DELIVERED;
      add(moments, new Observation.AttemptSent(at, node, endpoint, name, event, number));
      at += took;
      add(
          moments,
          new Observation.AttemptEnded(
              at, node, endpoint, name, event, number, kind, fails ? 503 : 200, -1));
      add(
          moments,
          new Observation.HistoryRecorded(
              at + 40 * MILLI,
              node,
              endpoint,
              event,
              number,
              kind,
              fails ? Verdict.RETRY : Verdict.DELIVERED));
      if (!fails) return;
      at += (1_000L << number) * MILLI;
      down = endpoint.equals("e2") && at > 22_000 * MILLI && at < 37_000 * MILLI;
    }
  }

  private void breakSomething() {
    int crash = 0;
    int asked = 0;
    int stored = 0;
    int answered = 0;
    for (int i = 0; i < seen.size(); i++) {
      switch (seen.get(i)) {
        case Observation.NodeCrashed o -> crash = i;
        case Observation.Requested o -> asked = crash == 0 ? i : asked;
        case Observation.ContentStored o -> stored = crash == 0 ? i : stored;
        case Observation.Answered o -> answered = crash == 0 ? i : answered;
        default -> {}
      }
    }
    violations.add(
        new Violation(
            "S1",
            Violation.Severity.SAFETY,
            "e1",
            "w1",
            "w1 was acknowledged and is neither delivered nor pending.",
            List.of(asked, stored, answered, crash)));
  }

  private Result result(Plan plan) {
    Map<String, String> none = new TreeMap<>();
    Scenario scenario = new Scenario(seed, "", Profile.CLUSTER, none, null, "");
    TreeMap<String, Long> sometimes = new TreeMap<>();
    sometimes.put("crash with a write in flight", 1L);
    sometimes.put("hand-over with a probe in flight", 0L);
    return new Result(
        scenario,
        Options.of(seed, Profile.CLUSTER, none),
        plan,
        "00112233445566778899aabbccddeeff",
        81_234,
        99_000,
        seen.getLast().atNanos() + 2_000 * MILLI,
        730 * MILLI,
        violations,
        sometimes,
        plan.faults().stream().map(Fault::id).toList(),
        seen,
        0,
        List.of("2007000000 n1.1 # KILLED n1.1"));
  }
}
