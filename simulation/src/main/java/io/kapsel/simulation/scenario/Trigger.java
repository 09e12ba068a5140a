package io.kapsel.simulation.scenario;

/**
 * When a fault begins: at a time, or when something happens for the n-th time after it. Times are
 * virtual milliseconds since the load began.
 *
 * @param node counts only on this node; empty for any
 * @param nth 1 for the next one; ignored for {@link On#TIME}
 */
public record Trigger(On on, String node, int nth, long atMillis) {

  /** What a fault can wait for. */
  public enum On {
    TIME,
    /** A write to the journal is in flight. */
    JOURNAL_WRITE,
    SNAPSHOT_WRITE,
    /** A recovery has asked for its events. */
    RECOVERY,
    CONTENT_WRITE,
    /** Content is stored and not yet accepted. */
    CONTENT_STORED,
    CONTENT_READ,
    HISTORY_WRITE,
    DIRECTORY_WRITE,
    /** An attempt is on its way. */
    ATTEMPT_SENT,
    /** The destination has processed an attempt; nobody knows yet. */
    ATTEMPT_PROCESSED,
    /** An attempt has left through a circuit that is half open. */
    PROBE_SENT,
    /** An endpoint was stopped on a node that is leaving. */
    HAND_OVER,
    /** A node has begun. */
    BOOT
  }

  public static Trigger at(long millis) {
    return new Trigger(On.TIME, "", 0, millis);
  }

  public static Trigger next(On on, String node, int nth, long afterMillis) {
    return new Trigger(on, node, nth, afterMillis);
  }

  @Override
  public String toString() {
    if (on == On.TIME) return "at " + atMillis + " ms";
    String where = node.isEmpty() ? "" : " on " + node;
    return "at " + on + " no. " + nth + where + " after " + atMillis + " ms";
  }
}
