package io.kapsel.simulation.report;

import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Violation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What an outage of a destination did to the webhooks of one endpoint. Times are virtual
 * nanoseconds since the load began.
 *
 * @param slots what happened in each slot of {@code slotNanos}
 * @param journeys every webhook that was accepted, in the order of acceptance
 * @param abandoned webhooks that were never accepted, because their senders gave up
 * @param doubt why the figures may be wrong, empty when they are right
 */
public record Outage(
    long slotNanos,
    long endNanos,
    long downFromNanos,
    long downUntilNanos,
    List<Slot> slots,
    List<Journey> journeys,
    List<Phase> circuit,
    long refused,
    long abandoned,
    long processedTwice,
    String doubt) {
  private static final int SLOTS_WANTED = 360;
  private static final long SECOND = 1_000_000_000L;
  private static final long[] SLOT_SECONDS = {
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600
  };

  /** Attempts by their outcome, and how many webhooks were waiting at the end of the slot. */
  public record Slot(
      int accepted, int refused, int delivered, int failed, int limited, int unknown, int backlog) {
    public int attempts() {
      return delivered + failed + limited + unknown;
    }
  }

  /**
   * One webhook.
   *
   * @param endedNanos -1 when it is still pending
   */
  public record Journey(
      String webhook, long acceptedNanos, long endedNanos, int attempts, boolean isDelivered) {
    public long delayNanos() {
      return endedNanos - acceptedNanos;
    }
  }

  /** What the circuit was from then on. */
  public record Phase(long fromNanos, Circuit.Phase phase) {}

  public static Outage of(Result result) {
    return new Builder(result).build();
  }

  // ------------------------------------------------------------------------------------ figures

  public long delivered() {
    return journeys.stream().filter(Journey::isDelivered).count();
  }

  /** Given up: their attempts were used up, or the destination refused them for good. */
  public long deadLetters() {
    return journeys.stream().filter(each -> each.endedNanos >= 0 && !each.isDelivered).count();
  }

  public long pending() {
    return journeys.stream().filter(each -> each.endedNanos < 0).count();
  }

  public int backlogMax() {
    return slots.stream().mapToInt(Slot::backlog).max().orElse(0);
  }

  public long attempts() {
    return journeys.stream().mapToLong(Journey::attempts).sum();
  }

  /** From the end of the outage to the first delivery after it, -1 for never. */
  public long firstDeliveryNanos() {
    return journeys.stream()
        .filter(each -> each.isDelivered && each.endedNanos >= downUntilNanos)
        .mapToLong(each -> each.endedNanos - downUntilNanos)
        .min()
        .orElse(-1);
  }

  /** Webhooks that waited when the outage was over. */
  public long waitingAtItsEnd() {
    return journeys.stream().filter(this::isWaitingAtItsEnd).count();
  }

  /**
   * From the end of the outage until all that waited then had ended, -1 when none did or one never
   * ended.
   */
  public long drainNanos() {
    if (journeys.stream().anyMatch(each -> isWaitingAtItsEnd(each) && each.endedNanos < 0))
      return -1;
    return journeys.stream()
        .filter(this::isWaitingAtItsEnd)
        .mapToLong(each -> each.endedNanos - downUntilNanos)
        .max()
        .orElse(-1);
  }

  private boolean isWaitingAtItsEnd(Journey journey) {
    return journey.acceptedNanos <= downUntilNanos
        && (journey.endedNanos < 0 || journey.endedNanos > downUntilNanos);
  }

  /** Attempts that were spent while the destination was down. */
  public long attemptsDuring() {
    long sum = 0;
    for (int i = 0; i < slots.size(); i++) {
      long at = i * slotNanos;
      if (at >= downFromNanos && at < downUntilNanos) sum += slots.get(i).attempts();
    }
    return sum;
  }

  /**
   * @param share 0.5 for the median
   * @return of those that were delivered, -1 when there are none
   */
  public long delayNanos(double share) {
    long[] delays =
        journeys.stream()
            .filter(Journey::isDelivered)
            .mapToLong(Journey::delayNanos)
            .sorted()
            .toArray();
    if (delays.length == 0) return -1;
    return delays[(int) Math.min(delays.length - 1, Math.floor(share * delays.length))];
  }

  public int circuitOpened() {
    return (int) circuit.stream().filter(each -> each.phase == Circuit.Phase.OPEN).count();
  }

  // -------------------------------------------------------------------------------------- words

  /** What to know, in one sentence. */
  public String sentence() {
    String outage = "An outage of " + Clock.span(downUntilNanos - downFromNanos);
    if (!doubt.isEmpty()) return "%s: the figures may be wrong, for %s.".formatted(outage, doubt);
    if (journeys.isEmpty()) return outage + ": no webhook was accepted.";
    String twice = processedTwice == 0 ? "" : ", %,d are processed twice".formatted(processedTwice);
    String never = abandoned == 0 ? "" : ", %,d are never accepted".formatted(abandoned);
    return "%s: %s%s%s; %s.".formatted(outage, fate(), never, twice, end());
  }

  private String fate() {
    if (pending() > 0)
      return "%,d of %,d webhooks are still pending at the end of the run"
          .formatted(pending(), journeys.size());
    if (deadLetters() > 0)
      return "%,d of %,d webhooks become dead letters".formatted(deadLetters(), journeys.size());
    return abandoned == 0
        ? "every webhook is delivered"
        : "%,d webhooks are delivered".formatted(delivered());
  }

  private String end() {
    if (waitingAtItsEnd() == 0) return "none waited when it was over";
    return drainNanos() < 0
        ? "%,d waited when it was over".formatted(waitingAtItsEnd())
        : "%s after it the backlog of %,d is gone"
            .formatted(Clock.span(drainNanos()), waitingAtItsEnd());
  }

  /** Name and value. */
  public record Row(String name, String value) {}

  public List<Row> table() {
    List<Row> rows = new ArrayList<>();
    rows.add(row("webhooks accepted", number(journeys.size())));
    if (refused > 0) rows.add(row("answers that told senders to come back", number(refused)));
    if (abandoned > 0) rows.add(row("given up by senders, never accepted", number(abandoned)));
    rows.add(row("delivered", number(delivered())));
    rows.add(row("dead letters", number(deadLetters())));
    if (pending() > 0) rows.add(row("still pending", number(pending())));
    rows.add(row("backlog at its largest", number(backlogMax())));
    rows.add(row("first delivery after the outage", ago(firstDeliveryNanos())));
    rows.add(row("time to drain", ago(drainNanos())));
    rows.add(
        row(
            "from acceptance to delivery",
            "%s median, %s at 99 %%, %s at most"
                .formatted(ago(delayNanos(0.5)), ago(delayNanos(0.99)), ago(delayNanos(1)))));
    rows.add(
        row(
            "attempts",
            "%,d, of them %,d during the outage".formatted(attempts(), attemptsDuring())));
    rows.add(
        row(
            "the circuit opened",
            number(circuitOpened()) + (circuitOpened() == 1 ? " time" : " times")));
    rows.add(row("processed twice by the destination", number(processedTwice)));
    return rows;
  }

  private static Row row(String name, String value) {
    return new Row(name, value);
  }

  private static String number(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private static String ago(long nanos) {
    return nanos < 0 ? "-" : Clock.span(nanos);
  }

  // ------------------------------------------------------------------------------------ counting

  private static final class Builder {
    private final Result result;
    private final List<Observation> seen;
    private final long startNanos;
    private final long downFromNanos;
    private final long downUntilNanos;
    private final long endNanos;
    private final long slotNanos;
    private final int[][] counts;
    private final Map<String, Integer> places = new HashMap<>();
    private final List<Journey> journeys = new ArrayList<>();
    private final Map<String, Integer> attempts = new HashMap<>();
    private final Map<String, Integer> processed = new HashMap<>();
    private final List<Phase> circuit = new ArrayList<>();
    private long refused;
    private long abandoned;

    Builder(Result result) {
      this.result = result;
      // What comes then asks whether the endpoint answers, and is none of the reader's webhooks.
      this.seen =
          result.observations().stream().takeWhile(each -> !isPhase(each, "probe")).toList();
      this.startNanos =
          seen.stream()
              .filter(each -> isPhase(each, "load"))
              .mapToLong(Observation::atNanos)
              .findFirst()
              .orElse(0);
      this.downFromNanos = result.options().whole(Option.DESTINATION_DOWN_AFTER_SECONDS) * SECOND;
      this.downUntilNanos =
          downFromNanos + result.options().whole(Option.DESTINATION_DOWN_SECONDS) * SECOND;
      this.endNanos = interestingNanos();
      this.slotNanos = slot(endNanos);
      this.counts = new int[(int) (endNanos / slotNanos) + 1][7];
    }

    private static boolean isPhase(Observation observation, String name) {
      return observation instanceof Observation.PhaseBegan o && o.phase().equals(name);
    }

    /** Until load and outage are over and the last webhook has ended: what comes then is rest. */
    private long interestingNanos() {
      long last = Math.max(downUntilNanos, result.options().whole(Option.LOAD_SECONDS) * SECOND);
      for (Observation each : seen)
        if (each instanceof Observation.HistoryRecorded || each instanceof Observation.AttemptEnded)
          last = Math.max(last, each.atNanos() - startNanos);
      return last + SECOND;
    }

    private static long slot(long nanos) {
      return Arrays.stream(SLOT_SECONDS)
              .filter(seconds -> nanos / (seconds * SECOND) <= SLOTS_WANTED)
              .findFirst()
              .orElse(SLOT_SECONDS[SLOT_SECONDS.length - 1])
          * SECOND;
    }

    Outage build() {
      seen.forEach(this::count);
      return new Outage(
          slotNanos,
          endNanos,
          downFromNanos,
          downUntilNanos,
          slots(),
          journeys.stream().map(each -> withAttempts(each)).toList(),
          List.copyOf(circuit),
          refused,
          abandoned,
          processed.values().stream().filter(times -> times > 1).count(),
          doubt());
    }

    private String doubt() {
      if (result.observationsDropped() > 0)
        return "%,d observations were left out".formatted(result.observationsDropped());
      if (result.isClean()) return "";
      return result.violations().stream()
          .map(Violation::invariant)
          .distinct()
          .collect(Collectors.joining(", ", "the run broke ", ""));
    }

    private Journey withAttempts(Journey each) {
      int tried = attempts.getOrDefault(each.webhook, 0);
      return new Journey(
          each.webhook, each.acceptedNanos, each.endedNanos, tried, each.isDelivered);
    }

    private int[] slotAt(long atNanos) {
      long index = Math.max(0, atNanos - startNanos) / slotNanos;
      return counts[(int) Math.min(counts.length - 1, index)];
    }

    private void count(Observation each) {
      long at = each.atNanos();
      switch (each) {
        case Observation.Answered o -> {
          if (o.status() == 200) accepted(o);
          else if (o.status() == 429 || o.status() >= 500) {
            slotAt(at)[1]++;
            refused++;
          }
        }
        case Observation.SenderGaveUp o -> abandoned++;
        case Observation.AttemptSeen o -> {
          if (o.processed()) processed.merge(o.event(), 1, Integer::sum);
        }
        case Observation.AttemptEnded o -> {
          attempts.merge(o.event(), 1, Integer::sum);
          slotAt(at)[place(o.kind())]++;
        }
        case Observation.HistoryRecorded o -> {
          if (o.verdict() != Verdict.RETRY) ended(o);
        }
        case Observation.CircuitChanged o -> circuit.add(new Phase(at - startNanos, o.phase()));
        default -> {}
      }
    }

    private void accepted(Observation.Answered o) {
      if (places.putIfAbsent(o.event(), journeys.size()) != null) return;
      slotAt(o.atNanos())[0]++;
      slotAt(o.atNanos())[6]++;
      journeys.add(new Journey(o.event(), o.atNanos() - startNanos, -1, 0, false));
    }

    private void ended(Observation.HistoryRecorded o) {
      Integer place = places.get(o.event());
      // The outcome may be in history before the sender has its answer.
      if (place == null) {
        places.put(o.event(), journeys.size());
        place = journeys.size();
        slotAt(o.atNanos())[0]++;
        slotAt(o.atNanos())[6]++;
        journeys.add(new Journey(o.event(), o.atNanos() - startNanos, -1, 0, false));
      }
      Journey journey = journeys.get(place);
      if (journey.endedNanos >= 0) return;
      slotAt(o.atNanos())[6]--;
      journeys.set(
          place,
          new Journey(
              journey.webhook,
              journey.acceptedNanos,
              o.atNanos() - startNanos,
              0,
              o.verdict() == Verdict.DELIVERED));
    }

    private static int place(Outcome.Kind kind) {
      return switch (kind) {
        case DELIVERED -> 2;
        case FAILED, REFUSED, GONE -> 3;
        case RATE_LIMITED -> 4;
        case UNKNOWN -> 5;
      };
    }

    private List<Slot> slots() {
      List<Slot> slots = new ArrayList<>(counts.length);
      int backlog = 0;
      for (int[] c : counts) {
        backlog += c[6];
        slots.add(new Slot(c[0], c[1], c[2], c[3], c[4], c[5], backlog));
      }
      return slots;
    }
  }
}
