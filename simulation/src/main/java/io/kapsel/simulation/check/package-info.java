/** The invariants: one class for each promise, fed by observations alone. */
@NullMarked
package io.kapsel.simulation.check;

import org.jspecify.annotations.NullMarked;
