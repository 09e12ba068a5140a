/**
 * From a failing scenario to a small one that fails in the same way. Knows nothing of worlds: it is
 * told whether a candidate fails.
 */
@NullMarked
package io.kapsel.simulation.shrink;

import org.jspecify.annotations.NullMarked;
