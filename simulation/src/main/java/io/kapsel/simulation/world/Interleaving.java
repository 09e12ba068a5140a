package io.kapsel.simulation.world;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which of the ready tasks runs next. The choice is the whole difference between two schedules. */
public abstract sealed class Interleaving {
  /** The kinds, as named in options. */
  public enum Kind {
    /** Any ready task, all alike. */
    UNIFORM,
    /** Probabilistic concurrency testing: a fixed random priority for each actor, few changes. */
    PRIORITIES,
    /** Mostly in order of arrival: what a schedule is shrunk to. */
    NEAR_FIFO,
    /** Arrival order alone. */
    FIFO,
    /** Some actors run only when nothing else can, within a bound. */
    STARVE
  }

  /** Past this age a task runs, whatever the policy: a real scheduler is not infinitely unfair. */
  private static final long AGE_NANOS_MAX = 200_000_000L;

  public static Interleaving of(Kind kind, Randomness randomness) {
    Randomness.Stream stream = randomness.stream("interleaving");
    return switch (kind) {
      case UNIFORM -> new Uniform(stream);
      case PRIORITIES -> new Priorities(stream, randomness.seed());
      case NEAR_FIFO -> new NearFifo(stream, 0.1);
      case FIFO -> new NearFifo(stream, 0);
      case STARVE -> new Starve(stream, randomness.seed());
    };
  }

  /** The index of the task to run; {@code ready} has at least two. */
  abstract int choose(List<Task> ready, long nowNanos);

  private static int oldest(List<Task> ready) {
    int oldest = 0;
    for (int i = 1; i < ready.size(); i++) {
      if (ready.get(i).sequence < ready.get(oldest).sequence) oldest = i;
    }
    return oldest;
  }

  private static final class Uniform extends Interleaving {
    private final Randomness.Stream stream;

    Uniform(Randomness.Stream stream) {
      this.stream = stream;
    }

    @Override
    int choose(List<Task> ready, long nowNanos) {
      return stream.below(ready.size());
    }
  }

  private static final class NearFifo extends Interleaving {
    private final Randomness.Stream stream;
    private final double swerve;

    NearFifo(Randomness.Stream stream, double swerve) {
      this.stream = stream;
      this.swerve = swerve;
    }

    @Override
    int choose(List<Task> ready, long nowNanos) {
      return swerve > 0 && stream.chance(swerve) ? stream.below(ready.size()) : oldest(ready);
    }
  }

  private static final class Priorities extends Interleaving {
    private static final double CHANGE = 1.0 / 2_000;
    private final Randomness.Stream stream;
    private final long salt;
    private final Map<Long, Long> lowered = new HashMap<>();

    Priorities(Randomness.Stream stream, long salt) {
      this.stream = stream;
      this.salt = salt;
    }

    @Override
    int choose(List<Task> ready, long nowNanos) {
      int best = 0;
      long bestPriority = Long.MIN_VALUE;
      for (int i = 0; i < ready.size(); i++) {
        Task task = ready.get(i);
        if (nowNanos - task.readyAtNanos > AGE_NANOS_MAX) return i;
        long priority = priority(task);
        if (priority > bestPriority) {
          best = i;
          bestPriority = priority;
        }
      }
      if (stream.chance(CHANGE)) lowered.put(ready.get(best).strand, -(stream.nextLong() >>> 1));
      return best;
    }

    private long priority(Task task) {
      Long lower = lowered.get(task.strand);
      return lower != null ? lower : Randomness.mix(task.strand ^ salt) >>> 1;
    }
  }

  private static final class Starve extends Interleaving {
    private static final int ONE_IN = 4;
    private final Randomness.Stream stream;
    private final long salt;

    Starve(Randomness.Stream stream, long salt) {
      this.stream = stream;
      this.salt = salt;
    }

    @Override
    int choose(List<Task> ready, long nowNanos) {
      int first = stream.below(ready.size());
      for (int i = 0; i < ready.size(); i++) {
        int index = (first + i) % ready.size();
        Task task = ready.get(index);
        boolean starved = Math.floorMod(Randomness.mix(task.strand ^ salt), ONE_IN) == 0;
        if (!starved || nowNanos - task.readyAtNanos > AGE_NANOS_MAX) return index;
      }
      return first;
    }
  }
}
