package io.kapsel.simulation.check;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * S8: nothing is attempted through an open circuit and one probe at a time through one that is half
 * open; it opens and closes as the {@link Model} does over the same outcomes.
 */
final class CircuitFollowsItsPolicy implements Invariant {
  /** The policy once more, in plain counters. */
  static final class Model {
    Circuit.Phase phase = Circuit.Phase.CLOSED;
    long openUntilMillis;
    int streak;
    int successes;
    final ArrayDeque<Boolean> window = new ArrayDeque<>();

    void outcome(boolean failed, boolean probe, long atMillis, CircuitPolicy policy) {
      if (phase == Circuit.Phase.CLOSED) {
        window.addLast(failed);
        while (window.size() > policy.window()) window.removeFirst();
        streak = failed ? streak + 1 : 0;
        long failures = window.stream().filter(each -> each).count();
        boolean full = window.size() == policy.window();
        if (failed
            && (streak >= policy.consecutiveFailures()
                || (full && failures >= policy.failureRate() * window.size())))
          open(atMillis, policy);
      } else if (probe && failed) {
        open(atMillis, policy);
      } else if (probe) {
        phase = Circuit.Phase.HALF_OPEN;
        if (++successes >= policy.halfOpenSuccesses()) close();
      }
    }

    void open(long atMillis, CircuitPolicy policy) {
      close();
      phase = Circuit.Phase.OPEN;
      openUntilMillis = atMillis + policy.openMillis();
    }

    void adopt(Circuit told) {
      if (told.phase() == Circuit.Phase.CLOSED && phase != Circuit.Phase.CLOSED) close();
      phase = told.phase();
      openUntilMillis = told.openUntilMillis();
      successes = told.probesSucceeded();
    }

    void close() {
      phase = Circuit.Phase.CLOSED;
      openUntilMillis = 0;
      streak = 0;
      successes = 0;
      window.clear();
    }
  }

  /**
   * One attempt between the pool's request for its content and its end.
   *
   * @param afterOpening handed out after its endpoint knew that the circuit is open
   * @param openUntilMillis of the circuit when it was sent, 0 when that was not open
   */
  private record Out(
      Request request, int sentIndex, String node, Handed afterOpening, long openUntilMillis) {}

  /** For an attempt's content: when its endpoint stops now, the pool may send it all the same. */
  private record Request(int index, long atNanos) {}

  private enum Handed {
    BEFORE,
    PERHAPS,
    AFTER
  }

  private static final long NANOS_PER_MILLI = 1_000_000;

  /** A little more than the twentieth of docs/adr/0006. */
  private static final double SLEW = 1.06;

  private static final long SLACK_MILLIS = 20;

  /** A recall takes a message to the pool, and time passes while code runs. */
  private static final long RECALL_NANOS = 400_000_000L;

  /** When an endpoint came to know that its circuit is open. */
  private static final class Opening {
    /** Since it was last closed. */
    long firstNanos = Long.MAX_VALUE;

    /** The latest. */
    long lastNanos = Long.MAX_VALUE;

    /** Journaled and not confirmed. */
    boolean unconfirmed;
  }

  private final Facts facts;
  private final Findings findings;
  private final boolean clocksAreRight;
  private final Map<String, Model> models = new TreeMap<>();
  private final Map<String, Opening> openings = new TreeMap<>();
  private final Map<String, Request> requested = new HashMap<>();
  private final Map<String, Map<String, Out>> out = new TreeMap<>();

  CircuitFollowsItsPolicy(Facts facts, Findings findings, boolean clocksAreRight) {
    this.facts = facts;
    this.findings = findings;
    this.clocksAreRight = clocksAreRight;
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.ContentRequested content -> {
        for (String event : content.events())
          requested.put(event + content.node(), new Request(index, content.atNanos()));
      }
      case Observation.AttemptSent sent -> sent(index, sent);
      case Observation.JournalConfirmed confirmed ->
          known(confirmed.endpoint(), confirmed.atNanos());
      case Observation.EndpointStarted started -> known(started.endpoint(), started.atNanos());
      case Observation.Journaled journaled -> {
        for (Endpoint.Event event : journaled.events()) fold(index, journaled.endpoint(), event);
      }
      default -> {}
    }
  }

  private Map<String, Out> of(String endpoint) {
    return out.computeIfAbsent(endpoint, name -> new TreeMap<>());
  }

  private Opening opening(String endpoint) {
    return openings.computeIfAbsent(endpoint, name -> new Opening());
  }

  private void known(String endpoint, long atNanos) {
    Opening opening = opening(endpoint);
    if (!opening.unconfirmed) return;
    opening.unconfirmed = false;
    opening.lastNanos = atNanos;
    if (opening.firstNanos == Long.MAX_VALUE) opening.firstNanos = atNanos;
  }

  private static Handed handed(long requestedNanos, long openedNanos, boolean excused) {
    if (excused) return Handed.PERHAPS;
    if (requestedNanos < openedNanos) return Handed.BEFORE;
    return requestedNanos - openedNanos < RECALL_NANOS ? Handed.PERHAPS : Handed.AFTER;
  }

  // ------------------------------------------------------------------------- what goes through

  private void sent(int index, Observation.AttemptSent sent) {
    Facts.EndpointFacts endpoint = facts.endpoint(sent.endpoint());
    Request request =
        requested.getOrDefault(sent.event() + sent.node(), new Request(index, sent.atNanos()));
    long asked = request.atNanos;
    Opening opening = opening(sent.endpoint());
    boolean closed = endpoint.phase == Circuit.Phase.CLOSED;
    boolean excused = facts.event(sent.event()).sent.getLast().excused;
    Handed first = closed ? Handed.BEFORE : handed(asked, opening.firstNanos, excused);
    Handed last = closed ? Handed.BEFORE : handed(asked, opening.lastNanos, excused);
    Map<String, Out> others = of(sent.endpoint());
    if (first == Handed.AFTER)
      for (Out other : others.values()) {
        if (other.afterOpening != Handed.AFTER || facts.crashOf(other.node) >= 0) continue;
        if (facts.interruptionOf(other.node, sent.endpoint()) > other.request.index) continue;
        if (facts.isFenced(other.node, sent.endpoint())) continue;
        broken(
            index,
            sent,
            "went through a half-open circuit beside another probe",
            endpoint.circuitIndex,
            other.sentIndex);
      }
    boolean isOpen = endpoint.phase == Circuit.Phase.OPEN && last == Handed.AFTER;
    if (isOpen) early(index, sent, endpoint);
    others.put(
        sent.event() + "/" + sent.number(),
        new Out(request, index, sent.node(), first, isOpen ? endpoint.openUntilMillis : 0));
  }

  /** By true time, which holds for an endpoint that has lived since its circuit opened. */
  private void early(int index, Observation.AttemptSent sent, Facts.EndpointFacts endpoint) {
    long open = (sent.atNanos() - endpoint.openedNotBeforeNanos) / NANOS_PER_MILLI;
    boolean lives =
        facts.startOf(sent.node(), sent.endpoint()) < endpoint.circuitIndex
            && facts.interruptionOf(sent.node(), sent.endpoint()) < endpoint.circuitIndex
            && !facts.isFenced(sent.node(), sent.endpoint());
    if (lives && open * SLEW + SLACK_MILLIS < endpoint.openMillis)
      broken(
          index,
          sent,
          "was attempted " + open + " ms after the circuit opened for " + endpoint.openMillis,
          endpoint.circuitIndex,
          -1);
  }

  private void broken(int index, Observation.AttemptSent sent, String what, int opened, int other) {
    findings.broken(
        "S8",
        Severity.SAFETY,
        sent.endpoint(),
        sent.webhook(),
        sent.webhook() + " " + what + ".",
        opened,
        other,
        index);
  }

  // --------------------------------------------------------------------------- how it changes

  private void fold(int index, String endpoint, Endpoint.Event event) {
    Model model = models.computeIfAbsent(endpoint, name -> new Model());
    switch (event) {
      case Endpoint.CircuitReset reset -> {
        model.close();
        openings.remove(endpoint);
        of(endpoint).clear();
      }
      case Endpoint.AttemptsEnded batch -> {
        CircuitPolicy policy = facts.endpoint(endpoint).config().circuit();
        Circuit.Phase before = model.phase;
        boolean sure = true;
        for (Ended ended : batch.ended()) sure &= outcome(model, endpoint, batch, ended, policy);
        Circuit told = batch.circuit();
        if (!sure) model.adopt(told);
        compare(index, endpoint, before, model, told);
        if (told.phase() == Circuit.Phase.OPEN) opening(endpoint).unconfirmed = true;
        if (told.phase() == Circuit.Phase.CLOSED) openings.remove(endpoint);
      }
      default -> {}
    }
  }

  private void compare(
      int index, String endpoint, Circuit.Phase before, Model model, Circuit told) {
    boolean same =
        told.phase() == model.phase
            && (told.phase() == Circuit.Phase.CLOSED
                || told.openUntilMillis() == model.openUntilMillis);
    if (same) return;
    findings.broken(
        "S8",
        Severity.SAFETY,
        endpoint,
        "",
        "The circuit of "
            + endpoint
            + " went from "
            + before
            + " to "
            + told.phase()
            + " where its policy says "
            + model.phase
            + ".",
        facts.endpoint(endpoint).circuitIndex,
        index);
    model.adopt(told);
  }

  /** False when it cannot be told from outside whether this was a probe. */
  private boolean outcome(
      Model model,
      String endpoint,
      Endpoint.AttemptsEnded batch,
      Ended ended,
      CircuitPolicy policy) {
    Outcome.Kind kind = ended.attempt().outcome().kind();
    Out attempt = of(endpoint).remove(ended.attempt().webhook() + "/" + ended.attempt().number());
    long started = ended.attempt().startedAtMillis();
    if (attempt != null && attempt.openUntilMillis > started && clocksAreRight)
      findings.broken(
          "S8",
          Severity.SAFETY,
          endpoint,
          facts.event(ended.attempt().webhook().toString()).webhook,
          facts.event(ended.attempt().webhook().toString()).webhook
              + " was attempted while the circuit was open.",
          attempt.sentIndex);
    if (kind == Outcome.Kind.REFUSED || kind == Outcome.Kind.GONE) return true;
    boolean closed = model.phase == Circuit.Phase.CLOSED;
    // Without having been sent it is one that was lost on the way.
    boolean unclear = attempt == null || attempt.afterOpening == Handed.PERHAPS;
    if (!closed && unclear) return false;
    boolean probe = attempt != null && attempt.afterOpening == Handed.AFTER;
    model.outcome(kind != Outcome.Kind.DELIVERED, probe, batch.atMillis(), policy);
    return true;
  }
}
