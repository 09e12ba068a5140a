package io.kapsel.core.endpoint;

import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.SignatureSettings;
import java.util.List;

/** Everything a tenant configures about an endpoint. Belongs to the endpoint's journal. */
public record EndpointConfig(
    String name,
    String url,
    SignatureSettings signature,
    IdempotencySettings idempotency,
    RetryPolicy retry,
    CircuitPolicy circuit,
    DeliverySettings delivery,
    boolean allowPrivateDestination) {

  /** What may leave the journal. */
  public EndpointConfig withoutSecrets() {
    return new EndpointConfig(
        name,
        url,
        signature.withSecrets(List.of()),
        idempotency,
        retry,
        circuit,
        delivery.withSigningSecrets(List.of()),
        allowPrivateDestination);
  }

  EndpointConfig withSigningSecrets(List<DeliverySettings.SigningSecret> secrets) {
    return new EndpointConfig(
        name,
        url,
        signature,
        idempotency,
        retry,
        circuit,
        delivery.withSigningSecrets(secrets),
        allowPrivateDestination);
  }
}
