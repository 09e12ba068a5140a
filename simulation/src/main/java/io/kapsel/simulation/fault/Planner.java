package io.kapsel.simulation.fault;

import io.kapsel.simulation.scenario.Behaviour;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Fault.Kind;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Trigger;
import io.kapsel.simulation.scenario.Trigger.On;
import io.kapsel.simulation.storage.Database;
import io.kapsel.simulation.world.Randomness;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Draws a plan from a seed. Which kinds of faults a run knows at all is drawn first: a run with
 * everything at once hides what each would find alone.
 */
public final class Planner {
  private static final long LATE_MILLIS_MAX = 90_000;

  private Planner() {}

  public static Plan plan(Options options, Randomness randomness) {
    int count = options.count(Option.FAULTS);
    List<Kind> kinds = kinds(options);
    if (kinds.isEmpty()) return Plan.NONE;
    List<Fault> faults = new ArrayList<>();
    for (int id = 1; id <= count; id++)
      faults.add(fault(id, kinds, options, randomness.stream("fault", id)));
    return new Plan(faults);
  }

  private static List<Kind> kinds(Options options) {
    String text = options.text(Option.FAULT_KINDS);
    boolean cluster = options.count(Option.NODES) > 1;
    boolean bank = options.real(Option.LIMITS_RATE) > 0 && options.count(Option.LIMITS_SHARED) > 0;
    if (text.isEmpty()) return List.of();
    return Arrays.stream(text.split(","))
        .map(Kind::valueOf)
        .filter(kind -> cluster || !needsCluster(kind))
        .filter(kind -> bank || !needsBank(kind))
        .toList();
  }

  private static boolean needsCluster(Kind kind) {
    return switch (kind) {
      case PARTITION,
          ONE_WAY,
          FRAME_LOSS,
          NETWORK_SLOW,
          ROLLING_RESTART,
          SWIZZLE_CLOG,
          JOINS_ALONE ->
          true;
      default -> false;
    };
  }

  private static boolean needsBank(Kind kind) {
    return switch (kind) {
      case BANK_DOWN, BANK_SLOW, BANK_FLUSHED -> true;
      default -> false;
    };
  }

  private static Fault fault(int id, List<Kind> kinds, Options options, Randomness.Stream draws) {
    Kind kind = draws.pick(kinds);
    String node = "n" + (1 + draws.below(options.count(Option.NODES)));
    String endpoint = "e" + (1 + draws.below(options.count(Option.ENDPOINTS)));
    String table = draws.pick(tables(options)).name();
    boolean everything = draws.chance(0.3);
    Trigger trigger = trigger(kind, node, options, draws);
    long brief = Math.round(draws.logUniform(1, 5_000));
    long lasting = Math.round(draws.logUniform(100, 90_000));
    double rate = draws.logUniform(0.01, 1);
    return switch (kind) {
      case CRASH -> new Fault(id, kind, trigger, node, 0, Math.max(50, lasting / 3), "");
      case BOOT_LOOP -> new Fault(id, kind, trigger, node, 2 + draws.below(4), 500, "");
      case PAUSE -> new Fault(id, kind, trigger, node, 0, Math.min(lasting, 30_000), "");
      case SLOW ->
          new Fault(id, kind, trigger, node, Math.round(draws.logUniform(1, 50)), lasting / 3, "");
      case OUTCOMES_LATE ->
          new Fault(id, kind, trigger, node, lateMillis(options, draws), lasting * 2, "");
      case WRITE_OUTLIVES ->
          new Fault(id, kind, trigger, node, Math.round(draws.logUniform(500, 15_000)), brief, "");
      case LEAVE -> {
        boolean late = draws.chance(0.5);
        yield new Fault(
            id, kind, trigger, node, late ? lateMillis(options, draws) : 0, late ? lasting : 0, "");
      }
      case POWER_CUT -> new Fault(id, kind, trigger, "", 0, lasting, "");
      case ROLLING_RESTART -> new Fault(id, kind, trigger, "", 0, 0, "");
      case STORE_DOWN -> new Fault(id, kind, trigger, everything ? "" : table, 0, lasting, "");
      case STORE_REFUSES, STORE_LOSES_ANSWERS, STORE_LATE, STORE_READS_FAIL ->
          new Fault(id, kind, trigger, everything ? "" : table, rate, brief, "");
      case STORE_SLOW ->
          new Fault(
              id,
              kind,
              trigger,
              everything ? "" : table,
              Math.round(draws.logUniform(3, 1_000)),
              lasting / 3,
              "");
      case PARTITION, ONE_WAY, JOINS_ALONE ->
          new Fault(id, kind, trigger, node, 0, lasting / 2, "");
      case SWIZZLE_CLOG -> new Fault(id, kind, trigger, "", 0, lasting / 2, "");
      case BANK_DOWN -> new Fault(id, kind, trigger, "", 0, lasting / 3, "");
      case BANK_SLOW ->
          new Fault(id, kind, trigger, "", Math.round(draws.logUniform(3, 3_000)), lasting / 3, "");
      case BANK_FLUSHED -> new Fault(id, kind, trigger, "", 0, 0, "");
      case FRAME_LOSS -> new Fault(id, kind, trigger, "", rate / 2, lasting / 3, "");
      case NETWORK_SLOW ->
          new Fault(id, kind, trigger, "", Math.round(draws.logUniform(2, 100)), lasting / 3, "");
      case DESTINATION ->
          new Fault(id, kind, trigger, endpoint, 0, lasting * 2, behaviour(draws).name());
      case CLOCK_STEP ->
          new Fault(
              id,
              kind,
              trigger,
              node,
              (draws.chance(0.5) ? -1 : 1) * Math.round(draws.logUniform(200, 240_000)),
              0,
              "");
      case CLOCK_DRIFT ->
          new Fault(
              id,
              kind,
              trigger,
              node,
              (draws.chance(0.5) ? -1 : 1) * draws.logUniform(0.0001, 0.05),
              lasting,
              "");
    };
  }

  /** A node of its own asks nobody whether it may form a cluster. */
  private static List<Database.Table> tables(Options options) {
    boolean cluster = options.count(Option.NODES) > 1;
    return Arrays.stream(Database.Table.values())
        .filter(table -> cluster || table != Database.Table.REGISTER)
        .toList();
  }

  /** Around a timeout and its grace, after which an endpoint counts the attempt as lost. */
  private static long lateMillis(Options options, Randomness.Stream draws) {
    double graceMillis = options.real(Option.ATTEMPT_GRACE_MILLIS) * draws.logUniform(0.2, 3);
    return Math.min(LATE_MILLIS_MAX, Math.round(draws.logUniform(500, 30_000) + graceMillis));
  }

  private static Behaviour behaviour(Randomness.Stream draws) {
    Behaviour drawn = draws.pick(List.of(Behaviour.values()));
    boolean rarely = drawn == Behaviour.GONE_410 && !draws.chance(0.6);
    return rarely ? Behaviour.CONNECTION_REFUSED : drawn;
  }

  /** Half of the faults that a moment matters to wait for their moment. */
  private static Trigger trigger(Kind kind, String node, Options options, Randomness.Stream draws) {
    long at = draws.between(0, options.whole(Option.LOAD_SECONDS) * 1_000);
    boolean waits = draws.chance(0.6) || kind == Kind.WRITE_OUTLIVES;
    int nth = 1 + draws.below(5);
    On on = draws.pick(moments(kind));
    if (!waits || on == On.TIME) return Trigger.at(at);
    return Trigger.next(on, isOfANode(kind) ? node : "", nth, at);
  }

  private static boolean isOfANode(Kind kind) {
    return switch (kind) {
      case CRASH, BOOT_LOOP, PAUSE, SLOW, LEAVE, OUTCOMES_LATE, WRITE_OUTLIVES -> true;
      default -> false;
    };
  }

  private static List<On> moments(Kind kind) {
    return switch (kind) {
      case CRASH, PAUSE, BOOT_LOOP ->
          List.of(
              On.JOURNAL_WRITE,
              On.JOURNAL_WRITE,
              On.SNAPSHOT_WRITE,
              On.RECOVERY,
              On.CONTENT_WRITE,
              On.CONTENT_STORED,
              On.CONTENT_READ,
              On.HISTORY_WRITE,
              On.DIRECTORY_WRITE,
              On.ATTEMPT_SENT,
              On.ATTEMPT_PROCESSED,
              On.PROBE_SENT,
              On.HAND_OVER,
              On.BOOT);
      case LEAVE ->
          List.of(
              On.JOURNAL_WRITE,
              On.RECOVERY,
              On.ATTEMPT_PROCESSED,
              On.PROBE_SENT,
              On.PROBE_SENT,
              On.PROBE_SENT,
              On.HAND_OVER);
      case PARTITION, ONE_WAY, CLOCK_STEP, SWIZZLE_CLOG ->
          List.of(On.JOURNAL_WRITE, On.RECOVERY, On.ATTEMPT_PROCESSED, On.PROBE_SENT, On.HAND_OVER);
      case STORE_DOWN, STORE_REFUSES, STORE_LOSES_ANSWERS, STORE_LATE, STORE_SLOW ->
          List.of(
              On.JOURNAL_WRITE,
              On.SNAPSHOT_WRITE,
              On.CONTENT_WRITE,
              On.HISTORY_WRITE,
              On.DIRECTORY_WRITE,
              On.RECOVERY);
      case STORE_READS_FAIL -> List.of(On.RECOVERY, On.CONTENT_READ, On.BOOT);
      case DESTINATION -> List.of(On.ATTEMPT_SENT, On.PROBE_SENT, On.RECOVERY);
      case OUTCOMES_LATE -> List.of(On.ATTEMPT_SENT, On.ATTEMPT_PROCESSED, On.PROBE_SENT);
      case WRITE_OUTLIVES, POWER_CUT -> List.of(On.JOURNAL_WRITE);
      case SLOW,
          ROLLING_RESTART,
          FRAME_LOSS,
          NETWORK_SLOW,
          CLOCK_DRIFT,
          JOINS_ALONE,
          BANK_DOWN,
          BANK_SLOW,
          BANK_FLUSHED ->
          List.of(On.TIME);
    };
  }
}
