/**
 * The simulated world: one thread, one virtual clock, one set of runnable tasks. Everything that
 * Akka or Kapsel would do on threads, timers or sockets becomes a task or a timer here. Nothing in
 * this package knows about webhooks.
 */
@NullMarked
package io.kapsel.simulation.world;

import org.jspecify.annotations.NullMarked;
