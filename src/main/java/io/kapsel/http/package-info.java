/**
 * HTTP/1.1 as Kapsel serves it: a strict reader of requests, the connection with its limits and
 * timeouts, responses and problem documents. Knows nothing about webhooks.
 *
 * <p>The invariant: a request reaches a {@link io.kapsel.http.Handler} only when it is framed
 * without any doubt (RFC 9112) and within the limits; everything else is answered here, and closes
 * the connection.
 */
@NullMarked
package io.kapsel.http;

import org.jspecify.annotations.NullMarked;
