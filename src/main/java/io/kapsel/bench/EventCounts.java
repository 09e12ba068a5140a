package io.kapsel.bench;

/**
 * Counts by webhook id, in a few flat arrays so that millions cost no garbage: 24 bytes each, a
 * hash table with linear probing. Written by one thread.
 */
final class EventCounts {
  private static final int CAPACITY_FIRST = 1 << 16;

  private long[] high = new long[CAPACITY_FIRST];
  private long[] low = new long[CAPACITY_FIRST];
  private int[] counts = new int[CAPACITY_FIRST];
  private int[] variants = new int[CAPACITY_FIRST];
  private int size;

  interface Visitor {
    void visit(long high, long low, int count, int variant);
  }

  /**
   * Counts one more.
   *
   * @param variant which of the bench's bodies it had; the last one stays
   * @return how often it was counted by now
   */
  int add(long idHigh, long idLow, int variant) {
    if (size * 2 > counts.length) grow();
    int slot = slot(idHigh, idLow);
    if (counts[slot] == 0) {
      high[slot] = idHigh;
      low[slot] = idLow;
      size++;
    }
    variants[slot] = variant;
    return ++counts[slot];
  }

  int count(long idHigh, long idLow) {
    return counts[slot(idHigh, idLow)];
  }

  /** Of an id that was counted. */
  int variant(long idHigh, long idLow) {
    return variants[slot(idHigh, idLow)];
  }

  int size() {
    return size;
  }

  boolean containsAll(EventCounts others) {
    if (size < others.size) return false;
    for (int i = 0; i < others.counts.length; i++)
      if (others.counts[i] > 0 && count(others.high[i], others.low[i]) == 0) return false;
    return true;
  }

  void forEach(Visitor visitor) {
    for (int i = 0; i < counts.length; i++)
      if (counts[i] > 0) visitor.visit(high[i], low[i], counts[i], variants[i]);
  }

  private int slot(long idHigh, long idLow) {
    int mask = counts.length - 1;
    long mixed = (idLow ^ (idHigh * 0x9E3779B97F4A7C15L)) * 0xBF58476D1CE4E5B9L;
    int slot = (int) (mixed >>> 32) & mask;
    while (counts[slot] != 0 && (high[slot] != idHigh || low[slot] != idLow))
      slot = (slot + 1) & mask;
    return slot;
  }

  private void grow() {
    var old = new EventCounts(high, low, counts, variants);
    int capacity = counts.length * 2;
    high = new long[capacity];
    low = new long[capacity];
    counts = new int[capacity];
    variants = new int[capacity];
    old.forEach(
        (idHigh, idLow, count, variant) -> {
          int slot = slot(idHigh, idLow);
          high[slot] = idHigh;
          low[slot] = idLow;
          counts[slot] = count;
          variants[slot] = variant;
        });
  }

  EventCounts() {}

  private EventCounts(long[] high, long[] low, int[] counts, int[] variants) {
    this.high = high;
    this.low = low;
    this.counts = counts;
    this.variants = variants;
  }
}
