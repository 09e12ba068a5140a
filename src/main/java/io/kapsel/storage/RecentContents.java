package io.kapsel.storage;

import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Contents between being stored and being fetched for their first attempt, bounded by bytes and by
 * age: erasure reaches the table and no node's memory, so this must not remember for long. The
 * oldest go first: they belong to backlogs, while what flows is fetched within milliseconds. (A
 * frequency-based cache does the opposite here: each content is read once, so it would keep the
 * backlog and refuse the newcomers.) A fetched content leaves, so that it dies young in the heap.
 */
final class RecentContents {
  private static final int OVERHEAD_BYTES = 400;
  private static final int HEADER_OVERHEAD_BYTES = 130;

  private record Entry(Webhook webhook, long bytes, long putAtNanos) {}

  private final long bytesMax;
  private final long ageNanosMax;
  private final LongSupplier nanoClock;
  private final LinkedHashMap<WebhookId, Entry> contents = new LinkedHashMap<>();
  private long bytes;

  RecentContents(long bytesMax, long ageNanosMax, LongSupplier nanoClock) {
    this.bytesMax = bytesMax;
    this.ageNanosMax = ageNanosMax;
    this.nanoClock = nanoClock;
  }

  synchronized void put(Webhook webhook) {
    long size = bytesOf(webhook);
    long now = nanoClock.getAsLong();
    if (size > bytesMax) return;
    Entry replaced = contents.putLast(webhook.id(), new Entry(webhook, size, now));
    bytes += size - (replaced == null ? 0 : replaced.bytes);
    Iterator<Entry> oldestFirst = contents.values().iterator();
    while (oldestFirst.hasNext()) {
      Entry oldest = oldestFirst.next();
      if (bytes <= bytesMax && !isOld(oldest, now)) break;
      bytes -= oldest.bytes;
      oldestFirst.remove();
    }
  }

  private boolean isOld(Entry entry, long nowNanos) {
    return nowNanos - entry.putAtNanos > ageNanosMax;
  }

  /** Moves what is here to {@code found} and the other ids to {@code missing}. */
  synchronized void take(
      List<WebhookId> ids, Collection<Webhook> found, Collection<WebhookId> missing) {
    long now = nanoClock.getAsLong();
    for (WebhookId id : ids) {
      Entry entry = contents.remove(id);
      if (entry != null) bytes -= entry.bytes;
      if (entry == null || isOld(entry, now)) missing.add(id);
      else found.add(entry.webhook);
    }
  }

  synchronized void remove(List<WebhookId> ids) {
    for (WebhookId id : ids) {
      Entry entry = contents.remove(id);
      if (entry != null) bytes -= entry.bytes;
    }
  }

  synchronized long bytes() {
    return bytes;
  }

  static long bytesOf(Webhook webhook) {
    return OVERHEAD_BYTES
        + webhook.body().length()
        + HeaderLines.length(webhook.headers())
        + (long) HEADER_OVERHEAD_BYTES * webhook.headers().size();
  }
}
