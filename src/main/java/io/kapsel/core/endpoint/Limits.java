package io.kapsel.core.endpoint;

/**
 * The operator's bounds on every endpoint.
 *
 * @param queueMax pending webhooks per endpoint; past it the sender gets 503
 * @param windowMillis how long an idempotency key is remembered
 * @param windowKeysMax how many keys are remembered; past it the oldest are forgotten early
 * @param offerAgeMillisMax an offer older than this is refused: its sender has been answered
 *     already
 * @param attemptGraceMillis how long past its timeout an attempt may stay unanswered before it
 *     counts as lost
 * @param outboxBatchesMax outcome batches that history has not confirmed before no new attempt
 *     starts
 * @param rotationOverlapMillis how long a rotated signing secret keeps signing
 * @param windowSegmentKeys keys that are frozen into a segment, which is forgotten as a whole
 */
public record Limits(
    int queueMax,
    long windowMillis,
    int windowKeysMax,
    long offerAgeMillisMax,
    long attemptGraceMillis,
    int outboxBatchesMax,
    long rotationOverlapMillis,
    int windowSegmentKeys) {
  public static final Limits DEFAULT =
      new Limits(
          100_000,
          86_400_000L,
          1_000_000,
          60_000L,
          60_000L,
          1_000,
          86_400_000L,
          KeyWindow.SEGMENT_KEYS);

  public Limits withWindowKeysMax(int keys) {
    return new Limits(
        queueMax,
        windowMillis,
        keys,
        offerAgeMillisMax,
        attemptGraceMillis,
        outboxBatchesMax,
        rotationOverlapMillis,
        windowSegmentKeys);
  }
}
