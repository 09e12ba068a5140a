package io.kapsel.storage;

/**
 * @param daysAhead created before they are needed
 * @param retentionDays after which a day with all its webhooks is dropped, 0 to keep everything
 */
public record PartitionSettings(int daysAhead, int retentionDays) {
  public static final PartitionSettings DEFAULT = new PartitionSettings(3, 30);
}
