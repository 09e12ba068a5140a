package io.kapsel;

import akka.actor.Cancellable;
import akka.actor.typed.ActorSystem;
import akka.cluster.typed.Cluster;
import io.kapsel.core.limit.Allowance;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.limit.IngestGate;
import io.kapsel.limit.LocalMeters;
import io.kapsel.limit.Meters;
import io.kapsel.limit.SharedMeters;
import io.kapsel.limit.TenantTerms;
import io.kapsel.limit.TokenBank.Trouble;
import io.kapsel.metrics.LimitMetrics;
import io.kapsel.redis.RedisBank;
import io.kapsel.storage.Database;
import io.kapsel.storage.QuotaUse;
import io.kapsel.storage.Tenants;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The limits of one node, with Redis where it is configured. */
final class ClusterLimits implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ClusterLimits.class);
  private static final Duration TICK = Duration.ofMillis(250);
  private static final double WHOLE_PERCENT = 100;

  private final ActorSystem<?> system;
  private final Deque<Runnable> closing = new ArrayDeque<>();
  private final TenantTerms terms;
  private final IngestGate gate;
  private volatile double share = 1;

  ClusterLimits(Settings settings, ActorSystem<?> system, Database database, LimitMetrics metrics) {
    this.system = system;
    Settings.Limits limits = settings.limits();
    if (limits.localSharePercent() > 0) share = limits.localSharePercent() / WHOLE_PERCENT;
    else every(TICK, () -> share = 1.0 / nodes());
    var local = new LocalMeters(System::nanoTime, () -> share);
    Meters meters =
        settings.redis().url().value().isEmpty() ? local : shared(settings.redis(), local, metrics);
    terms =
        new TenantTerms(
            new Tenants(database)::limits,
            new QuotaUse(database)::draw,
            meters,
            new TenantTerms.Usual(
                Allowance.of(limits.ingestRatePerSecond(), limits.ingestBurst()),
                limits.deliveryConcurrency()),
            System::nanoTime,
            limits.bucketsMax());
    gate = new IngestGate(terms, meters, limits.bucketsMax());
  }

  private SharedMeters shared(Settings.Redis settings, LocalMeters local, LimitMetrics metrics) {
    var bank = new RedisBank(Wiring.bank(settings));
    closing.push(bank::close);
    var shared =
        new SharedMeters(
            bank, local, System::nanoTime, Wiring.shared(settings), new Reporter(metrics));
    metrics.watchRedis(shared::isWell);
    shared.tick();
    every(TICK, shared::tick);
    return shared;
  }

  private record Reporter(LimitMetrics metrics) implements SharedMeters.Watch {
    @Override
    public void degraded(Trouble trouble, String detail) {
      metrics.degraded(trouble.name());
      log.warn("Limits go by this node's share, for Redis is in trouble: {}", detail);
    }

    @Override
    public void recovered() {
      log.info("Limits are shared through Redis.");
    }
  }

  private int nodes() {
    int up = 0;
    for (var member : Cluster.get(system).state().getMembers())
      if (!Cluster.get(system).state().getUnreachable().contains(member)) up++;
    return Math.max(1, up);
  }

  private void every(Duration interval, Runnable task) {
    Cancellable ticking =
        system
            .scheduler()
            .scheduleWithFixedDelay(interval, interval, task, system.executionContext());
    closing.push(ticking::cancel);
  }

  IngestGate gate() {
    return gate;
  }

  /** Attempts of a tenant at the same time on this node; 0 for no limit. */
  int deliveryConcurrency(TenantId tenant) {
    return terms.deliveryConcurrency(tenant);
  }

  @Override
  public void close() {
    closing.forEach(Runnable::run);
  }
}
