/**
 * JSON as strangers send it: a strict reader for untrusted text, and reading of fields that
 * collects every problem instead of stopping at the first. Depends on {@code core.webhook} for the
 * codes.
 */
@NullMarked
package io.kapsel.json;

import org.jspecify.annotations.NullMarked;
