package io.kapsel.simulation.service;

import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.webhook.EndpointId;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.IntakeSettings;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.world.Randomness;
import io.kapsel.simulation.world.World;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.TreeMap;

/** The endpoints of a run and their configurations, each a function of the seed and its name. */
public final class Endpoints {
  /** Where {@code keyed} ordering finds its key. */
  static final String ORDERING_KEY = "$.lane";

  /**
   * @param config as created; the journal knows what became of it
   */
  public record Spec(String name, EndpointId id, TenantId tenant, EndpointConfig config) {
    boolean isSigned() {
      return config.signature().scheme() != SignatureSettings.Scheme.NONE;
    }
  }

  private final Options options;
  private final Randomness randomness;
  private final TreeMap<String, Spec> specs = new TreeMap<>();

  public Endpoints(Options options, Randomness randomness) {
    this.options = options;
    this.randomness = randomness;
    for (int i = 1; i <= options.count(Option.ENDPOINTS); i++) {
      String name = "e" + i;
      Randomness.Stream draws = randomness.stream("endpoint", name);
      EndpointId id = EndpointId.create(World.EPOCH_MILLIS, draws);
      TenantId tenant = TenantId.create(World.EPOCH_MILLIS, draws);
      specs.put(name, new Spec(name, id, tenant, config(name, 1)));
    }
  }

  public List<Spec> all() {
    return List.copyOf(specs.values());
  }

  public Spec get(String name) {
    Spec spec = specs.get(name);
    if (spec == null) throw new IllegalArgumentException("no endpoint " + name);
    return spec;
  }

  /** The version after {@code n} reconfigurations; verification stays as it is. */
  EndpointConfig config(String name, int version) {
    Randomness.Stream always = randomness.stream("endpoint-config", name);
    SignatureSettings signature = signature(always);
    IdempotencySettings idempotency = idempotency(always);
    Randomness.Stream draws = randomness.stream("endpoint-config-version", name + "/" + version);
    return new EndpointConfig(
        name,
        Destinations.url(name, version),
        intake(randomness.stream("endpoint-intake", name)),
        signature,
        idempotency,
        retry(draws),
        circuit(draws),
        delivery(name, draws),
        false);
  }

  /** Some endpoints have a limit of their own, tighter than their tenant's. */
  private IntakeSettings intake(Randomness.Stream draws) {
    double rate = options.real(Option.LIMITS_RATE);
    boolean own = draws.chance(0.4);
    if (rate == 0 || !own) return IntakeSettings.DEFAULT;
    return IntakeSettings.DEFAULT.withRate(
        Math.max(1, rate / 2), options.count(Option.LIMITS_BURST));
  }

  private static SignatureSettings signature(Randomness.Stream draws) {
    return switch (draws.below(3)) {
      case 0 -> SignatureSettings.NONE;
      case 1 ->
          SignatureSettings.of(SignatureSettings.Scheme.STANDARD_WEBHOOKS, List.of(secret(draws)));
      default -> SignatureSettings.of(SignatureSettings.Scheme.GITHUB, List.of(secret(draws)));
    };
  }

  static Secret secret(Randomness.Stream draws) {
    byte[] bytes = new byte[32];
    draws.nextBytes(bytes);
    return new Secret("whsec_" + Base64.getEncoder().encodeToString(bytes));
  }

  private static IdempotencySettings idempotency(Randomness.Stream draws) {
    return switch (draws.below(4)) {
      case 0 -> new IdempotencySettings(IdempotencySettings.Strategy.SOURCE_ID, "$.webhook", false);
      case 1 -> new IdempotencySettings(IdempotencySettings.Strategy.CONTENT, "", false);
      default -> IdempotencySettings.DEFAULT;
    };
  }

  private String choose(Option option, String drawn) {
    return options.varies(option) ? drawn : options.text(option);
  }

  private long whole(Option option, double drawn) {
    return options.varies(option) ? Math.round(drawn) : options.whole(option);
  }

  private double real(Option option, double drawn) {
    return options.varies(option) ? drawn : options.real(option);
  }

  private RetryPolicy retry(Randomness.Stream draws) {
    RetryPolicy.Strategy strategy =
        RetryPolicy.Strategy.valueOf(
            choose(
                Option.RETRY_STRATEGY, draws.pick(List.of(RetryPolicy.Strategy.values())).name()));
    List<Long> schedule = new ArrayList<>();
    int steps = 1 + draws.below(5);
    for (int i = 0; i < steps; i++) schedule.add(Math.round(draws.logUniform(1, 60_000)));
    if (!options.varies(Option.RETRY_SCHEDULE_MILLIS)) {
      schedule.clear();
      for (String delay : options.text(Option.RETRY_SCHEDULE_MILLIS).split(",", -1))
        schedule.add(Long.parseLong(delay));
    }
    return new RetryPolicy(
        strategy,
        whole(Option.RETRY_BASE_MILLIS, draws.logUniform(1, 10_000)),
        real(Option.RETRY_MULTIPLIER, draws.logUniform(1, 4)),
        whole(Option.RETRY_DELAY_MILLIS_MAX, draws.logUniform(10_000, 600_000)),
        real(Option.RETRY_JITTER, draws.chance(0.5) ? 0.25 : draws.logUniform(0.01, 1)),
        (int) whole(Option.RETRY_ATTEMPTS_MAX, draws.logUniform(1, 12)),
        schedule);
  }

  private CircuitPolicy circuit(Randomness.Stream draws) {
    return new CircuitPolicy(
        (int) whole(Option.CIRCUIT_FAILURES, draws.logUniform(1, 10)),
        real(Option.CIRCUIT_RATE, draws.logUniform(0.2, 1)),
        (int) whole(Option.CIRCUIT_WINDOW, draws.logUniform(1, CircuitPolicy.WINDOW_MAX)),
        whole(Option.CIRCUIT_OPEN_MILLIS, draws.logUniform(500, 60_000)),
        (int) whole(Option.CIRCUIT_SUCCESSES, draws.logUniform(1, 5)));
  }

  private DeliverySettings delivery(String name, Randomness.Stream draws) {
    Ordering ordering =
        Ordering.valueOf(
            choose(Option.DELIVERY_ORDERING, draws.pick(List.of(Ordering.values())).name()));
    return new DeliverySettings(
        (int) whole(Option.DELIVERY_TIMEOUT_MILLIS, draws.logUniform(1_000, 30_000)),
        (int) whole(Option.DELIVERY_IN_FLIGHT_MAX, draws.logUniform(1, 100)),
        real(Option.DELIVERY_RATE, draws.chance(0.7) ? 0 : draws.logUniform(0.5, 100)),
        ordering,
        ordering == Ordering.KEYED ? ORDERING_KEY : "",
        List.of(),
        DeliverySettings.Forward.ALL,
        List.of(),
        true,
        List.of(new DeliverySettings.SigningSecret(secret(randomness.stream("signing", name)), 0)));
  }

  static byte[] key(Secret secret) {
    return secret.value().getBytes(StandardCharsets.UTF_8);
  }
}
