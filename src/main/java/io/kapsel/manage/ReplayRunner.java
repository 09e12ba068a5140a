package io.kapsel.manage;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.endpoint.EndpointMessage;
import io.kapsel.endpoint.EndpointView;
import io.kapsel.endpoint.Endpoints;
import io.kapsel.storage.Replays;
import io.kapsel.storage.Replays.Candidate;
import io.kapsel.storage.Replays.Replay;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries replays on, a stretch of events at a time, each replay in its turn; on every node. The
 * endpoint's queue is kept short of a bound, so that a replay drains at the endpoint's own rate and
 * what arrives meanwhile does not wait behind all of the past. After a crash another node goes on
 * from the last position that was kept: some events may then be retried twice.
 */
public final class ReplayRunner implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ReplayRunner.class);

  private static final long LOOK_EVERY_MILLIS = 500;
  private static final long LEASE_MILLIS = 30_000;

  /** Until an endpoint whose queue is full, or that is disabled, is looked at again. */
  private static final long WAIT_MILLIS = 1_000;

  private final Replays replays;
  private final Endpoints endpoints;
  private final InstantSource clock;
  private final ManageLimits.Replays limits;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread runner = new Thread(task, "kapsel-replay");
            runner.setDaemon(true);
            return runner;
          });

  /** What became of a turn. */
  private record Turn(Replay replay, long waitMillis) {}

  public ReplayRunner(
      Replays replays, Endpoints endpoints, InstantSource clock, ManageLimits.Replays limits) {
    this.replays = replays;
    this.endpoints = endpoints;
    this.clock = clock;
    this.limits = limits;
  }

  public ReplayRunner start() {
    var unused =
        thread.scheduleWithFixedDelay(
            this::work, LOOK_EVERY_MILLIS, LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
    return this;
  }

  /** Turns until no replay is due. Nothing escapes, for that would end the schedule. */
  private void work() {
    try {
      while (!thread.isShutdown()) {
        Optional<Replay> leased = get(replays.lease(clock.millis(), clock.millis() + LEASE_MILLIS));
        if (leased.isEmpty()) return;
        Turn turn = turn(leased.get());
        get(replays.put(turn.replay(), clock.millis() + turn.waitMillis()));
      }
    } catch (RuntimeException later) {
      log.warn("Replays go on later: {}", later.toString());
    }
  }

  private Turn turn(Replay replay) {
    EndpointMessage.Reply reply = get(endpoints.look(replay.endpoint()));
    if (!(reply instanceof EndpointMessage.Viewed(EndpointView view))
        || view.status() == Status.DELETED) {
      return new Turn(replay.finished(Replays.Status.FAILED, clock.millis()), 0);
    }
    int room = limits.queueMax() - view.live().queueDepth();
    if (view.status() == Status.DISABLED || room <= 0) return new Turn(replay, WAIT_MILLIS);
    List<Candidate> stretch = get(replays.next(replay, limits.eventsMax()));
    return retried(replay, stretch, room, stretch.size() < limits.eventsMax());
  }

  /** Up to {@code room} retries, in groups; the position moves behind a group when all are in. */
  private Turn retried(Replay replay, List<Candidate> stretch, int room, boolean last) {
    Replay now = replay;
    int from = 0;
    while (from < stretch.size()) {
      if (room <= 0) return new Turn(now, WAIT_MILLIS);
      int to = from;
      List<Candidate> group = new ArrayList<>();
      while (to < stretch.size() && group.size() < Math.min(room, limits.ordersMax())) {
        Candidate each = stretch.get(to++);
        if (!each.erased() && now.statuses().contains(each.status())) group.add(each);
      }
      Optional<Integer> taken = retry(replay, group);
      if (taken.isEmpty()) return new Turn(now, WAIT_MILLIS);
      WebhookId position = stretch.get(to - 1).id();
      now = now.advanced(position, to - from, taken.get());
      room -= group.size();
      from = to;
    }
    return new Turn(last ? now.finished(Replays.Status.COMPLETED, clock.millis()) : now, 0);
  }

  /** How many of them the endpoint has taken; empty when it cannot take more now. */
  private Optional<Integer> retry(Replay replay, List<Candidate> group) {
    List<CompletableFuture<EndpointMessage.Reply>> orders = new ArrayList<>();
    for (Candidate each : group) {
      orders.add(
          endpoints
              .order(
                  replay.endpoint(), new Endpoint.Retry(each.id(), each.laneKey(), each.attempts()))
              .toCompletableFuture());
    }
    int taken = 0;
    boolean full = false;
    for (CompletableFuture<EndpointMessage.Reply> order : orders) {
      switch (get(order)) {
        case EndpointMessage.Rejected rejected ->
            full |= rejected.rejection().code() != ErrorCode.CONFLICT;
        default -> taken++;
      }
    }
    return full ? Optional.empty() : Optional.of(taken);
  }

  /** On a thread of its own, which has nothing else to do. */
  private static <T> T get(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().join();
    } catch (CompletionException failed) {
      throw failed.getCause() instanceof RuntimeException cause ? cause : failed;
    }
  }

  /** Ends the turn in progress; whoever comes next goes on from the position. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(LEASE_MILLIS, TimeUnit.MILLISECONDS)) thread.shutdownNow();
    } catch (InterruptedException interrupted) {
      thread.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
