/**
 * Token buckets in Redis, for limits that hold for the whole cluster. Everything of the client
 * library is in here, and only loaded where {@code kapsel.redis.url} is set. May depend on {@code
 * core} and the ports of {@code limit}.
 */
@NullMarked
package io.kapsel.redis;

import org.jspecify.annotations.NullMarked;
