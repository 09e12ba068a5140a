/**
 * The simulated database server: it outlives every node, keeps bytes only, and fails in the ways a
 * real one does. Behind the same plug points and ports as PostgreSQL in production.
 */
@NullMarked
package io.kapsel.simulation.storage;

import org.jspecify.annotations.NullMarked;
