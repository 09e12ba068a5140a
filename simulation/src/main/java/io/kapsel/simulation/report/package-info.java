/**
 * What a run came to, in words and in files: the six lines of a failure, the life of one webhook,
 * the scenario file. Depends on the data of a run alone, never on a world.
 */
@NullMarked
package io.kapsel.simulation.report;

import org.jspecify.annotations.NullMarked;
