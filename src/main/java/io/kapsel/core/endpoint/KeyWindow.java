package io.kapsel.core.endpoint;

import io.kapsel.core.webhook.WebhookId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;

/**
 * The idempotency keys an endpoint has seen, immutable. New keys live in a small ordered map; when
 * it is full it is frozen into a segment of sorted primitive arrays, and segments of one hour are
 * merged as in a log-structured tree. A million keys cost 40 MB, a look-up some forty binary
 * searches, and forgetting is dropping whole segments.
 *
 * <p>A key is a 128-bit hash. Its entry carries the webhook that was accepted under it and a 64-bit
 * hash of that body, so that the first answer can be repeated and another body be told apart.
 */
public final class KeyWindow {
  /** So many live keys are usually frozen into a segment. */
  public static final int SEGMENT_KEYS = 1_024;

  /** Bounds one merge to 5 MB, and what the capacity forgets at once. */
  static final int SEGMENT_MAX = 131_072;

  private static final long BUCKET_MILLIS = 3_600_000;

  /** What is remembered under a key. */
  public record Seen(WebhookId webhook, long bodyHash) {}

  /** Sorted by key; five longs a row: key high and low, body hash, webhook high and low. */
  @SuppressWarnings("ArrayRecordComponent") // equality is by content, below
  public record Segment(long bucket, long newestMillis, long[] rows) {
    static final int WIDTH = 5;

    int size() {
      return rows.length / WIDTH;
    }

    private int indexOf(KeyHash key) {
      int low = 0;
      int high = size() - 1;
      while (low <= high) {
        int middle = (low + high) >>> 1;
        int order = compare(middle, key.high(), key.low());
        if (order < 0) low = middle + 1;
        else if (order > 0) high = middle - 1;
        else return middle;
      }
      return -1;
    }

    private int compare(int row, long keyHigh, long keyLow) {
      int order = Long.compare(rows[row * WIDTH], keyHigh);
      return order != 0 ? order : Long.compare(rows[row * WIDTH + 1], keyLow);
    }

    private Seen seen(int row) {
      int at = row * WIDTH;
      return new Seen(new WebhookId(rows[at + 3], rows[at + 4]), rows[at + 2]);
    }

    /** Both sorted; on an equal key the row of {@code newer} wins. */
    static Segment merge(Segment older, Segment newer) {
      long[] rows = new long[older.rows.length + newer.rows.length];
      int a = 0;
      int b = 0;
      int to = 0;
      while (a < older.size() || b < newer.size()) {
        int order =
            a == older.size()
                ? 1
                : b == newer.size()
                    ? -1
                    : older.compare(a, newer.rows[b * WIDTH], newer.rows[b * WIDTH + 1]);
        Segment from = order < 0 ? older : newer;
        System.arraycopy(from.rows, (order < 0 ? a : b) * WIDTH, rows, to, WIDTH);
        to += WIDTH;
        if (order <= 0) a++;
        if (order >= 0) b++;
      }
      return new Segment(
          newer.bucket,
          Math.max(older.newestMillis, newer.newestMillis),
          to == rows.length ? rows : Arrays.copyOf(rows, to));
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Segment that
          && bucket == that.bucket
          && newestMillis == that.newestMillis
          && Arrays.equals(rows, that.rows);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(rows);
    }
  }

  public static final KeyWindow EMPTY = new KeyWindow(List.of(), TreePMap.empty(), 0, 0);

  private final List<Segment> segments;
  private final TreePMap<KeyHash, Seen> live;
  private final long liveNewestMillis;
  private final int frozenSize;

  private KeyWindow(
      List<Segment> segments, TreePMap<KeyHash, Seen> live, long liveNewestMillis, int frozenSize) {
    this.segments = segments;
    this.live = live;
    this.liveNewestMillis = liveNewestMillis;
    this.frozenSize = frozenSize;
  }

  /** Rebuilds a window from its parts, as a snapshot stores them. */
  public static KeyWindow of(
      List<Segment> segments, Map<KeyHash, Seen> live, long liveNewestMillis) {
    int frozen = segments.stream().mapToInt(Segment::size).sum();
    return new KeyWindow(
        List.copyOf(segments),
        TreePMap.<KeyHash, Seen>empty().plusAll(live),
        liveNewestMillis,
        frozen);
  }

  public List<Segment> segments() {
    return segments;
  }

  public Map<KeyHash, Seen> live() {
    return live;
  }

  public long liveNewestMillis() {
    return liveNewestMillis;
  }

  public int size() {
    return frozenSize + live.size();
  }

  /** What was accepted under this key at or after {@code sinceMillis}. */
  public Optional<Seen> find(KeyHash key, long sinceMillis) {
    Seen seen = live.get(key);
    for (int i = segments.size() - 1; seen == null && i >= 0; i--) {
      int row = segments.get(i).indexOf(key);
      if (row >= 0) seen = segments.get(i).seen(row);
    }
    return Optional.ofNullable(seen)
        .filter(found -> found.webhook().createdAtMillis() >= sinceMillis);
  }

  /**
   * @param segmentKeys so many live keys are frozen into a segment
   */
  KeyWindow plus(KeyHash key, Seen seen, long atMillis, int segmentKeys) {
    KeyWindow added =
        new KeyWindow(
            segments, live.plus(key, seen), Math.max(liveNewestMillis, atMillis), frozenSize);
    return added.live.size() < segmentKeys ? added : added.frozen();
  }

  /** Forgets the segments in which every key is older than the given time. */
  KeyWindow since(long floorMillis) {
    if (segments.isEmpty() || segments.get(0).newestMillis >= floorMillis) return this;
    List<Segment> kept =
        segments.stream().filter(segment -> segment.newestMillis >= floorMillis).toList();
    return of(kept, live, liveNewestMillis);
  }

  /**
   * The time before which keys must be forgotten so that at most {@code max} remain, or only those
   * of the live map if even they are more.
   */
  long floorForAtMost(int max) {
    int size = size();
    long floorMillis = Long.MIN_VALUE;
    for (Segment segment : segments) {
      if (size <= max) break;
      size -= segment.size();
      floorMillis = segment.newestMillis + 1;
    }
    return floorMillis;
  }

  /** How many keys {@link #since} forgets that are not older than {@code expiredMillis}. */
  int forgottenEarly(long floorMillis, long expiredMillis) {
    int forgotten = 0;
    for (Segment segment : segments)
      if (segment.newestMillis < floorMillis && segment.newestMillis >= expiredMillis)
        forgotten += segment.size();
    return forgotten;
  }

  private KeyWindow frozen() {
    long[] rows = new long[live.size() * Segment.WIDTH];
    int at = 0;
    for (Map.Entry<KeyHash, Seen> entry : live.entrySet()) {
      rows[at++] = entry.getKey().high();
      rows[at++] = entry.getKey().low();
      rows[at++] = entry.getValue().bodyHash();
      rows[at++] = entry.getValue().webhook().high();
      rows[at++] = entry.getValue().webhook().low();
    }
    Segment newest = new Segment(liveNewestMillis / BUCKET_MILLIS, liveNewestMillis, rows);
    List<Segment> result = new ArrayList<>(segments);
    if (!result.isEmpty() && last(result).bucket != newest.bucket) mergeLastHour(result);
    while (!result.isEmpty() && alike(last(result), newest))
      newest = Segment.merge(result.remove(result.size() - 1), newest);
    result.add(newest);
    result.sort(Comparator.comparingLong(Segment::newestMillis));
    return of(result, TreePMap.empty(), liveNewestMillis);
  }

  private static Segment last(List<Segment> segments) {
    return segments.get(segments.size() - 1);
  }

  /** Neighbours of one hour merge when they are alike in size, so that each key moves rarely. */
  private static boolean alike(Segment before, Segment newest) {
    return before.bucket == newest.bucket
        && before.size() <= 2 * newest.size()
        && before.size() + newest.size() <= SEGMENT_MAX;
  }

  private static void mergeLastHour(List<Segment> segments) {
    Segment merged = segments.remove(segments.size() - 1);
    while (!segments.isEmpty()
        && last(segments).bucket == merged.bucket
        && last(segments).size() + merged.size() <= SEGMENT_MAX)
      merged = Segment.merge(segments.remove(segments.size() - 1), merged);
    segments.add(merged);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof KeyWindow that
        && segments.equals(that.segments)
        && live.equals(that.live)
        && liveNewestMillis == that.liveNewestMillis;
  }

  @Override
  public int hashCode() {
    return live.hashCode();
  }

  @Override
  public String toString() {
    return "KeyWindow[" + size() + "]";
  }
}
