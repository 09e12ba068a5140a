package io.kapsel.core.endpoint;

import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import org.pcollections.TreePMap;

/**
 * All that an endpoint must remember, immutable. What is in flight is not part of it: an attempt is
 * not journaled before it is sent (docs/adr/0004), so after a crash it is simply due again.
 *
 * @param version rises with every change of configuration or status
 * @param statusReason why it is disabled, empty otherwise
 * @param nextSequence the sequence of the next accepted webhook
 * @param outbox outcomes by batch number that history has not confirmed
 * @param nextBatch the number of the next batch of outcomes
 */
public record State(
    TenantId tenant,
    EndpointConfig config,
    Status status,
    String statusReason,
    long version,
    long createdAtMillis,
    long updatedAtMillis,
    long nextSequence,
    Backlog backlog,
    KeyWindow window,
    Circuit circuit,
    TreePMap<Long, Endpoint.AttemptsEnded> outbox,
    long nextBatch) {

  boolean owns(WebhookId id) {
    return backlog.contains(id)
        || outbox.values().stream()
            .flatMap(batch -> batch.ended().stream())
            .anyMatch(ended -> ended.attempt().webhook().equals(id));
  }

  /** How many batches of outcomes are still to be confirmed by history. */
  long unconfirmed(long confirmedBatch) {
    return outbox.isEmpty() ? 0 : nextBatch - Math.max(outbox.firstKey(), confirmedBatch + 1);
  }

  /** Attempts at the same time by configuration, before the circuit has its say. */
  int maxInFlight() {
    return config.delivery().ordering() == DeliverySettings.Ordering.FIFO
        ? 1
        : config.delivery().maxInFlight();
  }

  /** The same state with what had been left out of its configuration to store it. */
  public State completed(EndpointConfig whole) {
    return configured(whole, status, statusReason, version, updatedAtMillis, backlog);
  }

  State withConfig(EndpointConfig to, long atMillis) {
    Backlog ordered = backlog.ordered(to.delivery().ordering());
    return configured(to, status, statusReason, version + 1, atMillis, ordered);
  }

  State withStatus(Status to, String reason, long atMillis) {
    return configured(config, to, reason, version + 1, atMillis, backlog);
  }

  State withBacklog(Backlog to, long sequence) {
    return working(sequence, to, window, circuit, outbox, nextBatch);
  }

  State withWindow(KeyWindow to) {
    return working(nextSequence, backlog, to, circuit, outbox, nextBatch);
  }

  State withCircuit(Circuit to) {
    return working(nextSequence, backlog, window, to, outbox, nextBatch);
  }

  State withOutbox(TreePMap<Long, Endpoint.AttemptsEnded> to, long batch) {
    return working(nextSequence, backlog, window, circuit, to, batch);
  }

  private State configured(
      EndpointConfig config,
      Status status,
      String statusReason,
      long version,
      long updatedAtMillis,
      Backlog backlog) {
    return new State(
        tenant,
        config,
        status,
        statusReason,
        version,
        createdAtMillis,
        updatedAtMillis,
        nextSequence,
        backlog,
        window,
        circuit,
        outbox,
        nextBatch);
  }

  private State working(
      long nextSequence,
      Backlog backlog,
      KeyWindow window,
      Circuit circuit,
      TreePMap<Long, Endpoint.AttemptsEnded> outbox,
      long nextBatch) {
    return new State(
        tenant,
        config,
        status,
        statusReason,
        version,
        createdAtMillis,
        updatedAtMillis,
        nextSequence,
        backlog,
        window,
        circuit,
        outbox,
        nextBatch);
  }
}
