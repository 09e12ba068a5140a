package io.kapsel.storage;

/**
 * @param writing group commit of contents
 * @param reading gathering of fetches and removals; its items are requests, not webhooks
 * @param cacheBytesMax contents kept in memory between being stored and being fetched
 * @param cacheMillisMax and no longer: what is erased may still be sent for so long. What flows is
 *     fetched within milliseconds; what waits longer outlives several collections, and each has to
 *     walk it from one entry to the next
 * @param inlineBodyBytesMax larger bodies are read one by one
 */
public record ContentStoreSettings(
    BatchLaneSettings writing,
    BatchLaneSettings reading,
    long cacheBytesMax,
    int cacheMillisMax,
    int inlineBodyBytesMax) {

  private static final long MIB = 1L << 20;

  public static final ContentStoreSettings DEFAULT =
      new ContentStoreSettings(
          new BatchLaneSettings(1, 512, 4 * MIB, 4_096, 128 * MIB, 2_000, 2_000),
          new BatchLaneSettings(1, 64, Long.MAX_VALUE, 10_000, Long.MAX_VALUE, 500, 10_000),
          64 * MIB,
          500,
          64 << 10);
}
