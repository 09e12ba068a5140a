/**
 * Production's wiring with simulated ports, and those who use the service: senders, operators,
 * destinations. What happens at the ports goes to the {@link
 * io.kapsel.simulation.service.Recorder}.
 */
@NullMarked
package io.kapsel.simulation.service;

import org.jspecify.annotations.NullMarked;
