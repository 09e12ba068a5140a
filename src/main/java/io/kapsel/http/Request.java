package io.kapsel.http;

/**
 * A complete request.
 *
 * @param body the bytes as received, without transfer coding; owned by the receiver
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; copying bodies would be felt
public record Request(RequestHead head, byte[] body) {}
