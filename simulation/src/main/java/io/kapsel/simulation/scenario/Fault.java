package io.kapsel.simulation.scenario;

/**
 * One thing that goes wrong, as data: everything about it is here, and without it the rest of the
 * run keeps its draws.
 *
 * @param id its place in the plan; stays when other faults are removed
 * @param target what it befalls: a node ({@code n1}), an endpoint ({@code e1}), a table ({@code
 *     JOURNAL}), nodes ({@code n1,n2}), by kind; empty for all
 * @param amount by kind: a rate, a factor, milliseconds; see {@link Kind}
 * @param forMillis how long it lasts; for a crash, how long the node stays down
 * @param detail by kind: the behaviour of a destination
 */
public record Fault(
    int id,
    Kind kind,
    Trigger trigger,
    String target,
    double amount,
    long forMillis,
    String detail) {

  /** What can go wrong. */
  public enum Kind {
    /** The process is killed and started again. */
    CRASH,
    /** Killed again each time it has begun, {@code amount} times. */
    BOOT_LOOP,
    /** Nothing of the node runs for a while, as in a long collection. */
    PAUSE,
    /** Every task of the node waits {@code amount} milliseconds. */
    SLOW,
    /**
     * Drains, hands over, leaves, is started again; meanwhile outcomes reach it {@code amount}
     * milliseconds late.
     */
    LEAVE,
    /** All nodes leave, one after the other. */
    ROLLING_RESTART,
    /** A table answers nothing; all tables when the target is empty. */
    STORE_DOWN,
    /** A share {@code amount} of writes is refused and not applied. */
    STORE_REFUSES,
    /** A share {@code amount} of writes is applied and reported as failed. */
    STORE_LOSES_ANSWERS,
    /** A share {@code amount} of requests is seconds late. */
    STORE_LATE,
    /** Every latency times {@code amount}. */
    STORE_SLOW,
    /** A share {@code amount} of reads fails. */
    STORE_READS_FAIL,
    /** Frames between the target and the others are lost, both ways. */
    PARTITION,
    /** Frames from the target are lost; those to it arrive. */
    ONE_WAY,
    /** A share {@code amount} of frames is lost. */
    FRAME_LOSS,
    /** Every latency of the network times {@code amount}. */
    NETWORK_SLOW,
    /** A destination behaves as {@code detail} says. */
    DESTINATION,
    /** The wall clock of a node jumps by {@code amount} milliseconds. */
    CLOCK_STEP,
    /** The wall clock of a node gains {@code amount} of the time that passes. */
    CLOCK_DRIFT,
    /** Links stall without loss, one node after the other, and come back in another order. */
    SWIZZLE_CLOG,
    /** The node is restarted and reaches one other only: the cluster cannot agree on it. */
    JOINS_ALONE,
    /** The bank of shared limits answers with errors. */
    BANK_DOWN,
    /** Every latency of the bank times {@code amount}. */
    BANK_SLOW,
    /** The bank forgets its buckets. */
    BANK_FLUSHED,
    /** What has become of its attempts reaches the node {@code amount} milliseconds late. */
    OUTCOMES_LATE,
    /** Killed while it writes to its journal; the write lands {@code amount} milliseconds later. */
    WRITE_OUTLIVES,
    /** Every node is killed and the database is down: the nodes come back first. */
    POWER_CUT
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("#" + id + " " + kind);
    if (!target.isEmpty()) text.append(' ').append(target);
    if (!detail.isEmpty()) text.append(' ').append(detail);
    if (amount != 0) text.append(' ').append(amount);
    if (forMillis > 0) text.append(" for ").append(forMillis).append(" ms");
    return text.append(' ').append(trigger).toString();
  }
}
