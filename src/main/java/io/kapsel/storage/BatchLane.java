package io.kapsel.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers the work of many callers and hands it to PostgreSQL in batches: while one batch is being
 * committed the next one forms. Work must be idempotent, for a batch is repeated once on a new
 * connection when its connection turns out to be lost. While there is no database, everything fails
 * at once and the lane reconnects by itself.
 */
final class BatchLane<T extends BatchLane.Item> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(BatchLane.class);
  private static final long RECONNECT_MILLIS_MIN = 50;
  private static final long RECONNECT_MILLIS_MAX = 1_000;
  private static final long WATCH_MILLIS = 200;
  private static final long CLOSE_TIMEOUT_MILLIS = 10_000;

  interface Item {
    long bytes();

    void succeed();

    void fail(RuntimeException cause);
  }

  /** Returns when the whole batch is committed; fails when none of it is known to be. */
  interface Work<T> {
    void run(Connection connection, List<T> batch) throws SQLException;
  }

  private final String name;
  private final BatchLaneSettings settings;
  private final Database database;
  private final Work<T> work;
  private final List<Writer> writers = new ArrayList<>();
  private final ScheduledFuture<?> watch;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  // All guarded by the lock.
  private final ArrayDeque<T> queue = new ArrayDeque<>();
  private long queuedBytes;
  private int waiting;
  private int connected;
  private boolean closing;
  private @Nullable StorageUnavailable down;

  BatchLane(String name, BatchLaneSettings settings, Database database, Work<T> work) {
    this.name = name;
    this.settings = settings;
    this.database = database;
    this.work = work;
    for (int i = 0; i < settings.writers(); i++) writers.add(new Writer(name + "-" + (i + 1)));
    writers.forEach(Writer::start);
    this.watch =
        database
            .watch()
            .scheduleWithFixedDelay(this::watch, WATCH_MILLIS, WATCH_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Takes the item or fails it at once; its completion comes on a writer's thread. */
  void offer(T item) {
    RuntimeException refusal = enqueue(item);
    if (refusal != null) item.fail(refusal);
  }

  private @Nullable RuntimeException enqueue(T item) {
    lock.lock();
    try {
      if (down != null) return down;
      if (closing) return new StorageUnavailable(name + " is closed", null);
      boolean full =
          queue.size() >= settings.queuedItemsMax()
              || (!queue.isEmpty() && queuedBytes + item.bytes() > settings.queuedBytesMax());
      if (full) return new StorageOverloaded(name + ": the queue is full");
      queue.add(item);
      queuedBytes += item.bytes();
      if (waiting > 0 && (queue.size() == 1 || batchIsFull())) changed.signal();
      return null;
    } finally {
      lock.unlock();
    }
  }

  int queuedItems() {
    lock.lock();
    try {
      return queue.size();
    } finally {
      lock.unlock();
    }
  }

  private boolean batchIsFull() {
    return queue.size() >= settings.batchItemsMax() || queuedBytes >= settings.batchBytesMax();
  }

  /** Fails what waits when every writer is stuck with a database that does not answer. */
  private void watch() {
    long now = System.nanoTime();
    boolean allStuck = true;
    for (Writer writer : writers) allStuck &= writer.failIfStuck(now);
    if (allStuck) {
      failQueue(new StorageUnavailable(name + ": the database does not answer", null));
    }
  }

  private void failQueue(StorageUnavailable cause) {
    List<T> failed;
    lock.lock();
    try {
      down = cause;
      failed = new ArrayList<>(queue);
      queue.clear();
      queuedBytes = 0;
    } finally {
      lock.unlock();
    }
    for (T item : failed) item.fail(cause);
  }

  /** Finishes what is queued, as far as the database lets it. */
  @Override
  public void close() {
    lock.lock();
    try {
      closing = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_TIMEOUT_MILLIS);
    try {
      for (Writer writer : writers) {
        writer.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
        writer.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    watch.cancel(false);
    failQueue(new StorageUnavailable(name + " is closed", null));
  }

  private final class Writer extends Thread {
    private @Nullable Connection connection;
    private long reconnectMillis = RECONNECT_MILLIS_MIN;
    private long lastBatchNanos;
    private boolean lastWasShared;
    private volatile long busySinceNanos;
    private volatile List<T> inHand = List.of();

    Writer(String name) {
      super("kapsel-" + name);
      setDaemon(true);
    }

    @Override
    public void run() {
      try {
        while (true) {
          if (connection == null && !connect()) {
            if (awaitReconnect()) return;
            continue;
          }
          List<T> batch = take();
          if (batch.isEmpty()) return;
          perform(batch);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        disconnect();
      }
    }

    private boolean connect() {
      boolean idle = busySinceNanos == 0;
      if (idle) busySinceNanos = System.nanoTime();
      try {
        connection = database.connect();
        reconnectMillis = RECONNECT_MILLIS_MIN;
        lock.lock();
        try {
          connected++;
          if (down != null) log.info("{}: connected to the database again", name);
          down = null;
        } finally {
          lock.unlock();
        }
        return true;
      } catch (SQLException | RuntimeException e) {
        // Whatever the driver throws: a writer that ended would leave its queue to nobody.
        noConnection(e);
        return false;
      } finally {
        if (idle) busySinceNanos = 0;
      }
    }

    private void noConnection(Exception cause) {
      boolean first;
      lock.lock();
      try {
        if (connected > 0) return;
        first = down == null;
      } finally {
        lock.unlock();
      }
      if (first) log.warn("{}: no connection to the database: {}", name, cause.getMessage());
      failQueue(new StorageUnavailable("the database cannot be reached", cause));
    }

    /** Whether to end instead. */
    private boolean awaitReconnect() throws InterruptedException {
      long nanos = TimeUnit.MILLISECONDS.toNanos(reconnectMillis);
      reconnectMillis = Math.min(2 * reconnectMillis, RECONNECT_MILLIS_MAX);
      lock.lock();
      try {
        while (nanos > 0 && !closing) nanos = changed.awaitNanos(nanos);
        return closing;
      } finally {
        lock.unlock();
      }
    }

    /** Blocks until there is work; empty when the lane closes. */
    private List<T> take() throws InterruptedException {
      lock.lock();
      try {
        waiting++;
        while (queue.isEmpty() && !closing) changed.await();
        if (lastWasShared && !closing) gather();
        waiting--;
        var batch = new ArrayList<T>(Math.min(queue.size(), settings.batchItemsMax()));
        long bytes = 0;
        while (!queue.isEmpty() && batch.size() < settings.batchItemsMax()) {
          bytes += queue.peek().bytes();
          if (!batch.isEmpty() && bytes > settings.batchBytesMax()) break;
          T item = queue.remove();
          queuedBytes -= item.bytes();
          batch.add(item);
        }
        if (waiting > 0 && !queue.isEmpty()) changed.signal();
        return batch;
      } finally {
        lock.unlock();
      }
    }

    private void gather() throws InterruptedException {
      long nanos =
          lastBatchNanos
              + TimeUnit.MICROSECONDS.toNanos(settings.gatherMicros())
              - System.nanoTime();
      while (nanos > 0 && !batchIsFull() && !closing) nanos = changed.awaitNanos(nanos);
      while (queue.isEmpty() && !closing) changed.await();
    }

    private void perform(List<T> batch) {
      lastBatchNanos = System.nanoTime();
      lastWasShared = batch.size() > 1;
      inHand = batch;
      busySinceNanos = lastBatchNanos;
      try {
        try {
          performOnce(batch);
        } catch (ConnectionLost lost) {
          again(batch, lost);
        }
      } catch (Throwable e) {
        log.error("{}: a batch failed for a reason that is not the database's", name, e);
        disconnect();
        failAll(batch, new StorageUnavailable(name + ": " + e, e));
      } finally {
        inHand = List.of();
        busySinceNanos = 0;
        answered();
      }
    }

    private void again(List<T> batch, ConnectionLost lost) {
      disconnect();
      if (!failIfStuck(System.nanoTime()) && connect()) {
        try {
          performOnce(batch);
          return;
        } catch (ConnectionLost lostAgain) {
          disconnect();
        }
      }
      failAll(batch, new StorageUnavailable("the database connection was lost", lost.getCause()));
    }

    private void performOnce(List<T> batch) throws ConnectionLost {
      Connection current = connection;
      if (current == null) throw new ConnectionLost(new SQLException("not connected"));
      try {
        work.run(current, batch);
        for (T item : batch) item.succeed();
      } catch (SQLException e) {
        if (isLost(current, e)) throw new ConnectionLost(e);
        rollBack(current);
        if (batch.size() > 1 && isCausedByData(e)) {
          // One item that cannot be stored must not take the others with it.
          performOnce(batch.subList(0, batch.size() / 2));
          performOnce(batch.subList(batch.size() / 2, batch.size()));
        } else {
          log.warn("{}: the database refused {} items: {}", name, batch.size(), e.getMessage());
          failAll(batch, new StorageUnavailable("the database refused: " + e.getMessage(), e));
        }
      }
    }

    /** Whether this writer has waited too long for the database; if so its items have failed. */
    private boolean failIfStuck(long now) {
      long since = busySinceNanos;
      List<T> batch = inHand;
      if (since == 0 || now - since < answerTimeoutNanos(batch)) return false;
      failAll(batch, new StorageUnavailable(name + ": the database does not answer", null));
      return true;
    }

    private long answerTimeoutNanos(List<T> batch) {
      long bytes = 0;
      for (T item : batch) bytes += item.bytes();
      return TimeUnit.MILLISECONDS.toNanos(
          settings.answerTimeoutMillis()
              + bytes * 1_000 / BatchLaneSettings.SLOWEST_BYTES_PER_SECOND);
    }

    private void answered() {
      lock.lock();
      try {
        if (connection != null) down = null;
      } finally {
        lock.unlock();
      }
    }

    private void disconnect() {
      Connection current = connection;
      if (current == null) return;
      connection = null;
      lock.lock();
      try {
        connected--;
      } finally {
        lock.unlock();
      }
      try {
        current.close();
      } catch (SQLException e) {
        log.debug("{}: a lost connection did not close", name, e);
      }
    }

    private void rollBack(Connection current) {
      try {
        if (!current.getAutoCommit()) {
          current.rollback();
          current.setAutoCommit(true);
        }
      } catch (SQLException e) {
        disconnect();
      }
    }
  }

  private static void failAll(List<? extends Item> items, RuntimeException cause) {
    for (Item item : items) item.fail(cause);
  }

  private static boolean isLost(Connection connection, SQLException e) {
    String state = e.getSQLState();
    try {
      return state == null
          || state.startsWith("08")
          // Shutdown, crash, starting up; a server that has become a read-only standby.
          || state.startsWith("57P")
          || state.equals("25006")
          || connection.isClosed();
    } catch (SQLException closed) {
      return true;
    }
  }

  private static boolean isCausedByData(SQLException e) {
    String state = e.getSQLState();
    return state != null && (state.startsWith("22") || state.startsWith("23"));
  }

  private static final class ConnectionLost extends Exception {
    private static final long serialVersionUID = 1L;

    ConnectionLost(SQLException cause) {
      super(cause);
    }
  }
}
