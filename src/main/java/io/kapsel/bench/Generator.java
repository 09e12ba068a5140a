package io.kapsel.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * One thread that sends over many kept connections, one request at a time on each. When all are
 * busy, requests that are due wait, and their waiting counts.
 */
final class Generator implements AutoCloseable {
  private static final int READ_BYTES = 64 << 10;
  private static final int CONNECT_MILLIS_MAX = 10_000;
  private static final long SELECT_MILLIS_MAX = 20;
  private static final long RECONNECT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final InetSocketAddress target;
  private final RequestSource source;
  private final EventCounts acknowledged;
  private final Selector selector;
  private final List<Line> lines = new ArrayList<>();
  private final ArrayDeque<Line> free = new ArrayDeque<>();
  private final ArrayDeque<Line> broken = new ArrayDeque<>();
  private final ByteBuffer input = ByteBuffer.allocateDirect(READ_BYTES);
  private final AnswerParser parser = new AnswerParser();
  private long reconnectAtNanos;

  // Of the load that runs.
  private Pace pace = new Pace(1, 0);
  private Latencies accepted = new Latencies(0, 0);
  private Latencies refused = new Latencies(0, 0);
  private final Map<Integer, Long> statuses = new TreeMap<>();
  private long sent;
  private long failed;
  private long firstAcceptedNanos;
  private long answeredCount;
  private volatile long answered;
  private volatile boolean stopped;

  /** One connection and the request that is on it. */
  private static final class Line {
    final ByteBuffer head = ByteBuffer.allocateDirect(RequestSource.HEAD_BYTES_MAX);
    ByteBuffer[] output = {head};
    SocketChannel channel;
    SelectionKey key;
    byte[] partial = {};
    int partialLength;
    long intendedNanos;
    int variant;
    boolean busy;

    Line(SocketChannel channel, SelectionKey key) {
      this.channel = channel;
      this.key = key;
    }
  }

  /**
   * @param acknowledged learns every webhook that was answered with 200
   */
  Generator(
      InetSocketAddress target, int connections, RequestSource source, EventCounts acknowledged)
      throws IOException {
    this.target = target;
    this.source = source;
    this.acknowledged = acknowledged;
    this.selector = Selector.open();
    for (int i = 0; i < connections; i++) {
      SocketChannel channel = connect();
      lines.add(new Line(channel, register(channel)));
    }
    for (Line line : lines) line.key.attach(line);
    free.addAll(lines);
  }

  /** Fails when nobody answers in time: a server with too many connections lets new ones wait. */
  private SocketChannel connect() throws IOException {
    SocketChannel channel = SocketChannel.open();
    try {
      channel.socket().connect(target, CONNECT_MILLIS_MAX);
      return channel;
    } catch (IOException e) {
      closeQuietly(channel);
      throw e;
    }
  }

  private SelectionKey register(SocketChannel channel) throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.configureBlocking(false);
    return channel.register(selector, SelectionKey.OP_READ);
  }

  /** Answers so far, for a progress display on another thread. */
  long answered() {
    return answered;
  }

  /** Ends the load that runs; what is in flight is still awaited. */
  void stop() {
    stopped = true;
    selector.wakeup();
  }

  /** Sends the whole load; blocks until it is answered. */
  Load.Outcome run(Load load) {
    long start = System.nanoTime();
    long from = start + TimeUnit.MILLISECONDS.toNanos(load.warmUpMillis());
    long until = from + TimeUnit.MILLISECONDS.toNanos(load.measureMillis());
    pace = new Pace(load.perSecond(), start);
    accepted = new Latencies(from, until);
    refused = new Latencies(from, until);
    statuses.clear();
    sent = 0;
    failed = 0;
    firstAcceptedNanos = 0;
    stopped = false;
    try {
      while (!stopped && sent < load.requestsMax() && System.nanoTime() - until < 0) {
        sendDue(load.requestsMax());
        select(untilNextDue());
      }
      // With a stop or a maximum, the span ends now.
      long ended = Math.min(System.nanoTime(), until);
      long patience = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(load.drainMillis());
      long due = pace.isOpen() ? Math.min(pace.dueBy(ended), load.requestsMax()) : sent;
      while ((inFlight() > 0 || sent < due) && System.nanoTime() - patience < 0) {
        sendUpTo(due);
        select(SELECT_MILLIS_MAX);
      }
      return outcome(due);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int inFlight() {
    return lines.size() - free.size() - broken.size();
  }

  /**
   * @param due how many requests were meant to be sent
   */
  private Load.Outcome outcome(long due) {
    long unanswered = 0;
    long now = System.nanoTime();
    for (Line line : lines) {
      if (!line.busy) continue;
      unanswered++;
      accepted.record(line.intendedNanos, now);
      abandon(line);
    }
    // What was due and never got a connection has waited, too.
    for (; sent < due; sent++) {
      unanswered++;
      accepted.record(pace.intendedNanos(sent), now);
    }
    return new Load.Outcome(
        accepted.summary(),
        refused.summary(),
        accepted.seconds(now),
        new TreeMap<>(statuses),
        unanswered,
        failed,
        firstAcceptedNanos);
  }

  /** Milliseconds to wait for answers; 0 when the next request is due before a wait could end. */
  private long untilNextDue() {
    if (free.isEmpty() || !pace.isOpen()) return SELECT_MILLIS_MAX;
    long nanos = pace.intendedNanos(sent) - System.nanoTime();
    return Math.min(SELECT_MILLIS_MAX, Math.max(nanos, 0) / 1_000_000 + 1);
  }

  private void sendDue(long requestsMax) throws IOException {
    sendUpTo(Math.min(pace.dueBy(System.nanoTime()), requestsMax));
  }

  private void sendUpTo(long due) throws IOException {
    if (!broken.isEmpty() && System.nanoTime() - reconnectAtNanos >= 0) reconnect();
    while (sent < due) {
      Line line = free.poll();
      if (line == null) return;
      line.intendedNanos = pace.isOpen() ? pace.intendedNanos(sent) : System.nanoTime();
      sent++;
      send(line);
    }
  }

  private void send(Line line) throws IOException {
    line.head.clear();
    line.variant = source.next(line.head);
    line.output =
        line.variant < 0
            ? new ByteBuffer[] {line.head}
            : new ByteBuffer[] {line.head, source.body(line.variant)};
    line.busy = true;
    write(line);
  }

  private void write(Line line) throws IOException {
    try {
      line.channel.write(line.output);
    } catch (IOException e) {
      fail(line);
      return;
    }
    boolean done = !line.output[line.output.length - 1].hasRemaining();
    int interest = done ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE;
    if (line.key.interestOps() != interest) line.key.interestOps(interest);
  }

  private void select(long millis) throws IOException {
    selector.select(this::ready, Math.max(1, millis));
  }

  private void ready(SelectionKey key) {
    Line line = (Line) key.attachment();
    try {
      if (key.isWritable()) write(line);
      if (key.isValid() && key.isReadable()) read(line);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read(Line line) throws IOException {
    input.clear();
    int count;
    try {
      count = line.channel.read(input);
    } catch (IOException reset) {
      count = -1;
    }
    if (count < 0) {
      fail(line);
      return;
    }
    line.partial = AnswerParser.append(line.partial, line.partialLength, input.flip());
    line.partialLength += count;
    if (!parser.parse(line.partial, line.partialLength)) return;
    line.partialLength = 0;
    if (line.busy) answered(line);
    if (parser.closes()) replace(line);
    else free.add(line);
  }

  private void answered(Line line) {
    long now = System.nanoTime();
    line.busy = false;
    answeredCount++;
    answered = answeredCount;
    boolean success = parser.status() == 200;
    (success ? accepted : refused).record(line.intendedNanos, now);
    if (accepted.covers(line.intendedNanos)) statuses.merge(parser.status(), 1L, Long::sum);
    if (!success) return;
    if (firstAcceptedNanos == 0) firstAcceptedNanos = now;
    if (line.variant >= 0 && parser.readEventId(line.partial))
      acknowledged.add(parser.idHigh(), parser.idLow(), line.variant);
  }

  private void fail(Line line) throws IOException {
    if (line.busy) failed++;
    line.busy = false;
    replace(line);
  }

  private void abandon(Line line) {
    line.busy = false;
    try {
      replace(line);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void replace(Line line) throws IOException {
    line.key.cancel();
    line.channel.close();
    line.partialLength = 0;
    broken.add(line);
  }

  private void reconnect() throws IOException {
    // A key that was cancelled is only gone after a selection.
    selector.selectNow();
    while (!broken.isEmpty()) {
      Line line = broken.peek();
      try {
        line.channel = connect();
      } catch (IOException refusedNow) {
        reconnectAtNanos = System.nanoTime() + RECONNECT_NANOS;
        return;
      }
      line.key = register(line.channel);
      line.key.attach(line);
      broken.poll();
      free.add(line);
    }
  }

  @Override
  public void close() {
    for (Line line : lines) closeQuietly(line.channel);
    closeQuietly(selector);
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception ignored) {
      // It ends either way.
    }
  }
}
