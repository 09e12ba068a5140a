package io.kapsel.simulation.mutant;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** All planted bugs, by name. */
public final class Mutants {
  private record Planted(String what, Supplier<Mutant> mutant) {}

  private static final Map<String, Planted> ALL = new TreeMap<>();

  static {
    plant(
        "acknowledge-before-write",
        "the journal says yes before the write is confirmed",
        () -> StorageBugs.config("kapsel.simulation.journal.class", HastyJournal.class));
    plant(
        "timers-not-rearmed",
        "after a recovery nothing is planned",
        CoreBugs.TimersNotRearmed::new);
    plant(
        "state-survives-refusal",
        "events whose write was refused stay in the state",
        CoreBugs.StateSurvivesRefusal::new);
    plant(
        "window-not-in-snapshot",
        "snapshots leave the idempotency window out",
        () -> StorageBugs.config("akka.actor.serializers.kapsel", ForgetfulSnapshots.class));
    plant(
        "attempts-only-in-memory",
        "a recovery does not find failed attempts again",
        () -> StorageBugs.config("akka.actor.serializers.kapsel", ForgetfulEvents.class));
    plant("timeout-is-success", "no answer in time counts as a 2xx", PortBugs::timeoutIsSuccess);
    plant(
        "one-attempt-too-many",
        "less or equal where it should be less",
        CoreBugs.OneAttemptTooMany::new);
    plant(
        "late-outcome-hits-next",
        "the late outcome of an attempt is applied to the next one",
        CoreBugs.LateOutcomeHitsNext::new);
    plant(
        "half-open-floodgate",
        "a half-open circuit lets the whole queue through",
        CoreBugs.HalfOpenFloodgate::new);
    plant(
        "lost-probe-blocks",
        "a probe that was lost in a crash leaves the circuit half open for ever",
        CoreBugs.LostProbeBlocks::new);
    plant("wall-clock-deadlines", "what is due goes by the wall clock", PortBugs::wallClock);
    plant("retry-after-in-seconds", "Retry-After in the wrong unit", PortBugs::retryAfterInSeconds);
    plant(
        "acts-after-hand-over",
        "an endpoint goes on attempting where it was stopped",
        PortBugs::actsAfterHandOver);
    plant(
        "client-repeats-silently",
        "the HTTP client repeats a request whose answer is missing",
        PortBugs::clientRepeats);
    plant(
        "keys-ignored-within-offer",
        "two webhooks of one key in one offer are both accepted",
        CoreBugs.KeysIgnoredWithinOffer::new);
    plant(
        "keys-without-bound",
        "idempotency keys are remembered whether there is room or not",
        CoreBugs.KeysWithoutBound::new);
    plant(
        "keys-forgotten-early",
        "half the idempotency keys for which there is room are forgotten",
        CoreBugs.KeysForgottenEarly::new);
    plant(
        "fifo-overtakes",
        "what waits for a retry is overtaken in fifo order",
        CoreBugs.FifoOvertakes::new);
    plant(
        "one-in-flight-too-many",
        "one attempt more is in flight than its endpoint's maximum",
        CoreBugs.OneInFlightTooMany::new);
    plant(
        "outbox-without-bound",
        "attempts go on while history takes no outcomes",
        CoreBugs.OutboxWithoutBound::new);
    plant(
        "keys-forgotten-by-recovery",
        "the first webhooks after a recovery meet no idempotency keys",
        CoreBugs.KeysForgottenByRecovery::new);
    plant(
        "neighbours-go-first",
        "an endpoint waits five seconds when an attempt of another one is in flight",
        CoreBugs.NeighboursGoFirst::new);
    plant(
        "circuit-wants-tens",
        "a circuit closes after ten times the successes that were configured",
        CoreBugs.CircuitWantsTens::new);
    plant(
        "refresh-refused",
        "the directory refuses an entry that it has, and the endpoint asks for ever",
        PortBugs::refreshRefused);
    plant(
        "journal-without-key",
        "the last writer of a number in the journal wins",
        () -> StorageBugs.config("kapsel.simulation.journal.class", UnfencedJournal.class));
  }

  private Mutants() {}

  private static void plant(String name, String what, Supplier<Mutant> mutant) {
    ALL.put(name, new Planted(what, mutant));
  }

  public static List<String> names() {
    return List.copyOf(ALL.keySet());
  }

  /** One sentence. */
  public static String describe(String name) {
    return planted(name).what;
  }

  /**
   * A fresh one: some remember what they have seen.
   *
   * @param name empty for none
   */
  public static Mutant of(String name) {
    return name.isEmpty() ? Mutant.NONE : planted(name).mutant.get();
  }

  private static Planted planted(String name) {
    Planted planted = ALL.get(name);
    if (planted == null) throw new IllegalArgumentException("there is no mutant " + name);
    return planted;
  }
}
