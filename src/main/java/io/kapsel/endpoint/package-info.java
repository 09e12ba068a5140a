/**
 * The endpoint actor: the shell around the pure decider of {@code core.endpoint}, its sharding,
 * serialisation and passivation, and the JSON form of an endpoint's configuration. May depend on
 * {@code core}, {@code json} and the ports of {@code deliver} and {@code storage}.
 */
@NullMarked
package io.kapsel.endpoint;

import org.jspecify.annotations.NullMarked;
