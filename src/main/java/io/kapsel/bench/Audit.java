package io.kapsel.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Compares what was acknowledged, what arrived, and what history says about it. */
final class Audit {
  private static final int SAMPLE = 200;
  private static final long HISTORY_MILLIS_MAX = 120_000;
  private static final long POLL_MILLIS = 200;
  private static final String UNSEEN = "the database cannot be seen from here";

  private final Result.Draft draft;
  private final EventCounts acknowledged;

  Audit(Result.Draft draft, EventCounts acknowledged) {
    this.draft = draft;
    this.acknowledged = acknowledged;
  }

  /**
   * Every acknowledged webhook waits at its endpoint, none twice: exact.
   *
   * @param endpoints all that got any, and nothing from elsewhere
   * @param uncertain requests that may have been accepted without the bench knowing
   */
  void allQueued(Management management, List<String> endpoints, long uncertain)
      throws IOException, InterruptedException {
    long queued = management.queued(endpoints);
    long least = acknowledged.size();
    draft.check(
        "every acknowledged webhook is owned by its endpoint",
        queued >= least && queued <= least + uncertain,
        queued + " queued, " + least + " acknowledged, " + uncertain + " uncertain");
  }

  /** Every acknowledged webhook has arrived with the bytes that were sent: exact. */
  void allDelivered(Receiver receiver) {
    EventCounts delivered = receiver.delivered();
    long[] counts = new long[3];
    acknowledged.forEach(
        (high, low, count, variant) -> {
          int times = delivered.count(high, low);
          if (times == 0) counts[0]++;
          else if (delivered.variant(high, low) != variant) counts[1]++;
          if (times > 1) counts[2]++;
        });
    draft.check(
        "every acknowledged webhook was delivered",
        counts[0] == 0,
        acknowledged.size()
            + " acknowledged, "
            + counts[0]
            + " missing, "
            + counts[2]
            + " repeated");
    draft.check(
        "with the bytes that were sent",
        counts[1] == 0 && receiver.tally().corrupted() == 0,
        counts[1] + " mixed up, " + receiver.tally().corrupted() + " altered");
  }

  /** History knows every delivery, as often as it happened: exact. */
  void historyAgrees(Receiver receiver, @Nullable DatabaseProbe database, Management management)
      throws IOException, InterruptedException, SQLException {
    EventCounts delivered = receiver.delivered();
    if (database == null) {
      sampledHistoryAgrees(delivered, management);
      return;
    }
    awaitHistory(database, delivered);
    long[] counts = new long[2];
    database.history(
        (high, low, status, attempts, deliveries) -> {
          counts[0]++;
          if (delivered.count(high, low) != deliveries) counts[1]++;
        });
    draft.check(
        "history says how often each was delivered",
        counts[1] == 0 && counts[0] >= delivered.size(),
        counts[0] + " in history, " + delivered.size() + " delivered, " + counts[1] + " disagree");
  }

  /**
   * After a kill: history knows everything that arrived, and no delivery that was not made.
   * Attempts that the kill kept from being written down were made again, so more may have arrived
   * than it knows.
   */
  void historyAgreesAfterKill(Receiver receiver, @Nullable DatabaseProbe database)
      throws InterruptedException, SQLException {
    String what = "history knows each that was delivered, and no delivery that was not made";
    if (database == null) {
      draft.check(what, false, UNSEEN);
      return;
    }
    EventCounts delivered = receiver.delivered();
    awaitHistory(database, delivered);
    long[] counts = new long[3];
    database.history(
        (high, low, status, attempts, deliveries) -> {
          int arrived = delivered.count(high, low);
          if (arrived > 0 && deliveries > 0) counts[0]++;
          if (deliveries > arrived) counts[1]++;
          if (deliveries < arrived) counts[2]++;
        });
    draft.check(
        what,
        counts[0] == delivered.size() && counts[1] == 0,
        counts[0]
            + " in history, "
            + delivered.size()
            + " delivered, "
            + counts[1]
            + " too often in history, "
            + counts[2]
            + " delivered again because of the kill");
  }

  /** What was delivered is in history a little later. */
  private static void awaitHistory(DatabaseProbe database, EventCounts delivered)
      throws InterruptedException, SQLException {
    long start = System.nanoTime();
    while (database.deliveredInHistory() < delivered.size()
        && DeliveryScenarios.millisSince(start) < HISTORY_MILLIS_MAX) Thread.sleep(POLL_MILLIS);
  }

  private void sampledHistoryAgrees(EventCounts delivered, Management management)
      throws IOException, InterruptedException {
    List<String> sample = new ArrayList<>();
    acknowledged.forEach(
        (high, low, count, variant) -> {
          if (sample.size() < SAMPLE) sample.add(String.format("evt_%016x%016x", high, low));
        });
    int wrong = 0;
    for (String id : sample) {
      JsonNode event = management.event(id);
      int deliveries = 0;
      for (JsonNode attempt : event.path("attempts"))
        if (attempt.path("response_status").asInt() / 100 == 2) deliveries++;
      String digits = id.substring("evt_".length());
      long high = Long.parseUnsignedLong(digits, 0, 16, 16);
      long low = Long.parseUnsignedLong(digits, 16, 32, 16);
      if (deliveries != delivered.count(high, low)) wrong++;
    }
    draft.check(
        "history says how often each was delivered",
        wrong == 0,
        sample.size() + " looked at, because " + UNSEEN + ", " + wrong + " disagree");
  }
}
