package io.kapsel.simulation.report;

import java.util.Map;
import java.util.TreeMap;

/** The promises by their ids in {@code docs/guarantees.md}, short enough for one line. */
public final class Guarantees {
  private static final Map<String, String> SHORT = new TreeMap<>();

  static {
    SHORT.put("S1", "no acknowledged webhook is lost");
    SHORT.put("S2", "nothing is delivered that was not accepted");
    SHORT.put("S3", "recorded as delivered means that a 2xx was received");
    SHORT.put("S4", "no more attempts than the budget, and their numbers only grow");
    SHORT.put("S5", "every duplicate at the destination has a cause");
    SHORT.put("S6", "delays stay within the jitter's range and under the cap");
    SHORT.put("S7", "Retry-After is respected, up to its cap");
    SHORT.put("S8", "the circuit lets nothing through that it must hold");
    SHORT.put("S9", "a duplicate gets the identical answer");
    SHORT.put("S10", "an endpoint has one writer");
    SHORT.put("S11", "the order of acceptance is the order of delivery");
    SHORT.put("S12", "one ledger leaf for each attempt");
    SHORT.put("S13", "the journal, a snapshot with its tail and the living state agree");
    SHORT.put("S14", "no maximum is exceeded, refused work is refused visibly");
    SHORT.put("S15", "a bad destination changes nothing for another endpoint");
    SHORT.put("S16", "no ERROR is logged, no thread enters from outside");
    SHORT.put("L1", "every accepted webhook reaches a final state");
    SHORT.put("L2", "a healthy endpoint answers and delivers within a bound");
    SHORT.put("L3", "the circuit of a destination that came back closes");
    SHORT.put("L4", "every final state is attested");
    SHORT.put("L5", "afterwards it is quiet");
  }

  private Guarantees() {}

  /** Empty for what is no promise, a crash of the run itself for one. */
  public static String shortly(String invariant) {
    return SHORT.getOrDefault(invariant, "");
  }
}
