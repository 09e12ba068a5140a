/**
 * HTTP out: signing, the SSRF guard, timeouts, outcome mapping, and the node-wide limit of
 * concurrent deliveries with fair sharing between endpoints. May depend on {@code core} and on the
 * storage port for contents.
 */
@NullMarked
package io.kapsel.deliver;

import org.jspecify.annotations.NullMarked;
