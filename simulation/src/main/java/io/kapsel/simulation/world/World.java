package io.kapsel.simulation.world;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The loop. Tasks that can run wait in one list, timers in one heap; the {@link Interleaving} picks
 * the next task, and when there is none, time jumps to the next timer. There is one world at a time
 * in a JVM, and it belongs to the thread that made it.
 */
public final class World implements AutoCloseable {
  /** Virtual time starts here: 2026-01-01T00:00:00Z. */
  public static final long EPOCH_MILLIS = 1_767_225_600_000L;

  /** A live world with more runnable tasks than this is in an endless loop of messages. */
  private static final int READY_MAX = 1_000_000;

  private static final int PUMP_DEPTH_MAX = 20;
  private static @Nullable World current;

  private final Randomness randomness;
  private final Interleaving interleaving;
  private final Trace trace;
  private final Thread thread = Thread.currentThread();

  /** Those that the thread had before, and has again afterwards. */
  private final @Nullable Object threadLocals;

  private final List<Task> ready = new ArrayList<>();
  private final PriorityQueue<Timer> timers = new PriorityQueue<>();
  private final Map<String, Node> nodes = new TreeMap<>();
  private final Map<Class<?>, Object> facilities = new HashMap<>();
  private final List<String> offences = new ArrayList<>();
  private final List<LogLine> errors = new ArrayList<>();
  private Consumer<LogLine> onError = error -> {};
  private Node running = Node.OUTSIDE;
  private long nowNanos;
  private long sequence;
  private long steps;
  private int depth;

  /** What was logged at level ERROR. */
  public record LogLine(String node, String logger, String message) {}

  public World(Randomness randomness, Interleaving.Kind interleaving, Trace trace) {
    if (current != null) throw new IllegalStateException("there is a world in this JVM already");
    this.randomness = randomness;
    this.interleaving = Interleaving.of(interleaving, randomness);
    this.trace = trace;
    this.threadLocals = JvmState.swapThreadLocals(null);
    JvmState.prepare(Randomness.mix(randomness.seed()));
    WorldLog.install();
    current = this;
  }

  /** The world of this thread, or null outside one. */
  public static @Nullable World here() {
    World world = current;
    return world != null && world.thread.equals(Thread.currentThread()) ? world : null;
  }

  /** The world, from code that only runs inside one; a call from a foreign thread is an offence. */
  public static World inside() {
    World world = current;
    if (world == null) throw new IllegalStateException("no simulated world");
    if (!world.thread.equals(Thread.currentThread())) {
      String offence = "foreign thread " + Thread.currentThread().getName();
      synchronized (world.offences) {
        world.offences.add(offence);
      }
      throw new IllegalStateException(offence + " entered the simulated world");
    }
    return world;
  }

  public Randomness randomness() {
    return randomness;
  }

  public Trace trace() {
    return trace;
  }

  /** What plug-ins created by Akka find here: the network, the database. */
  public <T> void install(Class<T> type, T facility) {
    facilities.put(type, facility);
  }

  public <T> T facility(Class<T> type) {
    Object facility = facilities.get(type);
    if (facility == null) throw new IllegalStateException("no " + type.getSimpleName());
    return type.cast(facility);
  }

  public long nanoTime() {
    return nowNanos;
  }

  /** Virtual milliseconds since the world began. */
  public long millis() {
    return nowNanos / 1_000_000;
  }

  /** The wall clock as the running node reads it. */
  public long wallMillis() {
    return EPOCH_MILLIS + millis() + running.wallSkewMillis(nowNanos);
  }

  public long steps() {
    return steps;
  }

  public Node running() {
    return running;
  }

  /** Bugs of the code under test that no invariant is needed for: threads, default executors. */
  public List<String> offences() {
    synchronized (offences) {
      return List.copyOf(offences);
    }
  }

  public List<LogLine> errors() {
    return errors;
  }

  /**
   * @param told of every line of level ERROR
   */
  public void onError(Consumer<LogLine> told) {
    onError = told;
  }

  void offend(String what) {
    note("OFFENCE " + what);
    synchronized (offences) {
      offences.add(running + ": " + what);
    }
  }

  void logged(boolean error, String logger, String message) {
    note((error ? "ERROR " : "log ") + logger + ": " + message);
    if (!error) return;
    LogLine line = new LogLine(running.id(), logger, message);
    errors.add(line);
    onError.accept(line);
  }

  public void note(String text) {
    trace.note(nowNanos, running, text);
  }

  /** A new incarnation at {@code name}; the one before must be dead. */
  public Node boot(String name) {
    Node before = nodes.get(name);
    if (before != null && before.alive()) throw new IllegalStateException(name + " is running");
    Node node = new Node(name, before == null ? 1 : before.incarnation() + 1);
    nodes.put(name, node);
    note("BOOT " + node);
    return node;
  }

  /** The latest incarnation. */
  public Node node(String name) {
    Node node = nodes.get(name);
    if (node == null) throw new IllegalArgumentException("no node " + name);
    return node;
  }

  public List<Node> liveNodes() {
    return nodes.values().stream().filter(Node::alive).toList();
  }

  /** The process is gone at this instant: its tasks, timers and answers in flight with it. */
  public void kill(Node node) {
    if (!node.alive()) return;
    note("KILLED " + node);
    node.die();
    ready.removeIf(task -> task.node == node);
  }

  public void enqueue(Node node, String where, Runnable work) {
    if (!node.alive()) return;
    if (node.slowNanos() > 0) {
      schedule(node, node.slowNanos(), () -> makeReady(node, where, work));
    } else {
      makeReady(node, where, work);
    }
  }

  private void makeReady(Node node, String where, Runnable work) {
    if (ready.size() >= READY_MAX) throw new IllegalStateException("too many tasks: " + where);
    ready.add(new Task(node, where, work, sequence++, nowNanos));
  }

  /** Runs {@code work} at that time, as part of the loop itself rather than as a task. */
  public Timer schedule(Node node, long delayNanos, Runnable work) {
    Timer timer = new Timer(nowNanos + Math.max(0, delayNanos), sequence++, node, work);
    timers.add(timer);
    return timer;
  }

  /** Something outside the cluster happens after a while. */
  public Timer later(long delayNanos, String what, Runnable work) {
    return schedule(Node.OUTSIDE, delayNanos, () -> makeReady(Node.OUTSIDE, what, work));
  }

  /** Makes {@code node} the running one during the call. */
  public <T> T as(Node node, Callable<T> call) {
    Node before = running;
    running = node;
    try {
      return call.call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    } finally {
      running = before;
    }
  }

  public void runFor(long nanos) {
    runUntil(() -> false, nanos);
  }

  /** False when the time was over first. {@code done} is asked after every step. */
  public boolean runUntil(BooleanSupplier done, long nanos) {
    long until = nowNanos + nanos;
    while (!done.getAsBoolean()) {
      if (nowNanos >= until || !step(until, Node.OUTSIDE)) return done.getAsBoolean();
    }
    return true;
  }

  /**
   * Runs the rest of the world while a caller blocks. Tasks of the blocked node go first: frames of
   * two blocked nodes would otherwise end in the wrong order and deadlock the one thread.
   */
  boolean pump(BooleanSupplier done, long nanos) {
    if (++depth > PUMP_DEPTH_MAX) throw new IllegalStateException("blocked too deep");
    Node blocked = running;
    long until = nanos == Long.MAX_VALUE ? Long.MAX_VALUE : nowNanos + nanos;
    try {
      while (!done.getAsBoolean()) {
        if (nowNanos >= until || !step(until, blocked)) break;
      }
      return done.getAsBoolean();
    } finally {
      depth--;
      running = blocked;
    }
  }

  /** One task, or one jump of time. False when nothing is left before {@code until}. */
  private boolean step(long until, Node preferred) {
    fireDue();
    if (ready.isEmpty()) return jump(until);
    Task task = take(preferred);
    if (!task.node.alive()) return true;
    if (task.node.pausedUntilNanos() > nowNanos) {
      schedule(
          task.node,
          task.node.pausedUntilNanos() - nowNanos,
          () -> makeReady(task.node, task.where, task.work));
      return true;
    }
    run(task);
    return true;
  }

  private boolean jump(long until) {
    Timer next = timers.peek();
    while (next != null && next.isCancelled()) {
      timers.poll();
      next = timers.peek();
    }
    if (next == null || next.atNanos > until) {
      if (until != Long.MAX_VALUE) nowNanos = Math.max(nowNanos, until);
      return false;
    }
    nowNanos = Math.max(nowNanos, next.atNanos);
    fireDue();
    return true;
  }

  private Task take(Node preferred) {
    if (preferred != Node.OUTSIDE) {
      List<Task> own = ready.stream().filter(task -> task.node == preferred).toList();
      if (!own.isEmpty()) {
        Task task = own.get(own.size() == 1 ? 0 : interleaving.choose(own, nowNanos));
        ready.remove(task);
        return task;
      }
    }
    int last = ready.size() - 1;
    int index = last == 0 ? 0 : interleaving.choose(ready, nowNanos);
    Task task = ready.get(index);
    Task moved = ready.remove(last);
    if (index < last) ready.set(index, moved);
    return task;
  }

  private void fireDue() {
    Timer timer = timers.peek();
    while (timer != null && (timer.isCancelled() || timer.atNanos <= nowNanos)) {
      timers.poll();
      Runnable work = timer.node.alive() ? timer.take() : null;
      if (work != null) {
        Node before = running;
        running = timer.node;
        try {
          work.run();
        } finally {
          running = before;
        }
      }
      timer = timers.peek();
    }
  }

  private void run(Task task) {
    long step = ++steps;
    long draw = Randomness.mix(randomness.seed() + step);
    // Between 1 and 17 microseconds: time passes while code runs, differently every time.
    nowNanos += 1_000 + (draw & 0x3fff);
    trace.task(step, nowNanos, ready.size(), task);
    // By position: a draw more or less in one task, a static initialiser say, cannot shift the
    // next.
    JvmState.seedThread(Randomness.mix(draw));
    Node before = running;
    running = task.node;
    try {
      task.work.run();
    } catch (RuntimeException | Error e) {
      if (task.node == Node.OUTSIDE || e instanceof VirtualMachineError) throw e;
      offend("escaped from " + task.where + ": " + e);
    } finally {
      running = before;
    }
  }

  /** Live timers: what would still happen without further input. */
  public int pendingTimers(Node node) {
    return (int) timers.stream().filter(t -> t.node == node && !t.isCancelled()).count();
  }

  @Override
  public void close() {
    if (current != this) return;
    for (Node node : nodes.values()) node.die();
    ready.clear();
    timers.clear();
    current = null;
    JvmState.swapThreadLocals(threadLocals);
  }
}
