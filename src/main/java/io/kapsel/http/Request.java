package io.kapsel.http;

import org.jspecify.annotations.Nullable;

/**
 * A complete request.
 *
 * @param body the bytes as received, without transfer coding; owned by the receiver
 * @param remoteAddress the peer's address, null when unknown
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; copying bodies would be felt
public record Request(RequestHead head, byte[] body, @Nullable String remoteAddress) {}
