package io.kapsel.storage;

/**
 * @param writers threads, each with a connection of its own
 * @param batchItemsMax taken at once
 * @param batchBytesMax taken at once; a single larger item goes alone
 * @param queuedItemsMax further ones are refused; with the throughput this bounds the waiting time
 * @param queuedBytesMax further ones are refused
 * @param gatherMicros under load, batches of one writer start at least this far apart: fewer,
 *     fuller ones cost less; a lone item never waits
 * @param answerTimeoutMillis after which work in the hands of a database that does not answer
 *     fails; large batches get more, see {@link #SLOWEST_BYTES_PER_SECOND}
 */
public record BatchLaneSettings(
    int writers,
    int batchItemsMax,
    long batchBytesMax,
    int queuedItemsMax,
    long queuedBytesMax,
    long gatherMicros,
    int answerTimeoutMillis) {

  /** A database that takes at least this much is slow but answers. */
  static final long SLOWEST_BYTES_PER_SECOND = 1 << 20;
}
