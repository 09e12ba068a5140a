package io.kapsel.deliver;

import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.webhook.Webhook;
import java.util.concurrent.CompletionStage;

/** The other side. Implementations: the HTTP client in production, the simulated destinations. */
public interface Destination {
  /**
   * @param allowPrivate whether this endpoint may reach private addresses
   */
  record Dispatch(
      String url,
      DeliverySettings settings,
      boolean allowPrivate,
      Webhook webhook,
      int attemptNumber) {}

  /** Never fails: every problem is an {@link Outcome}. Completes within the settings' timeout. */
  CompletionStage<Outcome> deliver(Dispatch dispatch);
}
