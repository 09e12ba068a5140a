/** The simulated network: bytes between nodes, in order on a stream unless a connection breaks. */
@NullMarked
package io.kapsel.simulation.network;

import org.jspecify.annotations.NullMarked;
