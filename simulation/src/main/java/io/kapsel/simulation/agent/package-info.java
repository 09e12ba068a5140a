/**
 * The java agent: redirects the few call sites of Akka, Scala and Kapsel that configuration cannot
 * reach (time, randomness, blocking, threads) to {@code io.kapsel.simulation.world.Hooks}. No JDK
 * class is touched. Packed as a jar of its own; needs nothing but ASM.
 */
@NullMarked
package io.kapsel.simulation.agent;

import org.jspecify.annotations.NullMarked;
