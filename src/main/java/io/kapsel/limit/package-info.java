/**
 * Who may send how much: token buckets of tenants and endpoints, in this node's memory or leased
 * from a bank that the cluster shares. Decides by the clock it is given and starts no thread, so
 * that the simulator runs it as it is. May depend on {@code core} and the tenants' limits of {@code
 * storage}.
 */
@NullMarked
package io.kapsel.limit;

import org.jspecify.annotations.NullMarked;
