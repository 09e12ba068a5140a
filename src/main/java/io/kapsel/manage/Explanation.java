package io.kapsel.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.endpoint.Standing;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.endpoint.EndpointView;
import io.kapsel.json.Rfc3339;
import io.kapsel.storage.EventStatus;
import io.kapsel.storage.Events.AttemptMade;
import io.kapsel.storage.Events.Event;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Why an event is not delivered yet, or how it ended, in words. */
final class Explanation {
  /** Between the end of an attempt and the moment its delay is counted from. */
  private static final long SLACK_MILLIS = 100;

  /**
   * @param untilMillis when it stops being a reason by itself, 0 when nobody knows
   */
  private record Reason(String code, String detail, long untilMillis) {}

  private final Event event;
  private final List<AttemptMade> attempts;
  private final long nowMillis;
  private final List<Reason> reasons = new ArrayList<>();
  private String status;
  private int nextNumber;
  private long nextAtMillis;

  private Explanation(Event event, List<AttemptMade> attempts, long nowMillis) {
    this.event = event;
    this.attempts = attempts;
    this.nowMillis = nowMillis;
    this.status = event.status().text();
  }

  /** Of an event that is over according to the history. */
  static ObjectNode ended(Event event, List<AttemptMade> attempts) {
    var explanation = new Explanation(event, attempts, 0);
    explanation.ended();
    return explanation.shown();
  }

  /** Of an event whose endpoint is gone. */
  static ObjectNode abandoned(Event event, List<AttemptMade> attempts) {
    var explanation = new Explanation(event, attempts, 0);
    explanation.because("endpoint_deleted", "The endpoint was deleted.", 0);
    return explanation.shown();
  }

  static ObjectNode of(
      Event event,
      List<AttemptMade> attempts,
      EndpointView view,
      Standing standing,
      long nowMillis) {
    var explanation = new Explanation(event, attempts, nowMillis);
    switch (standing.place()) {
      case UNKNOWN ->
          explanation.because(
              "not_taken_over",
              "The event is stored, and its endpoint is about to take it over.",
              0);
      case ENDED ->
          explanation.because(
              "just_ended", "The last attempt has just ended; ask again in a moment.", 0);
      case IN_FLIGHT -> explanation.inFlight(view, standing);
      case WAITING -> explanation.waiting(view, standing);
    }
    return explanation.shown();
  }

  private void because(String code, String detail, long untilMillis) {
    reasons.add(new Reason(code, detail, untilMillis));
  }

  // -------------------------------------------------------------------------------------- over

  private void ended() {
    Optional<AttemptMade> last =
        attempts.isEmpty() ? Optional.empty() : Optional.of(attempts.getLast());
    String how = last.map(Explanation::how).orElse("");
    switch (event.status()) {
      case DELIVERED ->
          because(
              "delivered",
              "Attempt "
                  + event.attempts()
                  + " delivered it at "
                  + Rfc3339.format(event.deliveredAtMillis())
                  + ".",
              0);
      case FAILED ->
          because(
              "refused",
              "Attempt " + event.attempts() + " was refused for good" + how + "." + retryHint(),
              0);
      case DEAD_LETTER ->
          because(
              "attempts_exhausted",
              "All attempts are used up; the last was number "
                  + event.attempts()
                  + how
                  + "."
                  + retryHint(),
              0);
      case RECEIVED, PENDING -> throw new IllegalStateException("not over: " + event);
    }
  }

  private String retryHint() {
    return event.erased()
        ? " Its payload was erased."
        : " POST /v1/events/" + event.id() + "/retry tries again.";
  }

  private static String how(AttemptMade attempt) {
    String answer =
        attempt.responseStatus() == 0
            ? attempt.errorMessage()
            : "status " + attempt.responseStatus();
    return " (" + answer.replaceAll("\\.$", "") + ")";
  }

  // ---------------------------------------------------------------------------------- underway

  private void inFlight(EndpointView view, Standing standing) {
    status = "delivering";
    int number = standing.attempts() + 1;
    because(
        "in_flight",
        "Attempt "
            + number
            + " was started at "
            + Rfc3339.format(standing.startedAtMillis())
            + " and may take up to "
            + view.config().delivery().timeoutMillis()
            + " ms.",
        0);
  }

  private void waiting(EndpointView view, Standing standing) {
    nextNumber = standing.attempts() + 1;
    if (standing.attempts() > 0) status = EventStatus.PENDING.text();
    if (view.status() == Status.DISABLED) {
      because("endpoint_disabled", "The endpoint is disabled" + reason(view) + ".", 0);
    }
    if (view.status() == Status.PAUSED) {
      because("endpoint_paused", "The endpoint is paused; nothing is lost, nothing is sent.", 0);
    }
    circuit(view);
    if (standing.ahead() > 0) ordered(view, standing);
    if (standing.dueAtMillis() > nowMillis) backoff(view, standing);
    if (standing.pacedUntilMillis() > nowMillis) {
      because(
          "rate_limited",
          "The endpoint's own rate limit, or the node's, lets the next attempt start at "
              + Rfc3339.format(standing.pacedUntilMillis())
              + ".",
          standing.pacedUntilMillis());
    }
    if (standing.full()) {
      because(
          "in_flight_limit",
          view.live().inFlight() + " attempts are in flight, as many as the endpoint may have.",
          0);
    }
    if (standing.historyBehind()) {
      because("history_behind", "Outcomes wait for the database; attempts wait for them.", 0);
    }
    boolean foreseeable =
        view.status() == Status.ACTIVE
            && standing.ahead() == 0
            && !standing.full()
            && !standing.historyBehind();
    if (reasons.isEmpty()) because("due", "It is due and goes next.", 0);
    if (foreseeable) {
      nextAtMillis =
          Math.max(
              Math.max(standing.dueAtMillis(), nowMillis),
              Math.max(standing.pacedUntilMillis(), view.live().circuitOpenUntilMillis()));
    }
  }

  private static String reason(EndpointView view) {
    return switch (view.statusReason()) {
      case "" -> "";
      case "destination_gone" -> ": the destination answered 410 Gone";
      default -> ": " + view.statusReason();
    };
  }

  private void circuit(EndpointView view) {
    long until = view.live().circuitOpenUntilMillis();
    if (view.live().circuit() == Circuit.Phase.OPEN) {
      because(
          "circuit_open",
          "The circuit is open after failures; a probe may go at " + Rfc3339.format(until) + ".",
          until);
    } else if (view.live().circuit() == Circuit.Phase.HALF_OPEN) {
      because("circuit_half_open", "The circuit is half open: one probe goes at a time.", 0);
    }
  }

  private void ordered(EndpointView view, Standing standing) {
    boolean keyed = view.config().delivery().ordering() == Ordering.KEYED;
    because(
        "behind_in_order",
        "It is behind "
            + standing.ahead()
            + (keyed ? " of the same ordering key" : " in FIFO order")
            + "; the first of them is "
            + standing.first()
            + ".",
        0);
  }

  private void backoff(EndpointView view, Standing standing) {
    RetryPolicy policy = view.config().retry();
    String when =
        "Attempt "
            + nextNumber
            + " is due at "
            + Rfc3339.format(standing.dueAtMillis())
            + " ("
            + (standing.budgetUsed() + 1)
            + " of "
            + policy.maxAttempts()
            + "), because ";
    if (isBeyondBackoff(policy, standing)) {
      because(
          "retry_after",
          when + "the destination asked for it by Retry-After.",
          standing.dueAtMillis());
    } else {
      because(
          "backoff",
          when
              + "the attempt before failed"
              + (attempts.isEmpty() ? "" : how(attempts.getLast()))
              + " and the policy is "
              + policy.strategy().name().toLowerCase(Locale.ROOT)
              + ".",
          standing.dueAtMillis());
    }
  }

  /** A delay that the policy alone cannot have drawn is what the destination asked for. */
  private boolean isBeyondBackoff(RetryPolicy policy, Standing standing) {
    if (attempts.isEmpty() || standing.budgetUsed() == 0) return false;
    AttemptMade last = attempts.getLast();
    if (last.number() != standing.attempts()) return false;
    long delay =
        standing.dueAtMillis() - last.attemptedAtMillis() - last.durationMillis() - SLACK_MILLIS;
    double longest = policy.nominalDelayMillis(standing.budgetUsed()) * (1 + policy.jitter());
    return delay > Math.min(longest, (double) policy.maxDelayMillis());
  }

  // ------------------------------------------------------------------------------------- shown

  private ObjectNode shown() {
    ObjectNode node = Answers.NODES.objectNode();
    node.put("event_id", event.id().toString());
    EndpointId endpoint = event.endpoint();
    node.put("endpoint_id", endpoint.toString());
    node.put("status", status);
    node.put("summary", String.join(" ", reasons.stream().map(Reason::detail).toList()));
    ArrayNode list = node.putArray("reasons");
    for (Reason reason : reasons) {
      ObjectNode item = list.addObject();
      item.put("code", reason.code());
      item.put("detail", reason.detail());
      Answers.time(item, "until", reason.untilMillis());
    }
    if (nextNumber == 0) node.putNull("next_attempt");
    else {
      ObjectNode next = node.putObject("next_attempt");
      next.put("number", nextNumber);
      Answers.time(next, "at", nextAtMillis);
    }
    return node;
  }
}
