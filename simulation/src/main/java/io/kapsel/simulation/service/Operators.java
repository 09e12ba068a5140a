package io.kapsel.simulation.service;

import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.webhook.Webhook;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.endpoint.EndpointMessage;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.world.Node;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.World;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Whoever manages endpoints: creates them, and changes them in the middle of everything. */
public final class Operators {
  private static final long MILLI = 1_000_000;
  private static final long AGAIN_NANOS = 1_000 * MILLI;

  private enum Kind {
    PAUSE,
    RESUME,
    DISABLE,
    ENABLE,
    CONFIGURE,
    ROTATE,
    RESET_CIRCUIT,
    RETRY,
    LOOK,
    DELETE
  }

  private final World world;
  private final Recorder recorder;
  private final Options options;
  private final Endpoints endpoints;
  private final Processes processes;
  private final TreeMap<String, Integer> versions = new TreeMap<>();
  private int orders;
  private int waiting;

  public Operators(
      World world, Recorder recorder, Options options, Endpoints endpoints, Processes processes) {
    this.world = world;
    this.recorder = recorder;
    this.options = options;
    this.endpoints = endpoints;
    this.processes = processes;
  }

  /** Orders that must succeed sooner or later and have not yet. */
  public boolean areWaiting() {
    return waiting > 0;
  }

  public void createAll() {
    for (Endpoints.Spec spec : endpoints.all()) {
      recorder.name(spec.id(), spec.name());
      insist(spec.name(), "create", new Endpoint.Create(spec.tenant(), spec.config()));
    }
  }

  /**
   * Every endpoint works again, whatever was done to it. Those that work are left alone: an order
   * would wake one that has overslept.
   */
  public void enableWhatIsNot() {
    for (Endpoints.Spec spec : endpoints.all())
      if (exists(spec.name()) && recorder.statusOf(spec.name()) != Status.ACTIVE)
        insist(spec.name(), "enable", new Endpoint.SetStatus(Status.ACTIVE));
  }

  /** Whether nobody has deleted it. */
  public boolean exists(String endpoint) {
    return recorder.statusOf(endpoint) != Status.DELETED;
  }

  /** The orders of the load phase. */
  public void begin() {
    long loadMillis = options.whole(Option.LOAD_SECONDS) * 1_000;
    for (int i = 1; i <= options.count(Option.OPERATOR_ORDERS); i++) {
      Randomness.Stream draws = world.randomness().stream("operator", i);
      long at = draws.between(0, loadMillis);
      world.later(at * MILLI, "operator", () -> order(draws));
    }
  }

  private void order(Randomness.Stream draws) {
    Endpoints.Spec spec = draws.pick(endpoints.all());
    Kind kind = draws.pick(List.of(Kind.values()));
    Endpoint.Command command = command(kind, spec, draws);
    if (command == null && kind != Kind.LOOK) return;
    send(spec.name(), kind.name().toLowerCase(java.util.Locale.ROOT), command, answer -> {});
  }

  private Endpoint.@Nullable Command command(
      Kind kind, Endpoints.Spec spec, Randomness.Stream draws) {
    return switch (kind) {
      case PAUSE -> new Endpoint.SetStatus(Status.PAUSED);
      case RESUME, ENABLE -> new Endpoint.SetStatus(Status.ACTIVE);
      case DISABLE -> new Endpoint.SetStatus(Status.DISABLED);
      case CONFIGURE -> {
        int version = versions.merge(spec.name(), 2, (before, two) -> before + 1);
        yield new Endpoint.Configure(endpoints.config(spec.name(), version), 0);
      }
      case ROTATE ->
          new Endpoint.RotateSecret(new DeliverySettings.SigningSecret(Endpoints.secret(draws), 0));
      case RESET_CIRCUIT -> new Endpoint.ResetCircuit();
      case RETRY -> retry(spec, draws);
      case LOOK -> null;
      // Rarely: nothing more happens to an endpoint that is gone.
      case DELETE -> draws.chance(0.3) ? new Endpoint.SetStatus(Status.DELETED) : null;
    };
  }

  /** What the management API makes of a retry: from the content and its history. */
  private Endpoint.@Nullable Command retry(Endpoints.Spec spec, Randomness.Stream draws) {
    List<WebhookId> known = processes.history().failed(spec.name());
    if (known.isEmpty()) return null;
    WebhookId id = draws.pick(known);
    Webhook content = processes.contents().find(id);
    Ended outcome = processes.history().outcome(id);
    if (content == null || outcome == null) return null;
    return new Endpoint.Retry(id, content.laneKey(), outcome.attempt().number());
  }

  /** Again and again until it is done. */
  private void insist(String endpoint, String what, Endpoint.Command command) {
    waiting++;
    insistently(endpoint, what, command);
  }

  private void insistently(String endpoint, String what, Endpoint.Command command) {
    send(
        endpoint,
        what,
        command,
        answer -> {
          boolean done =
              !exists(endpoint)
                  || (answer instanceof EndpointMessage.Viewed viewed
                      && viewed.view().status() == Status.ACTIVE)
                  || (answer instanceof EndpointMessage.Rejected rejected
                      && rejected.rejection().code().status() == 409);
          if (done) waiting--;
          else world.later(AGAIN_NANOS, "operator", () -> insistently(endpoint, what, command));
        });
  }

  private void send(
      String endpoint,
      String what,
      Endpoint.@Nullable Command command,
      Consumer<EndpointMessage.@Nullable Reply> then) {
    int order = ++orders;
    Randomness.Stream draws = world.randomness().stream("order", order);
    Node node = processes.pick(draws);
    recorder.see(
        new Observation.Ordered(
            recorder.now(), order, endpoint, node == null ? "" : node.id(), what));
    if (node == null) {
      then.accept(null);
      return;
    }
    boolean[] done = {false};
    Consumer<EndpointMessage.@Nullable Reply> once =
        reply -> {
          if (done[0]) return;
          done[0] = true;
          recorder.see(
              new Observation.OrderAnswered(recorder.now(), order, endpoint, what, text(reply)));
          then.accept(reply);
        };
    var service = processes.service(node).endpoints();
    world.enqueue(
        node,
        "order",
        () ->
            (command == null
                    ? service.look(recorder.idOf(endpoint))
                    : service.order(recorder.idOf(endpoint), command))
                .whenComplete(
                    (reply, failure) -> world.later(MILLI, "operator", () -> once.accept(reply))));
    world.later(30_000 * MILLI, "operator", () -> once.accept(null));
  }

  private static String text(EndpointMessage.@Nullable Reply reply) {
    return switch (reply) {
      case null -> "no answer";
      case EndpointMessage.Viewed viewed ->
          viewed.view().status() + " version " + viewed.view().version();
      case EndpointMessage.Rejected rejected -> rejected.rejection().code().name();
      default -> reply.getClass().getSimpleName();
    };
  }
}
