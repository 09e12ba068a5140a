/**
 * Planted bugs: what proves that the invariants see anything. Each replaces a port, the serialiser,
 * the journal's plug-in, or the call of a pure function in the endpoint's actor; production code
 * knows nothing of them.
 */
@NullMarked
package io.kapsel.simulation.mutant;

import org.jspecify.annotations.NullMarked;
