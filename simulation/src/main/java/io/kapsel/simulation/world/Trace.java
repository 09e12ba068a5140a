package io.kapsel.simulation.world;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What happened, in order. The hash covers every task, frame, database operation and note with its
 * virtual time, so that two runs are the same run exactly when their hashes agree. Text is only
 * made when somebody reads it: a failing seed is run again with a sink.
 */
public final class Trace {
  private static final int RING = 4_096;
  private final String[] ring = new String[RING];
  private final @Nullable Appendable sink;
  private long ringed;
  private long first = 0x243f6a8885a308d3L;
  private long second = 0x13198a2e03707344L;
  private long events;

  /** Hash and the ring of notes only. */
  public Trace() {
    this(null);
  }

  /**
   * @param sink gets every event as a line; not closed here
   */
  public Trace(@Nullable Appendable sink) {
    this.sink = sink;
  }

  void task(long step, long nowNanos, int ready, Task task) {
    long detail = task.detailHash();
    absorb(nowNanos);
    absorb(task.node.id().hashCode() * 31L + ready);
    absorb(task.strand ^ detail);
    if (sink != null) {
      write(step + " " + nowNanos + " " + task.node + " " + ready + " " + task.describe());
    }
  }

  /** A frame on the network; {@code checksum} covers its bytes. */
  public void frame(long nowNanos, Node from, String to, int stream, int bytes, long checksum) {
    absorb(nowNanos);
    absorb(from.id().hashCode() * 31L + to.hashCode());
    absorb(checksum * 31 + bytes * 7L + stream);
    if (sink != null) {
      write(
          nowNanos
              + " "
              + from
              + " frame to "
              + to
              + " stream "
              + stream
              + " "
              + bytes
              + " bytes "
              + Long.toHexString(checksum));
    }
  }

  /** Anything else worth a line. Kept in the ring. */
  public void note(long nowNanos, Node node, String text) {
    absorb(nowNanos);
    absorb(Randomness.hash(text) + node.id().hashCode());
    String line = nowNanos + " " + node + " # " + text;
    ring[(int) (ringed++ % RING)] = line;
    if (sink != null) write(line);
  }

  /** Something that was seen; its text is made only for a reader. */
  public void observation(long nowNanos, Object observation) {
    absorb(nowNanos);
    absorb(Names.hash(observation.getClass()));
    if (sink != null) write(nowNanos + " * " + observation);
  }

  /** The latest notes, oldest first. */
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    for (long i = Math.max(0, ringed - RING); i < ringed; i++) notes.add(ring[(int) (i % RING)]);
    return notes;
  }

  public long events() {
    return events;
  }

  /** 128 bits as hexadecimal digits. */
  public String hash() {
    HexFormat hex = HexFormat.of();
    return hex.toHexDigits(Randomness.mix(first)) + hex.toHexDigits(Randomness.mix(second));
  }

  private void absorb(long value) {
    events++;
    first = (Long.rotateLeft(first, 23) ^ value) * 0x9e3779b97f4a7c15L;
    second = (Long.rotateLeft(second, 41) + value) * 0xc2b2ae3d27d4eb4fL;
  }

  private void write(String line) {
    if (sink == null) return;
    try {
      sink.append(line).append('\n');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
