/**
 * The management API, keys and tenants, health and metrics over HTTP. May depend on {@code core},
 * {@code json}, {@code http}, {@code endpoint} and {@code storage}.
 *
 * <p>The invariant: whatever belongs to another tenant looks exactly as if it did not exist.
 */
@NullMarked
package io.kapsel.manage;

import org.jspecify.annotations.NullMarked;
