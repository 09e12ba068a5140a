/**
 * A run to look at: pages that need nothing but a browser, with their data inside. What is drawn is
 * computed here from the data of a run; how it is drawn is in the pages' scripts.
 */
@NullMarked
package io.kapsel.simulation.picture;

import org.jspecify.annotations.NullMarked;
