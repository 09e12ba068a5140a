/**
 * The actors of one node, wired. The same wiring runs in production and in the simulator; only the
 * ports differ.
 */
@NullMarked
package io.kapsel.node;

import org.jspecify.annotations.NullMarked;
