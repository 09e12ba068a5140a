package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.service.Recorder;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Rare situations that a campaign must have met. A zero after a night is a defect of the simulator.
 */
final class Sometimes implements Recorder.Listener {
  static final List<String> ALL =
      List.of(
          "acknowledged after a retry of the sender",
          "duplicate answered",
          "key reused with another body refused",
          "queue full",
          "bad signature refused",
          "journal write refused",
          "journal write applied, answer lost",
          "late write refused by the primary key",
          "recovery with pending webhooks",
          "recovery after a snapshot",
          "crash with an attempt in flight",
          "outcome lost after the destination processed",
          "crash between content and acceptance",
          "taken up by the reconciler",
          "content discarded",
          "attempt counted as lost",
          "dead letter",
          "refused for good",
          "endpoint disabled by 410",
          "circuit opened",
          "circuit half open",
          "circuit closed again",
          "probe failed",
          "probe in flight at a crash",
          "retry by hand",
          "reset by hand",
          "reconfigured with webhooks pending",
          "endpoint moved to another node",
          "endpoint left memory and came back",
          "Retry-After obeyed",
          "Retry-After capped",
          "node exited by itself",
          "recovery after a refused write",
          "probe in flight at a hand-over",
          "stopped with offers on their way",
          "oldest node lost",
          "node did not serve for long",
          "first seed kept from a cluster of its own",
          "journal away for longer than its circuit breaker",
          "outcome came after its attempt was counted as lost",
          "late outcome while the next attempt was in flight",
          "idempotency keys forgotten for want of room",
          "endpoint deleted",
          "limited by the endpoint's or the tenant's rate",
          "limits went by the node's own share");

  /** Longer than a start and a rejoin take in peace. */
  private static final long SERVES_NANOS = 30_000_000_000L;

  /** Akka's {@code seed-node-timeout} and the second in which it looks at it. */
  private static final long ALONE_NANOS = 6_000_000_000L;

  /** A call's timeout and the time that the breaker stays open. */
  private static final long BREAKER_NANOS = 15_000_000_000L;

  /** What one node alone cannot meet, or hardly: a run of one does not count it as missed. */
  private static final List<String> IN_A_CLUSTER =
      List.of(
          "endpoint moved to another node",
          "node did not serve for long",
          "first seed kept from a cluster of its own",
          "oldest node lost");

  private final Facts facts;
  private final Plan plan;
  private final long windowMillis;
  private final TreeMap<String, Long> counts = new TreeMap<>();
  private final TreeMap<String, String> home = new TreeMap<>();
  private final TreeSet<String> snapshots = new TreeSet<>();
  private final Set<String> unanswered = new HashSet<>();
  private final Set<String> contentOnly = new HashSet<>();
  private final Set<String> orphans = new HashSet<>();
  private final TreeMap<String, Long> booted = new TreeMap<>();
  private final TreeMap<Long, String> serving = new TreeMap<>();
  private final TreeSet<String> refused = new TreeSet<>();
  private final TreeMap<Integer, Long> journalDownSinceNanos = new TreeMap<>();
  private boolean refusedWhileDown;

  Sometimes(Facts facts, Options options, Plan plan) {
    this.facts = facts;
    this.plan = plan;
    this.windowMillis = options.whole(Option.WINDOW_SECONDS) * 1_000;
    boolean several = options.count(Option.NODES) > 1;
    for (String situation : ALL)
      if (several || !IN_A_CLUSTER.contains(situation)) counts.put(situation, 0L);
  }

  SortedMap<String, Long> counts() {
    return Collections.unmodifiableSortedMap(counts);
  }

  private void met(String situation) {
    if (!ALL.contains(situation)) throw new IllegalArgumentException(situation);
    counts.merge(situation, 1L, Long::sum);
  }

  private void metIf(boolean condition, String situation) {
    if (condition) met(situation);
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.Unanswered missing -> unanswered.add(missing.webhook());
      case Observation.Answered answered -> answered(answered);
      case Observation.JournalRefused refused -> {
        met("journal write refused");
        metIf(refused.why().contains("connection lost"), "journal write applied, answer lost");
        metIf(refused.why().contains("duplicate key"), "late write refused by the primary key");
        this.refused.add(refused.endpoint());
        refusedWhileDown |= !journalDownSinceNanos.isEmpty();
      }
      case Observation.FaultBegan began -> {
        if (takesTheJournalDown(began.fault()))
          journalDownSinceNanos.put(began.fault(), began.atNanos());
      }
      case Observation.FaultEnded ended -> {
        Long since = journalDownSinceNanos.remove(ended.fault());
        metIf(
            since != null && refusedWhileDown && ended.atNanos() - since > BREAKER_NANOS,
            "journal away for longer than its circuit breaker");
        refusedWhileDown &= !journalDownSinceNanos.isEmpty();
      }
      case Observation.NodeBooted boot -> booted.put(boot.node(), boot.atNanos());
      case Observation.FoundAlive found -> {
        Long since = booted.get(found.node());
        metIf(
            since != null && found.atNanos() - since > ALONE_NANOS,
            "first seed kept from a cluster of its own");
      }
      case Observation.NodeServes serves -> {
        served(serves.node(), serves.atNanos());
        serving.put(serves.atNanos(), serves.node());
      }
      case Observation.AttemptEnded ended -> {
        Facts.Event event = facts.event(ended.event());
        boolean late = event.endedAt.containsKey(ended.number());
        metIf(late, "outcome came after its attempt was counted as lost");
        Facts.Sent last = event.sent.getLast();
        metIf(
            late && last.number > ended.number() && last.ended == null,
            "late outcome while the next attempt was in flight");
      }
      case Observation.LimitsShared shared ->
          metIf(!shared.shared(), "limits went by the node's own share");
      case Observation.EndpointStopped stopped -> stopped(stopped);
      case Observation.Recovering recovering -> {
        Facts.EndpointFacts endpoint = facts.endpoint(recovering.endpoint());
        metIf(!endpoint.pending.isEmpty(), "recovery with pending webhooks");
        metIf(snapshots.contains(recovering.endpoint()), "recovery after a snapshot");
        metIf(refused.remove(recovering.endpoint()), "recovery after a refused write");
      }
      case Observation.SnapshotStored stored -> snapshots.add(stored.endpoint());
      case Observation.NodeCrashed crash -> {
        crashed(crash.node());
        gone(crash.node(), crash.atNanos());
      }
      case Observation.NodeExited exit -> {
        met("node exited by itself");
        gone(exit.node(), exit.atNanos());
      }
      case Observation.ContentStored stored -> contentOnly.add(stored.event());
      case Observation.ContentRemoved removed -> {
        contentOnly.remove(removed.event());
        met("content discarded");
      }
      case Observation.EndpointStarted started -> {
        String before = home.put(started.endpoint(), started.node());
        if (before == null) return;
        metIf(before.equals(started.node()), "endpoint left memory and came back");
        metIf(!name(before).equals(name(started.node())), "endpoint moved to another node");
      }
      case Observation.CircuitChanged changed -> {
        metIf(changed.phase() == Circuit.Phase.OPEN, "circuit opened");
        metIf(changed.phase() == Circuit.Phase.HALF_OPEN, "circuit half open");
        metIf(changed.phase() == Circuit.Phase.CLOSED, "circuit closed again");
      }
      case Observation.Journaled journaled -> {
        for (Endpoint.Event event : journaled.events()) journaled(journaled.endpoint(), event);
      }
      default -> {}
    }
  }

  private boolean takesTheJournalDown(int id) {
    for (Fault fault : plan.faults())
      if (fault.id() == id)
        return switch (fault.kind()) {
          case STORE_DOWN -> fault.target().isEmpty() || fault.target().equals("JOURNAL");
          case POWER_CUT -> true;
          default -> false;
        };
    return false;
  }

  private static String name(String incarnation) {
    return incarnation.substring(0, incarnation.indexOf('.'));
  }

  private void answered(Observation.Answered answered) {
    if (answered.status() == 200) {
      metIf(unanswered.contains(answered.webhook()), "acknowledged after a retry of the sender");
      metIf(
          facts.event(answered.event()).webhook.equals(answered.webhook().replace("-again", ""))
              && answered.webhook().endsWith("-again"),
          "duplicate answered");
    }
    switch (answered.code()) {
      case "E1010" -> met("key reused with another body refused");
      case "E1001" -> met("bad signature refused");
      case "E3002" -> met("queue full");
      case "E1004" -> met("limited by the endpoint's or the tenant's rate");
      default -> {}
    }
  }

  private void served(String node, long atNanos) {
    Long since = booted.remove(node);
    metIf(since != null && atNanos - since > SERVES_NANOS, "node did not serve for long");
  }

  private void gone(String node, long atNanos) {
    served(node, atNanos);
    metIf(serving.size() > 1 && serving.firstEntry().getValue().equals(node), "oldest node lost");
    serving.values().remove(node);
  }

  private void stopped(Observation.EndpointStopped stopped) {
    Facts.EndpointFacts endpoint = facts.endpoint(stopped.endpoint());
    boolean probing = false;
    for (Facts.Event event : endpoint.pending.values()) {
      if (event.sent.isEmpty()) continue;
      Facts.Sent last = event.sent.getLast();
      probing |= last.node.equals(stopped.node()) && last.ended == null;
    }
    metIf(
        probing && endpoint.phase != Circuit.Phase.CLOSED && !refused.contains(stopped.endpoint()),
        "probe in flight at a hand-over");
    boolean offered = false;
    for (String id : contentOnly) offered |= facts.event(id).endpoint.equals(stopped.endpoint());
    metIf(offered, "stopped with offers on their way");
  }

  private void crashed(String node) {
    boolean inFlight = false;
    boolean processed = false;
    boolean probing = false;
    for (Facts.EndpointFacts endpoint : facts.endpoints())
      for (Facts.Event event : endpoint.pending.values()) {
        if (event.sent.isEmpty()) continue;
        Facts.Sent last = event.sent.getLast();
        boolean open = last.node.equals(node) && last.number > event.attempts;
        inFlight |= open && last.ended == null;
        processed |= open && last.processed;
        probing |= open && last.ended == null && endpoint.phase != Circuit.Phase.CLOSED;
      }
    metIf(inFlight, "crash with an attempt in flight");
    metIf(processed, "outcome lost after the destination processed");
    metIf(probing, "probe in flight at a crash");
    metIf(!contentOnly.isEmpty(), "crash between content and acceptance");
    orphans.addAll(contentOnly);
  }

  private void journaled(String endpoint, Endpoint.Event event) {
    switch (event) {
      case Endpoint.WebhooksAccepted accepted -> {
        for (Endpoint.Offered offered : accepted.webhooks()) {
          String id = offered.id().toString();
          contentOnly.remove(id);
          metIf(orphans.remove(id), "taken up by the reconciler");
        }
        metIf(
            accepted.windowFloorMillis() > accepted.atMillis() - windowMillis,
            "idempotency keys forgotten for want of room");
      }
      case Endpoint.AttemptsEnded batch -> {
        boolean wasOpen = batch.circuit().phase() == Circuit.Phase.OPEN;
        for (Ended ended : batch.ended()) ended(ended, batch.atMillis(), wasOpen, endpoint);
      }
      case Endpoint.StatusChanged changed -> {
        metIf(
            changed.status() == Status.DISABLED && !changed.reason().isEmpty(),
            "endpoint disabled by 410");
        metIf(changed.status() == Status.DELETED, "endpoint deleted");
      }
      case Endpoint.Retried retried -> met("retry by hand");
      case Endpoint.CircuitReset reset -> met("reset by hand");
      case Endpoint.Configured configured ->
          metIf(!facts.endpoint(endpoint).pending.isEmpty(), "reconfigured with webhooks pending");
      default -> {}
    }
  }

  private void ended(Ended ended, long atMillis, boolean open, String endpoint) {
    Outcome outcome = ended.attempt().outcome();
    metIf(ended.verdict() == Verdict.DEAD_LETTER, "dead letter");
    metIf(ended.verdict() == Verdict.FAILED, "refused for good");
    metIf(outcome.message().startsWith("Nobody answered"), "attempt counted as lost");
    long delay = ended.nextAttemptAtMillis() - atMillis;
    boolean asked = ended.verdict() == Verdict.RETRY && outcome.retryAfterMillis() > 0;
    metIf(asked && delay >= outcome.retryAfterMillis(), "Retry-After obeyed");
    metIf(asked && outcome.retryAfterMillis() > 86_400_000L, "Retry-After capped");
    metIf(
        open
            && outcome.kind() != Outcome.Kind.DELIVERED
            && facts.endpoint(endpoint).phase == Circuit.Phase.OPEN,
        "probe failed");
  }
}
