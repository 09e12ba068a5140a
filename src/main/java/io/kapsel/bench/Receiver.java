package io.kapsel.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * The destinations of a benchmark: one thread that answers deliveries and checks their bodies. The
 * path says how it behaves: {@code /after/300} answers 200 after 300 ms, {@code /refuse/503}
 * answers that status, {@code /flap/2000} answers 200 and 503 in turns of 2,000 ms, {@code /hang}
 * never answers. A path may go on after that.
 */
final class Receiver implements AutoCloseable {
  private static final int READ_BYTES = 256 << 10;
  private static final int BACKLOG = 4_096;
  private static final long IDLE_MILLIS = 50;
  private static final long STILL_NANOS_MAX = TimeUnit.MINUTES.toNanos(2);
  private static final long POLL_MILLIS = 100;
  private static final long FIRST_ATTEMPT_MILLIS_MAX = TimeUnit.HOURS.toMillis(1);
  private static final byte[] LENGTH = "content-length:".getBytes(ISO_8859_1);
  private static final byte[] EVENT_ID = "x-kapsel-event-id:".getBytes(ISO_8859_1);
  private static final byte[] ATTEMPT = "x-kapsel-delivery-attempt:".getBytes(ISO_8859_1);
  private static final Answer OK = new Answer(200, "OK");
  private static final Answer UNAVAILABLE = new Answer(503, "Service Unavailable");

  private final ServerSocketChannel server;
  private final Selector selector;
  private final Thread thread;
  private final ByteBuffer input = ByteBuffer.allocateDirect(READ_BYTES);
  private final PriorityQueue<Held> held = new PriorityQueue<>();
  private final long startNanos = System.nanoTime();
  private volatile boolean closing;

  // Guarded by this.
  private final EventCounts delivered = new EventCounts();
  private final List<Long> perSecond = new ArrayList<>();
  private final Histogram firstAttempts = new Histogram(FIRST_ATTEMPT_MILLIS_MAX, 3);
  private final Bodies bodies;
  private long received;
  private long confirmed;
  private long corrupted;

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Answer(int status, byte[] bytes) {
    Answer(int status, String reason) {
      this(
          status,
          ("HTTP/1.1 " + status + " " + reason + "\r\nContent-Length: 0\r\n\r\n")
              .getBytes(ISO_8859_1));
    }
  }

  /**
   * @param delayMillis negative: the answer never comes
   */
  private record Manner(Answer answer, long delayMillis) {}

  /** An answer that is given later. */
  private record Held(long dueNanos, Caller caller, Answer answer) implements Comparable<Held> {
    @Override
    public int compareTo(Held other) {
      return Long.compare(dueNanos - other.dueNanos, 0);
    }
  }

  private static final class Caller {
    final SocketChannel channel;
    byte[] bytes = new byte[4_096];
    int length;
    int needed;

    Caller(SocketChannel channel) {
      this.channel = channel;
    }
  }

  /**
   * How it stands.
   *
   * @param received requests
   * @param confirmed of them, answered with 200
   * @param corrupted of them, with another body than any that was sent
   */
  record Tally(long received, long confirmed, long corrupted) {}

  Receiver(Bodies bodies) throws IOException {
    this.bodies = bodies;
    this.selector = Selector.open();
    this.server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
    server.configureBlocking(false);
    server.register(selector, SelectionKey.OP_ACCEPT);
    this.thread = Thread.ofPlatform().daemon().name("bench-receiver").start(this::serve);
  }

  String url(String behaviour) throws IOException {
    int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
    return "http://127.0.0.1:" + port + behaviour;
  }

  synchronized Tally tally() {
    return new Tally(received, confirmed, corrupted);
  }

  /** Deliveries answered with 200, by second since the receiver began, up to the one that runs. */
  synchronized List<Long> perSecond() {
    reachSecond();
    return new ArrayList<>(perSecond);
  }

  /** From a webhook's id being made to its first attempt arriving; in milliseconds, then anew. */
  synchronized Histogram takeFirstAttempts() {
    Histogram copy = firstAttempts.copy();
    firstAttempts.reset();
    return copy;
  }

  /** What arrived and was answered with 200. Not to be used while deliveries are made. */
  synchronized EventCounts delivered() {
    return delivered;
  }

  /**
   * Waits until all of these have arrived and were answered with 200, or nothing new has come for
   * two minutes.
   *
   * @return the seconds it took
   */
  double await(EventCounts acknowledged) throws InterruptedException {
    long start = System.nanoTime();
    long progressNanos = start;
    int progress = 0;
    while (!has(acknowledged) && System.nanoTime() - progressNanos < STILL_NANOS_MAX) {
      Thread.sleep(POLL_MILLIS);
      if (deliveredCount() == progress) continue;
      progress = deliveredCount();
      progressNanos = System.nanoTime();
    }
    return (System.nanoTime() - start) / 1e9;
  }

  private synchronized int deliveredCount() {
    return delivered.size();
  }

  private synchronized boolean has(EventCounts acknowledged) {
    return delivered.containsAll(acknowledged);
  }

  private void serve() {
    try {
      while (!closing) {
        long wait = IDLE_MILLIS;
        Held next = held.peek();
        if (next != null) wait = Math.max(0, (next.dueNanos() - System.nanoTime()) / 1_000_000);
        if (wait == 0) selector.selectNow(this::ready);
        else selector.select(this::ready, Math.min(wait, IDLE_MILLIS));
        answerDue();
      }
    } catch (IOException e) {
      if (!closing) throw new UncheckedIOException(e);
    }
  }

  private void answerDue() {
    long now = System.nanoTime();
    for (Held next = held.peek(); next != null && next.dueNanos() - now <= 0; next = held.peek()) {
      held.poll();
      write(next.caller(), next.answer());
    }
  }

  private void ready(SelectionKey key) {
    try {
      if (key.isAcceptable()) accept();
      else if (key.isReadable()) read(key, (Caller) key.attachment());
    } catch (IOException gone) {
      close(key);
    }
  }

  private void accept() throws IOException {
    for (SocketChannel channel = server.accept(); channel != null; channel = server.accept()) {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.register(selector, SelectionKey.OP_READ, new Caller(channel));
    }
  }

  private void read(SelectionKey key, Caller caller) throws IOException {
    input.clear();
    int count = caller.channel.read(input);
    if (count < 0) {
      close(key);
      return;
    }
    if (caller.bytes.length < caller.length + count)
      caller.bytes =
          Arrays.copyOf(
              caller.bytes,
              Math.max(caller.needed, Math.max(2 * caller.length, caller.length + count)));
    input.flip().get(caller.bytes, caller.length, count);
    caller.length += count;
    if (caller.length >= caller.needed) parse(caller);
  }

  private void parse(Caller caller) {
    byte[] bytes = caller.bytes;
    int lineAt = 0;
    int bodyLength = 0;
    long high = 0;
    long low = 0;
    int attempt = 0;
    for (int i = 0; i + 1 < caller.length; i++) {
      if (bytes[i] != '\r' || bytes[i + 1] != '\n') continue;
      if (i == lineAt) {
        caller.needed = i + 2 + bodyLength;
        if (caller.length >= caller.needed) {
          delivered(caller, i + 2, bodyLength, high, low, attempt);
          caller.length = 0;
          caller.needed = 0;
        }
        return;
      }
      if (AnswerParser.startsWith(bytes, lineAt, LENGTH)) {
        bodyLength = AnswerParser.number(bytes, lineAt + LENGTH.length, i);
      } else if (AnswerParser.startsWith(bytes, lineAt, ATTEMPT)) {
        attempt = AnswerParser.number(bytes, lineAt + ATTEMPT.length, i);
      } else if (AnswerParser.startsWith(bytes, lineAt, EVENT_ID)) {
        high = AnswerParser.hex(bytes, i - 32);
        low = AnswerParser.hex(bytes, i - 16);
      }
      lineAt = i + 2;
    }
  }

  private void delivered(
      Caller caller, int bodyAt, int bodyLength, long high, long low, int attempt) {
    long now = System.nanoTime();
    Manner manner = manner(caller.bytes, now);
    boolean success = manner.answer().status() == 200;
    count(caller.bytes, bodyAt, bodyLength, high, low, attempt, success);
    if (manner.delayMillis() < 0) return;
    if (manner.delayMillis() == 0) write(caller, manner.answer());
    else
      held.add(
          new Held(
              now + TimeUnit.MILLISECONDS.toNanos(manner.delayMillis()), caller, manner.answer()));
  }

  private synchronized void count(
      byte[] bytes, int bodyAt, int length, long high, long low, int attempt, boolean success) {
    received++;
    int variant = bodies.recognise(bytes, bodyAt, length);
    if (variant < 0) corrupted++;
    if (attempt == 1)
      firstAttempts.recordValue(
          Math.clamp(System.currentTimeMillis() - (high >>> 16), 0, FIRST_ATTEMPT_MILLIS_MAX));
    if (!success) return;
    confirmed++;
    delivered.add(high, low, variant);
    int second = reachSecond();
    perSecond.set(second, perSecond.get(second) + 1);
  }

  private int reachSecond() {
    int second = (int) TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNanos);
    while (perSecond.size() <= second) perSecond.add(0L);
    return second;
  }

  private Manner manner(byte[] request, long now) {
    int at = "POST /".length();
    char behaviour = (char) request[at];
    int slash = at;
    while (request[slash] > ' ' && request[slash] != '/') slash++;
    int end = slash + 1;
    while (request[end] >= '0' && request[end] <= '9') end++;
    int number = AnswerParser.number(request, slash + 1, end);
    return switch (behaviour) {
      case 'a' -> new Manner(OK, number);
      case 'f' -> {
        long turn = TimeUnit.NANOSECONDS.toMillis(now - startNanos) / Math.max(1, number);
        yield new Manner(turn % 2 == 0 ? OK : UNAVAILABLE, 0);
      }
      case 'h' -> new Manner(UNAVAILABLE, -1);
      default -> new Manner(new Answer(number, "Refused"), 0);
    };
  }

  /** An answer is far smaller than a socket's buffer, so it is never written in part. */
  private static void write(Caller caller, Answer answer) {
    try {
      caller.channel.write(ByteBuffer.wrap(answer.bytes()));
    } catch (IOException gone) {
      // The selector will say so.
    }
  }

  private static void close(SelectionKey key) {
    key.cancel();
    try {
      key.channel().close();
    } catch (IOException ignored) {
      // It ends either way.
    }
  }

  @Override
  public void close() throws IOException {
    closing = true;
    selector.wakeup();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (SelectionKey key : selector.keys()) close(key);
    selector.close();
    server.close();
  }
}
