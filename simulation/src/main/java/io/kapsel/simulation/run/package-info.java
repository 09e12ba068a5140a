/** Plays a scenario: {@link io.kapsel.simulation.run.Run#play} is all there is to call. */
@NullMarked
package io.kapsel.simulation.run;

import org.jspecify.annotations.NullMarked;
