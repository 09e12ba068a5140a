/**
 * Limits as arithmetic: how a token bucket fills and empties, and how nodes lease from a shared
 * one. Time comes in as nanoseconds of a clock that need not be the time of day; nothing here holds
 * state that changes.
 */
@NullMarked
package io.kapsel.core.limit;

import org.jspecify.annotations.NullMarked;
