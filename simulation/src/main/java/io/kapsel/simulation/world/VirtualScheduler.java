package io.kapsel.simulation.world;

import akka.actor.AbstractScheduler;
import akka.actor.Cancellable;
import akka.actor.Scheduler;
import akka.actor.SchedulerException;
import akka.event.LoggingAdapter;
import com.typesafe.config.Config;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import scala.concurrent.ExecutionContext;
import scala.concurrent.duration.FiniteDuration;

/** Akka's scheduler on the virtual clock: {@code akka.scheduler.implementation}. */
public final class VirtualScheduler extends AbstractScheduler implements Closeable {
  /** Akka's own wheel has this resolution. */
  private static final long TICK_NANOS = 10_000_000L;

  private final World world = World.inside();
  private final Node node;
  private final Randomness.Stream phases;
  private final Set<Once> onClose = new LinkedHashSet<>();
  private boolean closed;

  /** Called by Akka. */
  public VirtualScheduler(Config config, LoggingAdapter log, ThreadFactory threads) {
    node = WorldConfig.nodeOf(config);
    phases = world.randomness().stream("scheduler", node.id());
  }

  /** Rounds up to a tick like the wheel, at a random phase in it, so that timers race. */
  private long round(long nanos) {
    if (nanos <= 0) return 0;
    return ((nanos - 1) / TICK_NANOS + 1) * TICK_NANOS + phases.between(0, TICK_NANOS - 1);
  }

  private void checkOpen() {
    if (closed) throw new IllegalStateException("the scheduler is closed");
  }

  @Override
  public Cancellable scheduleOnce(FiniteDuration delay, Runnable work, ExecutionContext executor) {
    checkOpen();
    Once once = new Once(work, executor);
    if (work instanceof Scheduler.TaskRunOnClose) onClose.add(once);
    once.timer = world.schedule(node, round(delay.toNanos()), once);
    return once;
  }

  @Override
  @SuppressWarnings(
      "deprecation") // the one method that every fixed-delay and fixed-rate timer ends in
  public Cancellable schedule(
      FiniteDuration initial, FiniteDuration interval, Runnable work, ExecutionContext executor) {
    checkOpen();
    Repeated repeated = new Repeated(Math.max(1, interval.toNanos()), work, executor);
    repeated.arm(initial.toNanos());
    return repeated;
  }

  /** Higher than any tick Akka asks for, so that the cluster starts no scheduler of its own. */
  @Override
  public double maxFrequency() {
    return 1_000.0;
  }

  @Override
  public void close() {
    closed = true;
    for (Once once : new ArrayList<>(onClose)) {
      if (once.cancel()) once.work.run();
    }
  }

  private final class Once implements Cancellable, Runnable {
    private final Runnable work;
    private final ExecutionContext executor;
    private @Nullable Timer timer;

    Once(Runnable work, ExecutionContext executor) {
      this.work = work;
      this.executor = executor;
    }

    @Override
    public void run() {
      onClose.remove(this);
      executor.execute(work);
    }

    @Override
    public boolean cancel() {
      onClose.remove(this);
      return timer != null && timer.cancel();
    }

    @Override
    public boolean isCancelled() {
      return timer != null && timer.isCancelled();
    }
  }

  private final class Repeated implements Cancellable {
    private final long intervalNanos;
    private final Runnable work;
    private final ExecutionContext executor;
    private @Nullable Timer timer;
    private boolean cancelled;

    Repeated(long intervalNanos, Runnable work, ExecutionContext executor) {
      this.intervalNanos = intervalNanos;
      this.work = work;
      this.executor = executor;
    }

    void arm(long nanos) {
      timer = world.schedule(node, round(nanos), () -> executor.execute(this::tick));
    }

    private void tick() {
      if (cancelled) return;
      try {
        work.run();
      } catch (SchedulerException e) {
        cancelled = true;
      }
      if (!cancelled && !closed) arm(intervalNanos);
    }

    @Override
    public boolean cancel() {
      if (cancelled) return false;
      cancelled = true;
      if (timer != null) timer.cancel();
      return true;
    }

    @Override
    public boolean isCancelled() {
      return cancelled;
    }
  }
}
