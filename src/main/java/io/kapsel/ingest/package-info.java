/**
 * HTTP in: limits, verification, storing the content, offering it to the endpoint's actor, and only
 * then the acknowledgement. May depend on {@code core}, {@code endpoint} and {@code storage}.
 */
@NullMarked
package io.kapsel.ingest;

import org.jspecify.annotations.NullMarked;
