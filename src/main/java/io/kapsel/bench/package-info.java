/**
 * {@code kapsel bench}: measures a Kapsel that runs in a process of its own. May use core. Requests
 * are meant to start by the clock, never by the answers before, and every latency counts from when
 * its request was meant to start; so a service that stalls cannot hide it. What was acknowledged is
 * compared with what arrived and with what history says.
 */
@NullMarked
package io.kapsel.bench;

import org.jspecify.annotations.NullMarked;
