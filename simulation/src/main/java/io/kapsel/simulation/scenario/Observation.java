package io.kapsel.simulation.scenario;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Verdict;
import java.util.List;

/**
 * Something that can be seen from outside the actors: on the wire, in the database, at the node's
 * ports. The invariants know nothing else. {@code webhook} is the sender's name of a webhook
 * ({@code w12}), {@code event} the identifier that Kapsel gave ({@code evt_…}; one webhook may get
 * several while its sender repeats it), {@code endpoint} a name ({@code e1}), {@code node} an
 * incarnation ({@code n1.2}).
 */
public sealed interface Observation {
  /** Virtual time since the world began. */
  long atNanos();

  // -------------------------------------------------------------------------------- nodes

  record NodeBooted(long atNanos, String node) implements Observation {}

  record NodeCrashed(long atNanos, String node) implements Observation {}

  /** It has ended by itself. */
  record NodeExited(long atNanos, String node) implements Observation {}

  record NodeLeaving(long atNanos, String node) implements Observation {}

  /**
   * The first seed forms no cluster, and joins.
   *
   * @param alive who lives by the register
   */
  record FoundAlive(long atNanos, String node, List<String> alive) implements Observation {}

  /** Answers requests from now on. */
  record NodeServes(long atNanos, String node) implements Observation {}

  record EndpointStarted(long atNanos, String node, String endpoint) implements Observation {}

  record EndpointStopped(long atNanos, String node, String endpoint) implements Observation {}

  record ErrorLogged(long atNanos, String node, String logger, String message)
      implements Observation {}

  // -------------------------------------------------------------------------------- senders

  /**
   * @param attempt counted by the sender, from 1
   * @param key idempotency key, empty for none
   * @param body hash of the body
   * @param valid whether the service should accept it: signed, within the limits
   */
  record Requested(
      long atNanos,
      String webhook,
      String endpoint,
      String node,
      int attempt,
      String key,
      long body,
      boolean valid)
      implements Observation {}

  /**
   * @param event of the answer, empty unless it is a 200
   * @param bytes the answer's body
   */
  record Answered(
      long atNanos,
      String webhook,
      String endpoint,
      int attempt,
      int status,
      String code,
      String event,
      String bytes)
      implements Observation {}

  /** The sender has waited long enough, or the connection broke. */
  record Unanswered(long atNanos, String webhook, String endpoint, int attempt, String why)
      implements Observation {}

  record SenderGaveUp(long atNanos, String webhook, String endpoint) implements Observation {}

  // -------------------------------------------------------------------------------- database

  /** Content is in its table. */
  record ContentStored(
      long atNanos, String node, String endpoint, String webhook, String event, long body)
      implements Observation {}

  record ContentRemoved(long atNanos, String node, String event) implements Observation {}

  /** The delivery pool has asked for the content of attempts that it has permits for. */
  record ContentRequested(long atNanos, String node, List<String> events) implements Observation {}

  /**
   * Events are in the journal; their writer may not know it yet.
   *
   * @param writer identity of the writing actor
   */
  record Journaled(
      long atNanos,
      String node,
      String endpoint,
      long firstSequenceNr,
      String writer,
      List<Endpoint.Event> events)
      implements Observation {}

  /** A write came to nothing. */
  record JournalRefused(
      long atNanos, String node, String endpoint, long firstSequenceNr, String why)
      implements Observation {}

  /** The writer was told. */
  record JournalConfirmed(long atNanos, String node, String endpoint, long firstSequenceNr)
      implements Observation {}

  /** An endpoint has asked for its events. */
  record Recovering(long atNanos, String node, String endpoint) implements Observation {}

  record SnapshotStored(long atNanos, String node, String endpoint, long sequenceNr)
      implements Observation {}

  /** One line of history. */
  record HistoryRecorded(
      long atNanos,
      String node,
      String endpoint,
      String event,
      int number,
      Outcome.Kind kind,
      Verdict verdict)
      implements Observation {}

  // -------------------------------------------------------------------------------- attempts

  /** The node's HTTP client was told to deliver. */
  record AttemptSent(
      long atNanos, String node, String endpoint, String webhook, String event, int number)
      implements Observation {}

  /**
   * It has reached the destination, which has processed it or will refuse it.
   *
   * @param body hash of the body that arrived
   */
  record AttemptSeen(
      long atNanos,
      String node,
      String endpoint,
      String webhook,
      String event,
      int number,
      long body,
      String behaviour,
      boolean processed)
      implements Observation {}

  /**
   * The node knows how it ended. Not seen when the node is gone by then.
   *
   * @param retryAfterMillis what the destination asked for, -1 for nothing usable
   */
  record AttemptEnded(
      long atNanos,
      String node,
      String endpoint,
      String webhook,
      String event,
      int number,
      Outcome.Kind kind,
      int status,
      long retryAfterMillis)
      implements Observation {}

  /** As the journal has it. */
  record CircuitChanged(
      long atNanos, String endpoint, Circuit.Phase phase, long openUntilMillis, String why)
      implements Observation {}

  // -------------------------------------------------------------------------------- operators

  record Ordered(long atNanos, int order, String endpoint, String node, String what)
      implements Observation {}

  record OrderAnswered(long atNanos, int order, String endpoint, String what, String answer)
      implements Observation {}

  // -------------------------------------------------------------------------------- limits

  /**
   * A token was granted.
   *
   * @param account a tenant or an endpoint
   */
  record Admitted(long atNanos, String node, String account, double perSecond, long burst)
      implements Observation {}

  /** A node leases from the bank from now on, or grants its share by itself. */
  record LimitsShared(long atNanos, String node, boolean shared, String why)
      implements Observation {}

  // -------------------------------------------------------------------------------- the run

  record FaultBegan(long atNanos, int fault, String what) implements Observation {}

  record FaultEnded(long atNanos, int fault, String what) implements Observation {}

  /** load, settle, probe, quiet, end */
  record PhaseBegan(long atNanos, String phase) implements Observation {}
}
