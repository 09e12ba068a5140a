/**
 * {@code kapsel simulate}: campaigns over many seeds in several JVMs, and the tools for one seed.
 * Outside every world: real time and threads are allowed here.
 */
@NullMarked
package io.kapsel.simulation.cli;

import org.jspecify.annotations.NullMarked;
