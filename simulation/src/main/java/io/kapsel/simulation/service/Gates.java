package io.kapsel.simulation.service;

import io.kapsel.core.limit.Allowance;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.limit.IngestGate;
import io.kapsel.limit.LocalMeters;
import io.kapsel.limit.Meter;
import io.kapsel.limit.Meters;
import io.kapsel.limit.Ruling;
import io.kapsel.limit.SharedMeters;
import io.kapsel.limit.TenantTerms;
import io.kapsel.limit.TokenBank.Trouble;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.storage.Database;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.World;
import io.kapsel.storage.TenantLimits;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Production's limits on each node: its own share of them, or leases from the bank. */
public final class Gates {
  private static final long TICK_NANOS = 1_000_000_000L;
  private static final int REMEMBERED_MAX = 1_000;
  private static final SharedMeters.SharedSettings SETTINGS =
      new SharedMeters.SharedSettings(100, 1_000, 10_000, 1_000);

  private final World world;
  private final Options options;
  private final Database database;
  private final SimulatedBank bank;
  private final Recorder recorder;

  public Gates(
      World world, Options options, Database database, SimulatedBank bank, Recorder recorder) {
    this.world = world;
    this.options = options;
    this.database = database;
    this.bank = bank;
    this.recorder = recorder;
  }

  IngestGate of(Node node) {
    Allowance usual =
        Allowance.of(options.real(Option.LIMITS_RATE), options.count(Option.LIMITS_BURST));
    if (!usual.isLimited()) return IngestGate.open();
    double share = 1.0 / options.count(Option.NODES);
    LocalMeters local = new LocalMeters(world::nanoTime, () -> share);
    Meters meters =
        new Counted(options.count(Option.LIMITS_SHARED) > 0 ? shared(node, local) : local, node);
    TenantTerms terms =
        new TenantTerms(
            tenants -> limits(node, tenants),
            (tenant, quota, wanted) ->
                CompletableFuture.failedFuture(new IllegalStateException("no tenant has a quota")),
            meters,
            new TenantTerms.Usual(usual, 0),
            world::nanoTime,
            REMEMBERED_MAX);
    return new IngestGate(terms, meters, REMEMBERED_MAX);
  }

  private SharedMeters shared(Node node, LocalMeters local) {
    SharedMeters meters =
        new SharedMeters(
            bank.from(node, SETTINGS.answerMillisMax()),
            local,
            world::nanoTime,
            SETTINGS,
            new SharedMeters.Watch() {
              @Override
              public void degraded(Trouble trouble, String detail) {
                recorder.see(
                    new Observation.LimitsShared(recorder.now(), node.id(), false, detail));
              }

              @Override
              public void recovered() {
                recorder.see(new Observation.LimitsShared(recorder.now(), node.id(), true, ""));
              }
            });
    tick(node, meters);
    return meters;
  }

  private void tick(Node node, SharedMeters meters) {
    meters.tick();
    world.schedule(node, TICK_NANOS, () -> world.enqueue(node, "limits", () -> tick(node, meters)));
  }

  /** No tenant has terms of its own. */
  private CompletionStage<Map<TenantId, TenantLimits>> limits(Node node, List<TenantId> tenants) {
    return Requests.of(
        database,
        node,
        Database.Table.DIRECTORY,
        false,
        "limits of " + tenants.size() + " tenants",
        "limits",
        TreeMap::new);
  }

  /** Writes down what is granted. */
  private final class Counted implements Meters {
    private final Meters meters;
    private final Node node;

    Counted(Meters meters, Node node) {
      this.meters = meters;
      this.node = node;
    }

    private record Counting(Meter meter, Runnable granted) implements Meter {
      @Override
      public CompletableFuture<Ruling> take() {
        CompletableFuture<Ruling> ruling = meter.take();
        if (Ruling.isGranted(ruling)) {
          granted.run();
          return ruling;
        }
        return ruling.thenApply(
            each -> {
              if (each instanceof Ruling.Granted) granted.run();
              return each;
            });
      }
    }

    @Override
    public Meter open(String account, Allowance allowance, @Nullable Meter before) {
      Meter inner = before instanceof Counting counting ? counting.meter : null;
      return new Counting(
          meters.open(account, allowance, inner),
          () ->
              recorder.see(
                  new Observation.Admitted(
                      recorder.now(),
                      node.id(),
                      account,
                      allowance.perSecond(),
                      allowance.burst())));
    }
  }
}
