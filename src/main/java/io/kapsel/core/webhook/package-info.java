/**
 * What a webhook is and the rules at the door: identifiers, signature verification and signing,
 * idempotency keys, rejections. Pure: depends on java.base alone (and on one JSONPath library),
 * reads no clock, no randomness, no thread.
 */
@NullMarked
package io.kapsel.core.webhook;

import org.jspecify.annotations.NullMarked;
