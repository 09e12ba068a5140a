package io.kapsel.simulation.storage;

import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.World;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The server behind every table. A request leaves the client, is applied at one instant and
 * answered at a later one; each step can fail on its own. A request of a client that dies before it
 * was applied may have been in the dying process still, or on its way already.
 */
public final class Database {
  /** The tables fail independently of each other. */
  public enum Table {
    JOURNAL,
    SNAPSHOTS,
    CONTENT,
    HISTORY,
    DIRECTORY,
    /** Of the cluster's nodes. */
    REGISTER
  }

  /**
   * How a table misbehaves at present.
   *
   * @param refused share of writes that fail without being applied
   * @param answerLost share of writes that are applied and reported as failed
   * @param late share of requests that take up to {@code lateNanosMax} longer
   * @param slowdown multiplies every latency
   * @param readsFail share of reads that fail
   * @param down nothing works at all
   */
  public record Weather(
      double refused,
      double answerLost,
      double late,
      double slowdown,
      double readsFail,
      boolean down) {
    public static final Weather FAIR = new Weather(0, 0, 0, 1, 0, false);

    public Weather withRefused(double rate) {
      return new Weather(rate, answerLost, late, slowdown, readsFail, down);
    }

    public Weather withAnswerLost(double rate) {
      return new Weather(refused, rate, late, slowdown, readsFail, down);
    }

    public Weather withLate(double rate) {
      return new Weather(refused, answerLost, rate, slowdown, readsFail, down);
    }

    public Weather withSlowdown(double factor) {
      return new Weather(refused, answerLost, late, factor, readsFail, down);
    }

    public Weather withReadsFail(double rate) {
      return new Weather(refused, answerLost, late, slowdown, rate, down);
    }

    public Weather withDown(boolean isDown) {
      return new Weather(refused, answerLost, late, slowdown, readsFail, isDown);
    }
  }

  /** Told when a request is on its way: where event-triggered faults attach. */
  public interface Watcher {
    /**
     * @param inFlightNanos the answer will not be back before
     */
    void requested(Node client, Table table, boolean write, String what, long inFlightNanos);
  }

  private static final long LATENCY_NANOS_MIN = 150_000;
  private static final long LATENCY_NANOS_MAX = 2_000_000;
  private static final long LATE_NANOS_MAX = 8_000_000_000L;

  /** The server ends a statement by then, and the client gives its connection up. */
  private static final long TIMEOUT_NANOS = 20_000_000_000L;

  private final World world;
  private final Map<Table, Weather> weather = new EnumMap<>(Table.class);
  private final Map<String, Integer> requests = new HashMap<>();
  private Watcher watcher = (client, table, write, what, nanos) -> {};
  private long writes;
  private long failures;
  private long outlivingNanos;

  public Database(World world) {
    this.world = world;
    for (Table table : Table.values()) weather.put(table, Weather.FAIR);
    world.install(Database.class, this);
  }

  public void watch(Watcher watcher) {
    this.watcher = watcher;
  }

  public Weather weather(Table table) {
    return weather.getOrDefault(table, Weather.FAIR);
  }

  public void setWeather(Table table, Weather now) {
    weather.put(table, now);
  }

  public void calm() {
    for (Table table : Table.values()) weather.put(table, Weather.FAIR);
  }

  /** The request that is being made is on its way for so much longer, whoever has sent it. */
  public void outlive(long nanos) {
    outlivingNanos = nanos;
  }

  public long writes() {
    return writes;
  }

  public long failures() {
    return failures;
  }

  /** A failure that the server, or the way to it, caused. */
  public static final class Unavailable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unavailable(String message) {
      super(message, null, false, false);
    }
  }

  /**
   * @param key whose draws are used: unaffected by what happens under other keys
   * @param operation runs on the server; what it throws is the answer
   * @param answer runs as a task of the client, unless the client has died
   */
  public <T> void request(
      Node client,
      Table table,
      boolean write,
      String what,
      String key,
      Callable<T> operation,
      BiConsumer<@Nullable T, @Nullable Exception> answer) {
    int count = requests.merge(table + key, 1, Integer::sum);
    Randomness.Stream draws = world.randomness().stream("database/" + table + "/" + key, count);
    // Before the weather is looked at: what waits for this request may change it.
    watcher.requested(client, table, write, what, 2 * LATENCY_NANOS_MIN);
    Weather now = weather(table);
    long outliving = outlivingNanos;
    outlivingNanos = 0;
    long toServer = latency(draws, now) + outliving;
    long toClient = latency(draws, now);
    long there = Math.min(toServer, TIMEOUT_NANOS);
    long back = Math.min(toClient, TIMEOUT_NANOS);
    boolean refused = draws.chance(write ? now.refused : now.readsFail);
    boolean answerLost = draws.chance(write ? now.answerLost : 0) || toClient > TIMEOUT_NANOS;
    boolean leftTheClient = draws.chance(0.5) || outliving > 0;
    world.schedule(
        Node.OUTSIDE,
        there,
        () -> {
          if (!client.alive() && !leftTheClient) {
            world.note("db never received " + what);
            return;
          }
          T value = null;
          Exception failure = null;
          if (weather(table).down || refused || toServer > TIMEOUT_NANOS) {
            failure = new Unavailable(weather(table).down ? "database is down" : "refused");
            failures++;
          } else {
            try {
              value = operation.call();
              if (write) writes++;
              if (answerLost) {
                failures++;
                failure = new Unavailable("connection lost after the request was sent");
              }
            } catch (Exception e) {
              failure = e;
            }
          }
          world.note("db " + what + (failure == null ? "" : " FAILED " + failure.getMessage()));
          T result = value;
          Exception problem = failure;
          world.schedule(
              client,
              back,
              () -> world.enqueue(client, "database", () -> answer.accept(result, problem)));
        });
  }

  private static long latency(Randomness.Stream draws, Weather now) {
    long nanos = draws.between(LATENCY_NANOS_MIN, LATENCY_NANOS_MAX);
    if (draws.chance(now.late)) nanos += draws.between(0, LATE_NANOS_MAX);
    return (long) (nanos * now.slowdown);
  }
}
