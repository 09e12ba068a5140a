/**
 * PostgreSQL (and Redis): the ports the rest of Kapsel sees and their production implementations,
 * migrations, batch writers and queries. No webhook rules live here.
 */
@NullMarked
package io.kapsel.storage;

import org.jspecify.annotations.NullMarked;
