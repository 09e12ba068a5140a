package io.kapsel.simulation.service;

import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.core.webhook.WebhookId;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The tables of attempts and outcomes, with the rules of their upserts. */
final class HistoryRows {
  private final TreeMap<WebhookId, TreeMap<Integer, Ended>> attempts = new TreeMap<>();
  private final TreeMap<WebhookId, Ended> outcomes = new TreeMap<>();
  private final TreeMap<WebhookId, String> owners = new TreeMap<>();

  /** Whether this line is new. An outcome is replaced only by that of a later attempt. */
  boolean record(String endpoint, Ended ended) {
    WebhookId id = ended.attempt().webhook();
    owners.put(id, endpoint);
    boolean isNew =
        attempts
                .computeIfAbsent(id, webhook -> new TreeMap<>())
                .putIfAbsent(ended.attempt().number(), ended)
            == null;
    Ended before = outcomes.get(id);
    if (before == null || before.attempt().number() < ended.attempt().number())
      outcomes.put(id, ended);
    return isNew;
  }

  boolean knows(WebhookId id) {
    return outcomes.containsKey(id);
  }

  /** Webhooks of an endpoint that ended without being delivered, or have not ended. */
  List<WebhookId> failed(String endpoint) {
    List<WebhookId> failed = new ArrayList<>();
    outcomes.forEach(
        (id, ended) -> {
          if (ended.verdict() != Verdict.DELIVERED && endpoint.equals(owners.get(id)))
            failed.add(id);
        });
    return failed;
  }

  @Nullable Ended outcome(WebhookId id) {
    return outcomes.get(id);
  }
}
