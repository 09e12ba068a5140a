/**
 * The tools beside the service: a sink that receives webhooks and can misbehave, and a sender of
 * samples. Depends on {@code core} for signatures; knows the service only by its HTTP interface.
 */
@NullMarked
package io.kapsel.cli;

import org.jspecify.annotations.NullMarked;
