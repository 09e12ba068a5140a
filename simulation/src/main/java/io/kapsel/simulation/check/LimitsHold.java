package io.kapsel.simulation.check;

import io.kapsel.core.limit.Lease;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Violation.Severity;
import java.util.Locale;
import java.util.TreeMap;

/**
 * S14: what the cluster admits for an account stays within its burst and rate, as docs/adr/0009
 * bounds them: two lives of a lease more, and a node's share of a burst each time that node begins,
 * falls back on its share, or returns from it.
 */
final class LimitsHold implements Invariant {
  private static final double NANOS_PER_SECOND = 1e9;

  /** Rounding of fractions of tokens, one for each end. */
  private static final double SLACK = 2;

  private static final class Account {
    double level;
    long atNanos;
  }

  private final Findings findings;
  private final int nodes;
  private final TreeMap<String, Account> accounts = new TreeMap<>();
  private int changes;

  LimitsHold(Findings findings, Options options) {
    this.findings = findings;
    this.nodes = options.count(Option.NODES);
  }

  @Override
  public void saw(int index, Observation observation) {
    switch (observation) {
      case Observation.NodeBooted booted -> changes++;
      case Observation.LimitsShared shared -> changes++;
      case Observation.Admitted admitted -> admitted(index, admitted);
      default -> {}
    }
  }

  private void admitted(int index, Observation.Admitted admitted) {
    Account account = accounts.computeIfAbsent(admitted.account(), name -> new Account());
    double seconds = (admitted.atNanos() - account.atNanos) / NANOS_PER_SECOND;
    account.level = Math.max(0, account.level - seconds * admitted.perSecond()) + 1;
    account.atNanos = admitted.atNanos();
    double share = Math.max(1, (double) admitted.burst() / nodes);
    double late = 2 * Lease.LIFE_NANOS / NANOS_PER_SECOND * admitted.perSecond();
    double most = admitted.burst() + late + changes * share + SLACK;
    if (account.level > most)
      findings.broken(
          "S14",
          Severity.SAFETY,
          "",
          "",
          String.format(
              Locale.ROOT,
              "%s had %.0f webhooks admitted above its rate, where %.0f may be.",
              admitted.account(),
              account.level,
              most),
          index);
  }
}
