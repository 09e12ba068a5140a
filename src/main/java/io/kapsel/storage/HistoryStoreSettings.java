package io.kapsel.storage;

/**
 * @param writing batches of records; an item of the lane is what one endpoint hands over at once
 */
public record HistoryStoreSettings(BatchLaneSettings writing) {
  private static final long MIB = 1L << 20;

  public static final HistoryStoreSettings DEFAULT =
      new HistoryStoreSettings(new BatchLaneSettings(1, 512, MIB, 20_000, 64 * MIB, 5_000, 10_000));
}
