/**
 * Reads the settings: binds records to HOCON, environment and flags, and reports every problem at
 * once. Which settings exist is said by the records themselves, each in the package that uses it.
 * Depends on {@code core} for the error codes.
 */
@NullMarked
package io.kapsel.config;

import org.jspecify.annotations.NullMarked;
