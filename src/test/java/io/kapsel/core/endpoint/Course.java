package io.kapsel.core.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.core.endpoint.Endpoint.AttemptsEnded;
import io.kapsel.core.endpoint.Endpoint.Command;
import io.kapsel.core.endpoint.Endpoint.Event;
import io.kapsel.core.endpoint.Endpoint.Finished;
import io.kapsel.core.endpoint.Endpoint.Offered;
import io.kapsel.core.endpoint.Endpoint.Started;
import io.kapsel.core.endpoint.Flight.InFlight;
import io.kapsel.core.webhook.WebhookId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A life as chance will have it, watched by models that are simpler than the endpoint: lists of
 * outcomes instead of bits, whole journals instead of counters.
 */
final class Course {
  enum Kind {
    OFFER,
    OFFER_KNOWN_KEY,
    RECONCILE,
    SUCCEED,
    FAIL,
    REFUSE,
    LIMIT,
    GO_AWAY,
    TIME_OUT_LATE,
    RELEASE,
    CONFIRM,
    WAIT,
    WAIT_FOR_TIMER,
    WAIT_LONG,
    CRASH,
    REORDER,
    RESIZE,
    PAUSE,
    DISABLE,
    ACTIVATE,
    RETRY,
    RESET_CIRCUIT,
    SETTLE
  }

  /** What happens next; the numbers choose among what there is. */
  record Step(Kind kind, int a, int b) {}

  private static final List<Ordering> ORDERINGS =
      List.of(Ordering.PARALLEL, Ordering.FIFO, Ordering.KEYED);
  private static final int MAX_ATTEMPTS = 4;
  private static final int SETTLING_STEPS_MAX = 5_000;
  private static final RetryPolicy RETRY =
      new RetryPolicy(
          RetryPolicy.Strategy.EXPONENTIAL, 1_000, 2, 60_000, 0.25, MAX_ATTEMPTS, List.of());
  private static final CircuitPolicy CIRCUIT = new CircuitPolicy(4, 0.5, 8, 30_000, 2);

  private final Life life;
  private final CircuitModel circuit = new CircuitModel(CIRCUIT);
  private final TreeSet<WebhookId> accepted = new TreeSet<>();
  private double draw = 0.37;
  private int made;
  private int judged;
  private Ordering ordering;
  private int maxInFlight = 5;

  Course(Ordering ordering) {
    this.ordering = ordering;
    life =
        new Life(
            Scenario.T0,
            this::draw,
            Scenario.withSegmentKeys(4, Scenario.limits(40, 1_000_000, 6)));
    life.step(new Endpoint.Create(Scenario.TENANT, config()));
  }

  private double draw() {
    draw = (draw * 7919 + 0.123) % 1;
    return draw;
  }

  private EndpointConfig config() {
    return Scenario.with(
        RETRY,
        CIRCUIT,
        Scenario.with(ordering, maxInFlight, ordering == Ordering.PARALLEL ? 0 : 50).delivery());
  }

  Life life() {
    return life;
  }

  void take(List<Step> steps) {
    for (Step step : steps) take(step);
  }

  private void take(Step step) {
    switch (step.kind()) {
      case OFFER -> run(offer(fresh(step.a() % 4 + 1, step.b())));
      case OFFER_KNOWN_KEY -> run(offer(sameKey(step.a() % (made + 1), step.b())));
      case RECONCILE -> run(new Endpoint.Offer(0, true, fresh(1, step.b())));
      case SUCCEED -> finish(step, Scenario.OK);
      case FAIL -> finish(step, Scenario.ERROR_500);
      case REFUSE -> finish(step, Scenario.BAD_400);
      case LIMIT -> finish(step, Scenario.retryAfter(Scenario.SLOW_DOWN_429, step.b() * 100L));
      case GO_AWAY -> {
        if (step.b() % 20 == 0) finish(step, Scenario.GONE_410);
      }
      case TIME_OUT_LATE -> run(new Endpoint.Finish(List.of(stale(step))));
      case RELEASE -> release(step);
      case CONFIRM -> run(new Endpoint.Confirm(life.state().nextBatch() - 1 - step.a() % 2));
      case WAIT -> pass(step.a());
      case WAIT_FOR_TIMER ->
          pass(life.plan().wakeAtMillis().orElse(life.nowMillis()) - life.nowMillis());
      case WAIT_LONG -> pass(step.a() * 1_000L);
      case CRASH -> crash();
      case REORDER -> {
        ordering = ORDERINGS.get(step.a() % ORDERINGS.size());
        run(new Endpoint.Configure(config(), 0));
      }
      case RESIZE -> {
        maxInFlight = step.a() % 8 + 1;
        run(new Endpoint.Configure(config(), 0));
      }
      case PAUSE -> run(new Endpoint.SetStatus(Status.PAUSED));
      case DISABLE -> run(new Endpoint.SetStatus(Status.DISABLED));
      case ACTIVATE -> run(new Endpoint.SetStatus(Status.ACTIVE));
      case RETRY -> retry(step);
      case RESET_CIRCUIT -> {
        circuit.reset();
        run(new Endpoint.ResetCircuit());
      }
      case SETTLE -> run(new Endpoint.Settle());
    }
  }

  // -------------------------------------------------------------------------------- happenings

  private Endpoint.Offer offer(List<Offered> webhooks) {
    return new Endpoint.Offer(life.state().version(), false, webhooks);
  }

  private List<Offered> fresh(int count, int lane) {
    List<Offered> webhooks = new ArrayList<>();
    for (int i = 0; i < count; i++) webhooks.add(webhook(made++, made, lane % 3));
    return webhooks;
  }

  private List<Offered> sameKey(int key, int lane) {
    return List.of(webhook(made++, key, lane % 3));
  }

  private Offered webhook(int number, int key, long lane) {
    return new Offered(Scenario.id(number + 1, life.nowMillis()), new KeyHash(key, 1), key, lane);
  }

  private void finish(Step step, Outcome outcome) {
    List<Map.Entry<Long, InFlight>> flying = List.copyOf(life.flight().attempts().entrySet());
    if (flying.isEmpty()) return;
    List<Finished> finished = new ArrayList<>();
    int count = Math.min(flying.size(), step.b() % 3 + 1);
    for (int i = 0; i < count; i++)
      finished.add(finished(flying.get((step.a() + i) % flying.size()), outcome));
    run(new Endpoint.Finish(finished));
  }

  private Finished finished(Map.Entry<Long, InFlight> flying, Outcome outcome) {
    Pending pending = life.state().backlog().at(flying.getKey());
    if (pending == null) throw new AssertionError("in flight but not pending");
    return new Finished(
        flying.getKey(),
        new Attempt(
            pending.id(),
            flying.getValue().number(),
            flying.getValue().startedAtMillis(),
            10,
            outcome));
  }

  /** An answer for an attempt that nobody made, or that was answered before. */
  private Finished stale(Step step) {
    long sequence = step.a() % (life.state().nextSequence() + 1);
    return new Finished(
        sequence, new Attempt(Scenario.id(1), 90 + step.b(), 0, 0, Scenario.TIMED_OUT));
  }

  private void release(Step step) {
    List<Started> started = new ArrayList<>();
    for (Map.Entry<Long, InFlight> flying : life.flight().attempts().entrySet())
      if (started.size() <= step.a() % 3)
        started.add(new Started(flying.getKey(), Scenario.id(1), flying.getValue().number()));
    run(new Endpoint.Release(started));
  }

  private void retry(Step step) {
    if (accepted.isEmpty()) return;
    WebhookId id = List.copyOf(accepted).get(step.a() % accepted.size());
    if (endOf(id) == Verdict.DELIVERED) return;
    run(new Endpoint.Retry(id, step.b() % 3, attemptsOf(id)));
  }

  private void pass(long millis) {
    life.at(life.nowMillis() + millis);
    run(new Endpoint.Wake());
  }

  private void crash() {
    checkStarts(life.crash(), Map.of());
  }

  /** Everything succeeds from now on, and time passes as the timers want it. */
  void recoverAndSettle() {
    if (life.state().status() != Status.ACTIVE) run(new Endpoint.SetStatus(Status.ACTIVE));
    for (int i = 0; !isSettled(); i++) {
      assertTrue(i < SETTLING_STEPS_MAX, () -> "never settles: " + life.state().backlog());
      run(new Endpoint.Confirm(life.state().nextBatch() - 1));
      if (!life.flight().attempts().isEmpty()) finish(new Step(Kind.SUCCEED, 0, 2), Scenario.OK);
      else if (life.state().backlog().isEmpty()) run(offer(fresh(1, 0)));
      else
        pass(
            life.plan()
                    .wakeAtMillis()
                    .orElseThrow(() -> new AssertionError("a backlog and no timer"))
                - life.nowMillis());
    }
    run(new Endpoint.Confirm(life.state().nextBatch() - 1));
  }

  private boolean isSettled() {
    return life.state().backlog().isEmpty()
        && life.state().circuit().phase() == Circuit.Phase.CLOSED;
  }

  // ------------------------------------------------------------------------------------ checks

  private void run(Command command) {
    TreeMap<Long, InFlight> before = new TreeMap<>(life.flight().attempts());
    Endpoint.Decision decision = life.step(command);
    note(command, decision);
    feed(before);
    circuit.check(life.state().circuit());
    before.keySet().retainAll(decision.flight().attempts().keySet());
    checkStarts(life.plan(), before);
    checkDuties();
    checkAttempts();
  }

  private void note(Command command, Endpoint.Decision decision) {
    if (!(command instanceof Endpoint.Offer offer)) return;
    if (!(decision.reply() instanceof Endpoint.OfferAnswered answered)) return;
    for (int i = 0; i < answered.answers().size(); i++)
      if (answered.answers().get(i) instanceof Endpoint.Accepted)
        accepted.add(offer.webhooks().get(i).id());
  }

  private void feed(Map<Long, InFlight> before) {
    for (; judged < life.journal().size(); judged++) {
      Event event = life.journal().get(judged);
      if (!(event instanceof AttemptsEnded ended)) continue;
      for (Ended each : ended.ended()) {
        InFlight attempt = before.get(each.sequence());
        if (attempt == null) throw new AssertionError("ended but was not in flight: " + each);
        circuit.feed(
            each.attempt().outcome().kind(),
            attempt.probe(),
            ended.atMillis(),
            life.state().maxInFlight());
      }
    }
  }

  private void checkStarts(Endpoint.Plan plan, Map<Long, InFlight> before) {
    int flying = before.size();
    if (plan.attempts().isEmpty()) return;
    Circuit.Phase phase = life.state().circuit().phaseAt(life.nowMillis());
    assertEquals(Status.ACTIVE, life.state().status(), "starts although it is not active");
    assertTrue(phase != Circuit.Phase.OPEN, "starts while the circuit is open");
    if (phase == Circuit.Phase.HALF_OPEN) assertEquals(1, plan.attempts().size(), "probes");
    assertTrue(
        flying + plan.attempts().size() <= life.state().maxInFlight(), "more than the limit");
    for (Started started : plan.attempts()) {
      Pending pending = life.state().backlog().at(started.sequence());
      if (pending == null) throw new AssertionError("starts what is not pending");
      assertTrue(pending.dueAtMillis() <= life.nowMillis(), "starts what is not due");
      assertTrue(pending.budgetUsed() < MAX_ATTEMPTS, "starts what has no budget");
      assertTrue(isHeadOfItsLane(pending), "overtakes: " + pending);
    }
  }

  private boolean isHeadOfItsLane(Pending pending) {
    if (ordering == Ordering.PARALLEL) return true;
    if (ordering == Ordering.KEYED && pending.laneKey() == 0) return true;
    for (Pending other : life.state().backlog().inOrder())
      if (ordering == Ordering.FIFO || other.laneKey() == pending.laneKey())
        return other.sequence() == pending.sequence();
    return false;
  }

  /** Work that is pending is in flight, or something will wake it. */
  private void checkDuties() {
    State state = life.state();
    boolean historyBlocks =
        state.unconfirmed(life.flight().confirmedBatch()) >= life.limits().outboxBatchesMax();
    if (state.status() != Status.ACTIVE || state.backlog().isEmpty() || historyBlocks) return;
    assertTrue(
        !life.flight().attempts().isEmpty() || life.plan().wakeAtMillis().isPresent(),
        "pending, and nobody will come back to it");
  }

  /** Numbers rise by one, budgets hold, and nothing is attempted after its end. */
  private void checkAttempts() {
    TreeMap<WebhookId, Integer> numbers = new TreeMap<>();
    TreeMap<WebhookId, Integer> budgets = new TreeMap<>();
    TreeSet<WebhookId> over = new TreeSet<>();
    for (Event event : life.journal()) {
      if (event instanceof Endpoint.Retried retried) {
        budgets.remove(retried.id());
        over.remove(retried.id());
      }
      if (!(event instanceof AttemptsEnded ended)) continue;
      for (Ended each : ended.ended()) {
        WebhookId id = each.attempt().webhook();
        assertTrue(!over.contains(id), () -> "attempted after its end: " + each);
        assertEquals(numbers.merge(id, 1, Integer::sum), each.attempt().number());
        assertTrue(budgets.merge(id, 1, Integer::sum) <= MAX_ATTEMPTS, "beyond the budget");
        if (each.verdict() != Verdict.RETRY) over.add(id);
      }
    }
  }

  boolean everyAcceptedHasEnded() {
    return accepted.stream().allMatch(id -> endOf(id) != Verdict.RETRY);
  }

  /** The last verdict on a webhook, or RETRY when there is none. */
  private Verdict endOf(WebhookId id) {
    Verdict last = Verdict.RETRY;
    for (Event event : life.journal())
      if (event instanceof AttemptsEnded ended)
        for (Ended each : ended.ended())
          if (each.attempt().webhook().equals(id)) last = each.verdict();
    return last;
  }

  private int attemptsOf(WebhookId id) {
    int attempts = 0;
    for (Event event : life.journal())
      if (event instanceof AttemptsEnded ended)
        for (Ended each : ended.ended()) if (each.attempt().webhook().equals(id)) attempts++;
    return attempts;
  }
}
