/**
 * Secrets at rest: AES-256-GCM under keys that live outside the database. Depends on {@code core}
 * only. Nothing here reads ambient randomness: who makes a {@link io.kapsel.secrets.Vault} brings
 * the generator, so that the simulator stays deterministic.
 */
@org.jspecify.annotations.NullMarked
package io.kapsel.secrets;
