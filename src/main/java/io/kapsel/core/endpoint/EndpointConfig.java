package io.kapsel.core.endpoint;

import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.IntakeSettings;
import io.kapsel.core.webhook.SignatureSettings;
import java.util.List;

/** Everything a tenant configures about an endpoint. Belongs to the endpoint's journal. */
public record EndpointConfig(
    String name,
    String url,
    IntakeSettings intake,
    SignatureSettings signature,
    IdempotencySettings idempotency,
    RetryPolicy retry,
    CircuitPolicy circuit,
    DeliverySettings delivery,
    boolean allowPrivateDestination) {

  /** Takes whatever is sent. */
  public EndpointConfig(
      String name,
      String url,
      SignatureSettings signature,
      IdempotencySettings idempotency,
      RetryPolicy retry,
      CircuitPolicy circuit,
      DeliverySettings delivery,
      boolean allowPrivateDestination) {
    this(
        name,
        url,
        IntakeSettings.DEFAULT,
        signature,
        idempotency,
        retry,
        circuit,
        delivery,
        allowPrivateDestination);
  }

  public EndpointConfig withIntake(IntakeSettings newIntake) {
    return new EndpointConfig(
        name,
        url,
        newIntake,
        signature,
        idempotency,
        retry,
        circuit,
        delivery,
        allowPrivateDestination);
  }

  /** What may leave the journal. */
  public EndpointConfig withoutSecrets() {
    return new EndpointConfig(
        name,
        url,
        intake,
        signature.withSecrets(List.of()),
        idempotency,
        retry,
        circuit,
        delivery.withoutSecrets(),
        allowPrivateDestination);
  }

  public EndpointConfig withSigningSecrets(List<DeliverySettings.SigningSecret> secrets) {
    return withDelivery(delivery.withSigningSecrets(secrets));
  }

  public EndpointConfig withDelivery(DeliverySettings to) {
    return new EndpointConfig(
        name, url, intake, signature, idempotency, retry, circuit, to, allowPrivateDestination);
  }
}
