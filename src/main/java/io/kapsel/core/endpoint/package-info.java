/**
 * The endpoint as a pure decider: the whole life of a webhook from acceptance to its final state.
 * Depends on {@code core.webhook} and one persistent-collections library; reads no clock, no
 * randomness, no thread.
 */
@NullMarked
package io.kapsel.core.endpoint;

import org.jspecify.annotations.NullMarked;
