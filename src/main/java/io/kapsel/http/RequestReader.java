package io.kapsel.http;

import io.kapsel.core.webhook.ErrorCode;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads the requests of one connection from its bytes, however they are cut. Strict where leniency
 * is how requests are smuggled (RFC 9112 §11.2): one way to write a line end, a length, a chunk.
 * Never throws for any input and never holds more than the limits allow.
 *
 * <p>After {@link Step.HeadRead} the owner calls {@link #readBody}; after {@link Step.Complete} the
 * next call of {@link #next} begins the next request; after {@link Step.Refused} the reader is
 * done.
 */
final class RequestReader {
  private static final int EMPTY_LINES_MAX = 2;
  private static final int METHOD_BYTES_MAX = 32;
  private static final int VERSION_BYTES_MAX = 200;
  private static final int CHUNK_LINE_BYTES_MAX = 256;
  private static final int CHUNK_SIZE_DIGITS_MAX = 8;
  private static final int BODY_BYTES_FIRST = 4_096;
  private static final byte[] NO_BYTES = {};

  /** What a state answers when it changed and there may be more to read. */
  private static final @Nullable Step GO_ON = null;

  /** A line feed without its carriage return, or the reverse. */
  private static final int BARE = -2;

  sealed interface Step {
    /** All bytes are used up and the request is not complete. */
    enum Waiting implements Step {
      MORE
    }

    record HeadRead(RequestHead head) implements Step {}

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Complete(RequestHead head, byte[] body) implements Step {}

    record Refused(Refusal refusal) implements Step {}
  }

  private enum At {
    REQUEST_LINE,
    FIELD_LINE,
    HEAD_READ,
    BODY,
    CHUNK_SIZE,
    CHUNK_DATA,
    CHUNK_END,
    TRAILER_LINE,
    REFUSED
  }

  private final HttpLimits limits;
  private byte[] bytes = NO_BYTES;
  private int position;
  private int limit;
  private int scanned;

  private At at = At.REQUEST_LINE;
  private int emptyLines;
  private HeadParser parser;
  private int headerBytes;
  private RequestHead head;
  private byte[] body = NO_BYTES;
  private int bodyLength;
  private long bodyBytesMax;
  private long chunkLeft;

  @SuppressWarnings("NullAway.Init") // head is there from HEAD_READ on
  RequestReader(HttpLimits limits) {
    this.limits = limits;
    this.parser = new HeadParser(limits);
  }

  /** Adds received bytes; the array is not written to and may be kept. */
  void feed(byte[] received) {
    if (position == limit) {
      bytes = received;
      position = 0;
      scanned = 0;
      limit = received.length;
    } else {
      int left = limit - position;
      byte[] joined = new byte[left + received.length];
      System.arraycopy(bytes, position, joined, 0, left);
      System.arraycopy(received, 0, joined, left, received.length);
      bytes = joined;
      limit = joined.length;
      scanned = Math.max(scanned - position, 0);
      position = 0;
    }
  }

  /** Whether a request has begun and is not complete. */
  boolean isInside() {
    return at != At.REQUEST_LINE || position < limit;
  }

  /** Whether there are bytes that were not read yet. */
  boolean hasMore() {
    return position < limit;
  }

  boolean isInBody() {
    return at.compareTo(At.HEAD_READ) > 0 && at != At.REFUSED;
  }

  /** Memory taken for the body of the request being read: more than has come, by its growth. */
  int bodyBytesHeld() {
    return body.length;
  }

  int bodyBytesReceived() {
    return bodyLength;
  }

  /** Lets the body of the request whose head was read come in, up to a limit. */
  void readBody(long bytesMax) {
    bodyBytesMax = bytesMax;
    at = head.bodyBytes() == RequestHead.CHUNKED ? At.CHUNK_SIZE : At.BODY;
  }

  /** Goes on with the next request; the one whose head was read has no body. */
  void skipRequest() {
    complete();
  }

  /** Lets go of what has come of a body that nobody will read. */
  void forgetBody() {
    body = NO_BYTES;
    bodyLength = 0;
    at = At.REFUSED;
  }

  /** What the end of the input means for an unfinished request. */
  Refusal endOfInput() {
    return isInBody()
        ? Refusal.of(ErrorCode.INCOMPLETE_BODY, "The connection ended before the body did.")
        : Refusal.malformed("The connection ended before the header section did.");
  }

  Step next() {
    while (true) {
      @Nullable Step step =
          switch (at) {
            case REQUEST_LINE -> requestLine();
            case FIELD_LINE -> fieldLine();
            case HEAD_READ, REFUSED -> Step.Waiting.MORE;
            case BODY -> fixedBody();
            case CHUNK_SIZE -> chunkSize();
            case CHUNK_DATA -> chunkData();
            case CHUNK_END -> chunkEnd();
            case TRAILER_LINE -> trailerLine();
          };
      if (step instanceof Step.Refused) {
        forgetBody();
      }
      if (step != null) return step;
    }
  }

  private @Nullable Step requestLine() {
    int end = lineEnd();
    if (end < 0) {
      int length = (end == BARE ? scanned : limit) - position;
      if (length > METHOD_BYTES_MAX + limits.targetBytesMax() + VERSION_BYTES_MAX) {
        return new Step.Refused(HeadParser.targetTooLong());
      }
      return end == BARE ? bareLineEnd() : Step.Waiting.MORE;
    }
    if (end == position && emptyLines++ < EMPTY_LINES_MAX) {
      consumeLine(end);
      return GO_ON;
    }
    @Nullable Refusal refusal = parser.requestLine(bytes, position, end);
    if (refusal != null) return new Step.Refused(refusal);
    consumeLine(end);
    at = At.FIELD_LINE;
    return GO_ON;
  }

  private @Nullable Step fieldLine() {
    int end = lineEnd();
    int length = (end < 0 ? limit : end + 2) - position;
    if (headerBytes + length - 2 > limits.headerBytesMax()) {
      return new Step.Refused(HeadParser.headersTooLarge(limits));
    }
    if (end == BARE) return bareLineEnd();
    if (end < 0) return Step.Waiting.MORE;
    if (end == position) {
      consumeLine(end);
      return headRead();
    }
    @Nullable Refusal refusal = parser.fieldLine(bytes, position, end);
    if (refusal != null) return new Step.Refused(refusal);
    headerBytes += length;
    consumeLine(end);
    return GO_ON;
  }

  private Step headRead() {
    @Nullable Refusal refusal = parser.finish();
    if (refusal != null) return new Step.Refused(refusal);
    head = parser.head();
    at = At.HEAD_READ;
    return new Step.HeadRead(head);
  }

  private Step fixedBody() {
    int wanted = (int) head.bodyBytes() - bodyLength;
    take(Math.min(wanted, limit - position));
    return bodyLength == head.bodyBytes() ? complete() : Step.Waiting.MORE;
  }

  private @Nullable Step chunkSize() {
    int end = lineEnd();
    int length = (end < 0 ? limit : end) - position;
    if (length > CHUNK_LINE_BYTES_MAX) return malformedChunk();
    if (end == BARE) return bareLineEnd();
    if (end < 0) return Step.Waiting.MORE;
    int digits = 0;
    long size = 0;
    while (position + digits < end && Octets.hexValue(bytes[position + digits]) >= 0) {
      size = size * 16 + Octets.hexValue(bytes[position + digits++]);
      if (digits > CHUNK_SIZE_DIGITS_MAX) return malformedChunk();
    }
    boolean extended = position + digits < end;
    if (digits == 0 || (extended && bytes[position + digits] != ';')) return malformedChunk();
    if (!Octets.isFieldValue(bytes, position + digits, end)) return malformedChunk();
    if (bodyLength + size > bodyBytesMax) {
      return new Step.Refused(payloadTooLarge(bodyBytesMax));
    }
    consumeLine(end);
    chunkLeft = size;
    at = size == 0 ? At.TRAILER_LINE : At.CHUNK_DATA;
    return GO_ON;
  }

  private @Nullable Step chunkData() {
    int taken = (int) Math.min(chunkLeft, limit - position);
    take(taken);
    chunkLeft -= taken;
    if (chunkLeft > 0) return Step.Waiting.MORE;
    at = At.CHUNK_END;
    return GO_ON;
  }

  private @Nullable Step chunkEnd() {
    if (position < limit && bytes[position] != '\r') return malformedChunk();
    if (limit - position < 2) return Step.Waiting.MORE;
    if (bytes[position + 1] != '\n') return malformedChunk();
    consumeLine(position);
    at = At.CHUNK_SIZE;
    return GO_ON;
  }

  /** Trailer fields are checked and dropped: nothing here may change what was already decided. */
  private @Nullable Step trailerLine() {
    int end = lineEnd();
    int length = (end < 0 ? limit : end + 2) - position;
    if (headerBytes + length - 2 > limits.headerBytesMax()) {
      return new Step.Refused(HeadParser.headersTooLarge(limits));
    }
    if (end == BARE) return bareLineEnd();
    if (end < 0) return Step.Waiting.MORE;
    if (end == position) {
      consumeLine(end);
      return complete();
    }
    @Nullable Refusal refusal = parser.trailerLine(bytes, position, end);
    if (refusal != null) return new Step.Refused(refusal);
    headerBytes += length;
    consumeLine(end);
    return GO_ON;
  }

  private Step.Complete complete() {
    byte[] whole = body.length == bodyLength ? body : Arrays.copyOf(body, bodyLength);
    var complete = new Step.Complete(head, whole);
    at = At.REQUEST_LINE;
    parser = new HeadParser(limits);
    emptyLines = 0;
    headerBytes = 0;
    body = NO_BYTES;
    bodyLength = 0;
    return complete;
  }

  private void take(int count) {
    if (body.length - bodyLength < count) {
      long doubled =
          Math.max(Math.max(BODY_BYTES_FIRST, 2L * body.length), (long) bodyLength + count);
      long most = head.bodyBytes() == RequestHead.CHUNKED ? bodyBytesMax : head.bodyBytes();
      body = Arrays.copyOf(body, (int) Math.min(doubled, most));
    }
    System.arraycopy(bytes, position, body, bodyLength, count);
    bodyLength += count;
    position += count;
    scanned = position;
  }

  /** Where the current line's CRLF begins; -1 when it has not come yet. */
  private int lineEnd() {
    for (int i = scanned; i < limit; i++) {
      byte b = bytes[i];
      if (b == '\n') {
        scanned = i;
        return BARE;
      }
      if (b == '\r') {
        scanned = i;
        if (i + 1 == limit) return -1;
        return bytes[i + 1] == '\n' ? i : BARE;
      }
    }
    scanned = limit;
    return -1;
  }

  private void consumeLine(int end) {
    position = end + 2;
    scanned = position;
  }

  private static Step bareLineEnd() {
    return new Step.Refused(Refusal.malformed("A line must end with CR LF and contain neither."));
  }

  private static Step malformedChunk() {
    return new Step.Refused(Refusal.malformed("The chunked framing is broken."));
  }

  static Refusal payloadTooLarge(long bytesMax) {
    return Refusal.of(
        ErrorCode.PAYLOAD_TOO_LARGE, "The body may have at most " + bytesMax + " bytes.");
  }
}
