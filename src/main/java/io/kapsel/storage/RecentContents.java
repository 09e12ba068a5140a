package io.kapsel.storage;

import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;

/**
 * Contents between being stored and being fetched for their first attempt, bounded by bytes. The
 * oldest go first: they belong to backlogs, while what flows is fetched within milliseconds. (A
 * frequency-based cache does the opposite here: each content is read once, so it would keep the
 * backlog and refuse the newcomers.) A fetched content leaves, so that it dies young in the heap.
 */
final class RecentContents {
  private static final int OVERHEAD_BYTES = 400;
  private static final int HEADER_OVERHEAD_BYTES = 130;

  private final long bytesMax;
  private final LinkedHashMap<WebhookId, Webhook> contents = new LinkedHashMap<>();
  private long bytes;

  RecentContents(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  synchronized void put(Webhook webhook) {
    long size = bytesOf(webhook);
    if (size > bytesMax) return;
    Webhook replaced = contents.put(webhook.id(), webhook);
    bytes += size - (replaced == null ? 0 : bytesOf(replaced));
    Iterator<Webhook> oldest = contents.values().iterator();
    while (bytes > bytesMax) {
      bytes -= bytesOf(oldest.next());
      oldest.remove();
    }
  }

  /** Moves what is here to {@code found} and the other ids to {@code missing}. */
  synchronized void take(
      List<WebhookId> ids, Collection<Webhook> found, Collection<WebhookId> missing) {
    for (WebhookId id : ids) {
      Webhook webhook = contents.remove(id);
      if (webhook == null) {
        missing.add(id);
      } else {
        bytes -= bytesOf(webhook);
        found.add(webhook);
      }
    }
  }

  synchronized void remove(List<WebhookId> ids) {
    for (WebhookId id : ids) {
      Webhook webhook = contents.remove(id);
      if (webhook != null) bytes -= bytesOf(webhook);
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
