package io.kapsel.http;

/**
 * What one connection and all of them together may cost.
 *
 * @param connectionsMax beyond it new connections wait in the operating system's queue
 * @param headerBytesMax the header section, without the request line
 * @param headerFieldsMax header lines
 * @param targetBytesMax the request target
 * @param bufferedBytesMax bodies held in memory on this node, over all connections
 * @param headMillisMax from the first byte of a request to the end of its head
 * @param bodyIdleMillisMax without any byte of an unfinished body
 * @param bodyMillisMax from the head to the end of the body
 * @param bodyBytesPerSecondMin on average, after {@code bodyIdleMillisMax}
 * @param idleMillisMax between two requests of a connection
 * @param answerMillisMax from the request to its response
 * @param writeMillisMax for a client to take a response
 * @param lingerMillisMax discarding input after a refusal, so that the sender can read it
 */
public record HttpLimits(
    int connectionsMax,
    int headerBytesMax,
    int headerFieldsMax,
    int targetBytesMax,
    long bufferedBytesMax,
    long headMillisMax,
    long bodyIdleMillisMax,
    long bodyMillisMax,
    int bodyBytesPerSecondMin,
    long idleMillisMax,
    long answerMillisMax,
    long writeMillisMax,
    long lingerMillisMax) {
  public static final HttpLimits DEFAULT =
      new HttpLimits(
          4_096,
          16_384,
          100,
          8_000,
          268_435_456,
          10_000,
          10_000,
          60_000,
          1_024,
          75_000,
          60_000,
          60_000,
          5_000);
}
