package io.kapsel.storage;

/**
 * @param writers threads, each with a connection of its own
 * @param batchItemsMax taken at once
 * @param batchBytesMax taken at once; a single larger item goes alone
 * @param queuedItemsMax further ones are refused; with the throughput this bounds the waiting time
 * @param queuedBytesMax further ones are refused
 * @param gatherMicros under load, batches of one writer start at least this far apart: fewer,
 *     fuller ones cost less; a lone item never waits
 */
public record BatchLaneSettings(
    int writers,
    int batchItemsMax,
    long batchBytesMax,
    int queuedItemsMax,
    long queuedBytesMax,
    long gatherMicros) {}
