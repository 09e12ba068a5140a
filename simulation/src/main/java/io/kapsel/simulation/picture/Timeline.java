package io.kapsel.simulation.picture;

import java.util.List;

/**
 * What the timeline shows. Times are virtual nanoseconds; lanes are named by their index.
 *
 * @param verdict one word
 * @param facts name and value of what describes the run
 * @param rules vertical lines: where a phase begins
 */
public record Timeline(
    String verdict,
    String title,
    String headline,
    List<Fact> facts,
    List<Fact> options,
    List<String> commands,
    long endNanos,
    List<Rule> rules,
    List<Lane> lanes,
    List<Band> bands,
    List<Hatch> faults,
    List<Mark> marks,
    List<Broken> violations) {

  public record Fact(String name, String value) {}

  public record Rule(long atNanos, String label) {}

  public record Lane(Group group, String name) {}

  /** Lanes of a group stand together, groups in this order. */
  public enum Group {
    FAULTS,
    SENDERS,
    NODES,
    ENDPOINTS,
    DESTINATIONS,
    STORAGE
  }

  /**
   * A condition that lasts: an incarnation, an owner, a phase of a circuit.
   *
   * @param row bands of a lane that overlap stand on different rows
   * @param thin drawn as a stripe under the others
   */
  public record Band(
      int lane,
      long fromNanos,
      long untilNanos,
      Condition kind,
      int row,
      boolean thin,
      String label) {}

  public enum Condition {
    INCARNATION,
    DRAINING,
    OWNER,
    CLOSED,
    HALF_OPEN,
    OPEN
  }

  /**
   * A fault.
   *
   * @param lanes what it befalls
   */
  public record Hatch(int id, long fromNanos, long untilNanos, List<Integer> lanes, String label) {}

  /**
   * Something that happened, or was tried from one time to another.
   *
   * @param webhooks by their senders' names
   */
  public record Mark(
      int lane, long fromNanos, long untilNanos, Kind kind, List<String> webhooks, String text) {}

  /** Each has its own sign. */
  public enum Kind {
    ACCEPTED,
    DUPLICATE,
    REJECTED,
    UNAVAILABLE,
    UNANSWERED,
    DELIVERED,
    FAILED,
    REFUSED,
    LIMITED,
    UNKNOWN,
    DEAD,
    WRITE,
    WRITE_FAILED,
    SNAPSHOT,
    RECOVERED,
    OPERATOR,
    ERROR,
    NOTE
  }

  /**
   * A broken promise.
   *
   * @param chain what led to it, in order
   */
  public record Broken(
      String invariant, String promise, String sentence, long atNanos, List<Step> chain) {}

  /**
   * @param mark index of the mark that shows it, -1 for none
   */
  public record Step(long atNanos, int lane, int mark, String text) {}
}
