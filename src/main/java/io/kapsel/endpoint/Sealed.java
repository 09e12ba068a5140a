package io.kapsel.endpoint;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.State;
import io.kapsel.core.webhook.EndpointId;

/**
 * An event or a state on its way to or from the journal, with its configuration in sealed form. The
 * serialiser knows neither the endpoint nor, when it reads, what was sealed: both are the matter of
 * the endpoint's {@link SealAdapters}.
 *
 * @param subject complete when it is written; without anything confidential when it was read
 * @param config as {@link ConfigSeal} writes it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Sealed(Object subject, byte[] config) {
  static Sealed of(Object subject, ConfigSeal seal, EndpointId id) {
    return new Sealed(subject, seal.write(configOf(subject), id));
  }

  private static EndpointConfig configOf(Object subject) {
    return switch (subject) {
      case Endpoint.Created created -> created.config();
      case Endpoint.Configured configured -> configured.config();
      case State state -> state.config();
      default -> throw new IllegalArgumentException("Has no configuration: " + subject.getClass());
    };
  }
}
