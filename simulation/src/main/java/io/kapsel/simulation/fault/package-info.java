/** Draws plans and makes them happen. */
@NullMarked
package io.kapsel.simulation.fault;

import org.jspecify.annotations.NullMarked;
