package io.kapsel.endpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.DeliverySettings.Forward;
import io.kapsel.core.endpoint.DeliverySettings.SigningSecret;
import io.kapsel.core.endpoint.DestinationAuth;
import io.kapsel.core.endpoint.DestinationTls;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.IntakeSettings;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.json.MergePatch;
import io.kapsel.json.Problem;
import io.kapsel.json.StrictJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * An endpoint's configuration as JSON: read from a tenant (strict, all problems at once), merged
 * (RFC 7396), shown (without secrets), and kept in the journal (complete).
 *
 * <p>The journal form is read for as long as journals live: members are only ever added, a missing
 * one reads as its default, and nothing about it is validated again.
 */
public final class ConfigJson {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** What a tenant's document turned out to be. */
  public sealed interface Read {
    record Valid(EndpointConfig config) implements Read {}

    /** At least one problem. */
    record Invalid(List<Problem> problems) implements Read {}
  }

  private ConfigJson() {}

  /**
   * A new endpoint's configuration.
   *
   * @param privateConsented whether the operator lets this tenant reach private destinations
   */
  public static Read create(JsonNode document, ConfigRules rules, boolean privateConsented) {
    return ConfigReader.read(document, List.of(), rules, privateConsented);
  }

  /** The configuration after an RFC 7396 merge patch; secrets that the patch does not name stay. */
  public static Read patch(
      EndpointConfig current, JsonNode patch, ConfigRules rules, boolean privateConsented) {
    ObjectNode base = full(current);
    ((ObjectNode) base.get("delivery").get("signing")).remove("secrets");
    if (patch.path("retry").has("preset")) base.remove("retry");
    if (base.get("delivery").get("auth") instanceof ObjectNode auth)
      withoutOutdated(auth, current.url(), patch);
    return ConfigReader.read(
        MergePatch.applied(base, patch),
        current.delivery().signingSecrets(),
        rules,
        privateConsented);
  }

  /**
   * Credentials are for the place they were given for: whoever sends them elsewhere has to know
   * them. Another scheme begins from nothing.
   */
  private static void withoutOutdated(ObjectNode auth, String url, JsonNode patch) {
    JsonNode change = patch.path("delivery").path("auth");
    if (change.has("scheme") && !change.get("scheme").equals(auth.get("scheme"))) auth.removeAll();
    boolean moved = !origin(patch.path("url").asText(url)).equals(origin(url));
    boolean otherIssuer =
        change.has("token_url") && !change.get("token_url").equals(auth.get("token_url"));
    if (moved || otherIssuer) AuthJson.dropSecrets(auth);
  }

  private static String origin(String url) {
    int authority = url.indexOf("://") + 3;
    int end = authority;
    while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) end++;
    return url.substring(0, Math.min(end, url.length())).toLowerCase(Locale.ROOT);
  }

  /** What a tenant may see: how many secrets there are, never the secrets. */
  public static ObjectNode shown(EndpointConfig config) {
    ObjectNode node = full(config);
    intake(node, config.intake());
    intakeRate(node, config.intake());
    withoutSecrets((ObjectNode) node.get("signature"));
    ObjectNode delivery = (ObjectNode) node.get("delivery");
    withoutSecrets((ObjectNode) delivery.get("signing"));
    delivery.set("auth", AuthJson.shown(config.delivery().auth()));
    delivery.set("tls", AuthJson.shown(config.delivery().tls()));
    return node;
  }

  private static void withoutSecrets(ObjectNode node) {
    int count = node.get("secrets").size();
    node.remove("secrets");
    node.put("secret_count", count);
  }

  /** The complete form with secrets, for the journal and the directory only. */
  public static byte[] toJournal(EndpointConfig config) {
    try {
      return StrictJson.MAPPER.writeValueAsBytes(full(config));
    } catch (JsonProcessingException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  /** Reads what {@link #toJournal} of this or an earlier version wrote. */
  public static EndpointConfig fromJournal(byte[] json) {
    try {
      return fromJournal(StrictJson.MAPPER.readTree(json));
    } catch (IOException corrupt) {
      throw new UncheckedIOException(corrupt);
    }
  }

  static EndpointConfig fromJournal(JsonNode json) {
    return JournalForm.config(json);
  }

  static ObjectNode full(EndpointConfig config) {
    ObjectNode node = NODES.objectNode();
    node.put("name", config.name());
    node.put("url", config.url());
    // Added later: what an earlier version wrote for the same configuration stays as it is.
    if (!config.intake().equals(IntakeSettings.DEFAULT)) intake(node, config.intake());
    if (config.intake().ratePerSecond() > 0) intakeRate(node, config.intake());
    node.set("signature", signature(config.signature()));
    node.set("idempotency", idempotency(config.idempotency()));
    node.set("retry", retry(config.retry()));
    node.set("circuit", circuit(config.circuit()));
    node.set("delivery", delivery(config.delivery()));
    node.put("allow_private_destination", config.allowPrivateDestination());
    return node;
  }

  private static void intake(ObjectNode node, IntakeSettings settings) {
    settings.contentTypes().forEach(node.putArray("content_types")::add);
    node.put("validate_json", settings.validateJson());
    node.put("reject_empty", settings.rejectEmpty());
    settings.allowedOrigins().forEach(node.putArray("cloud_events_origins")::add);
  }

  private static void intakeRate(ObjectNode node, IntakeSettings settings) {
    if (settings.ratePerSecond() > 0) node.put("ingest_rate_per_second", settings.ratePerSecond());
    else node.putNull("ingest_rate_per_second");
    if (settings.burst() > 0) node.put("ingest_burst", settings.burst());
    else node.putNull("ingest_burst");
  }

  private static ObjectNode signature(SignatureSettings settings) {
    ObjectNode node = NODES.objectNode();
    node.put("scheme", name(settings.scheme()));
    ArrayNode secrets = node.putArray("secrets");
    settings.secrets().forEach(secret -> secrets.add(secret.value()));
    node.put("header", settings.header());
    node.put("algorithm", name(settings.algorithm()));
    node.put("encoding", name(settings.encoding()));
    node.put("prefix", settings.prefix());
    node.put("timestamp_header", settings.timestampHeader());
    node.put("template", settings.template());
    node.put("tolerance_seconds", settings.toleranceSeconds());
    node.put("allow_sha1", settings.allowSha1());
    node.put("signature_field", settings.signatureField());
    node.put("timestamp_field", settings.timestampField());
    node.put("timestamp_unit", name(settings.timestampUnit()));
    node.put("secret_encoding", name(settings.secretEncoding()));
    return node;
  }

  private static ObjectNode idempotency(IdempotencySettings settings) {
    ObjectNode node = NODES.objectNode();
    node.put("strategy", name(settings.strategy()));
    node.put("json_path", settings.jsonPath());
    node.put("required", settings.required());
    return node;
  }

  private static ObjectNode retry(RetryPolicy policy) {
    ObjectNode node = NODES.objectNode();
    node.put("strategy", name(policy.strategy()));
    node.put("base_delay_ms", policy.baseDelayMillis());
    node.put("multiplier", policy.multiplier());
    node.put("max_delay_ms", policy.maxDelayMillis());
    node.put("jitter", policy.jitter());
    node.put("max_attempts", policy.maxAttempts());
    ArrayNode schedule = node.putArray("schedule_ms");
    policy.scheduleMillis().forEach(delay -> schedule.add(delay.longValue()));
    return node;
  }

  private static ObjectNode circuit(CircuitPolicy policy) {
    ObjectNode node = NODES.objectNode();
    node.put("consecutive_failures", policy.consecutiveFailures());
    node.put("failure_rate", policy.failureRate());
    node.put("window", policy.window());
    node.put("open_ms", policy.openMillis());
    node.put("half_open_successes", policy.halfOpenSuccesses());
    return node;
  }

  private static ObjectNode delivery(DeliverySettings settings) {
    ObjectNode node = NODES.objectNode();
    node.put("timeout_ms", settings.timeoutMillis());
    node.put("max_in_flight", settings.maxInFlight());
    if (settings.ratePerSecond() > 0) node.put("rate_per_second", settings.ratePerSecond());
    else node.putNull("rate_per_second");
    node.put("ordering", name(settings.ordering()));
    node.put("ordering_key", settings.orderingKey());
    node.set("headers", headers(settings.headers()));
    if (settings.forwardHeaders() == Forward.LISTED) {
      ArrayNode names = node.putArray("forward_headers");
      settings.forwardHeaderNames().forEach(names::add);
    } else {
      node.put("forward_headers", name(settings.forwardHeaders()));
    }
    ObjectNode signing = node.putObject("signing");
    signing.put("enabled", settings.signingEnabled());
    ArrayNode secrets = signing.putArray("secrets");
    for (SigningSecret secret : settings.signingSecrets()) {
      secrets
          .addObject()
          .put("secret", secret.secret().value())
          .put("expires_at_ms", secret.expiresAtMillis());
    }
    if (!(settings.auth() instanceof DestinationAuth.None))
      node.set("auth", AuthJson.written(settings.auth()));
    if (!settings.tls().equals(DestinationTls.NONE))
      node.set("tls", AuthJson.written(settings.tls()));
    return node;
  }

  private static ObjectNode headers(List<Header> headers) {
    ObjectNode node = NODES.objectNode();
    for (Header header : headers) {
      switch (node.get(header.name())) {
        case null -> node.put(header.name(), header.value());
        case ArrayNode values -> values.add(header.value());
        case JsonNode first -> node.putArray(header.name()).add(first).add(header.value());
      }
    }
    return node;
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** Reading of the journal form: lenient by intent, see the class comment. */
  private static final class JournalForm {
    static EndpointConfig config(JsonNode node) {
      return new EndpointConfig(
          node.path("name").asText(),
          node.path("url").asText(),
          intake(node),
          signature(node.path("signature")),
          idempotency(node.path("idempotency")),
          retry(node.path("retry"), RetryPolicy.DEFAULT),
          circuit(node.path("circuit"), CircuitPolicy.DEFAULT),
          delivery(node.path("delivery"), DeliverySettings.DEFAULT),
          node.path("allow_private_destination").asBoolean());
    }

    private static IntakeSettings intake(JsonNode node) {
      List<String> contentTypes = new ArrayList<>();
      node.path("content_types").forEach(type -> contentTypes.add(type.asText()));
      List<String> origins = new ArrayList<>();
      node.path("cloud_events_origins").forEach(origin -> origins.add(origin.asText()));
      return new IntakeSettings(
          contentTypes,
          node.path("validate_json").asBoolean(),
          node.path("reject_empty").asBoolean(),
          origins,
          node.path("ingest_rate_per_second").asDouble(),
          node.path("ingest_burst").asInt());
    }

    private static SignatureSettings signature(JsonNode node) {
      SignatureSettings or = SignatureSettings.NONE;
      List<Secret> secrets = new ArrayList<>();
      node.path("secrets").forEach(secret -> secrets.add(new Secret(secret.asText())));
      return new SignatureSettings(
          constant(node.path("scheme"), or.scheme()),
          secrets,
          node.path("header").asText(or.header()),
          constant(node.path("algorithm"), or.algorithm()),
          constant(node.path("encoding"), or.encoding()),
          node.path("prefix").asText(or.prefix()),
          node.path("timestamp_header").asText(or.timestampHeader()),
          node.path("template").asText(or.template()),
          node.path("tolerance_seconds").asInt(or.toleranceSeconds()),
          node.path("allow_sha1").asBoolean(or.allowSha1()),
          node.path("signature_field").asText(or.signatureField()),
          node.path("timestamp_field").asText(or.timestampField()),
          constant(node.path("timestamp_unit"), or.timestampUnit()),
          constant(node.path("secret_encoding"), or.secretEncoding()));
    }

    private static IdempotencySettings idempotency(JsonNode node) {
      IdempotencySettings or = IdempotencySettings.DEFAULT;
      return new IdempotencySettings(
          constant(node.path("strategy"), or.strategy()),
          node.path("json_path").asText(or.jsonPath()),
          node.path("required").asBoolean(or.required()));
    }

    private static RetryPolicy retry(JsonNode node, RetryPolicy or) {
      List<Long> schedule = new ArrayList<>();
      node.path("schedule_ms").forEach(delay -> schedule.add(delay.asLong()));
      return new RetryPolicy(
          constant(node.path("strategy"), or.strategy()),
          node.path("base_delay_ms").asLong(or.baseDelayMillis()),
          node.path("multiplier").asDouble(or.multiplier()),
          node.path("max_delay_ms").asLong(or.maxDelayMillis()),
          node.path("jitter").asDouble(or.jitter()),
          node.path("max_attempts").asInt(or.maxAttempts()),
          schedule);
    }

    private static CircuitPolicy circuit(JsonNode node, CircuitPolicy or) {
      return new CircuitPolicy(
          node.path("consecutive_failures").asInt(or.consecutiveFailures()),
          node.path("failure_rate").asDouble(or.failureRate()),
          node.path("window").asInt(or.window()),
          node.path("open_ms").asLong(or.openMillis()),
          node.path("half_open_successes").asInt(or.halfOpenSuccesses()));
    }

    private static DeliverySettings delivery(JsonNode node, DeliverySettings or) {
      List<Header> headers = new ArrayList<>();
      node.path("headers")
          .properties()
          .forEach(
              line -> {
                if (line.getValue().isArray()) {
                  line.getValue().forEach(v -> headers.add(new Header(line.getKey(), v.asText())));
                } else headers.add(new Header(line.getKey(), line.getValue().asText()));
              });
      JsonNode forward = node.path("forward_headers");
      List<String> names = new ArrayList<>();
      if (forward.isArray()) forward.forEach(name -> names.add(name.asText()));
      List<SigningSecret> secrets = new ArrayList<>();
      node.path("signing")
          .path("secrets")
          .forEach(
              kept ->
                  secrets.add(
                      new SigningSecret(
                          new Secret(kept.path("secret").asText()),
                          kept.path("expires_at_ms").asLong())));
      return new DeliverySettings(
          node.path("timeout_ms").asInt(or.timeoutMillis()),
          node.path("max_in_flight").asInt(or.maxInFlight()),
          node.path("rate_per_second").asDouble(or.ratePerSecond()),
          constant(node.path("ordering"), or.ordering()),
          node.path("ordering_key").asText(or.orderingKey()),
          headers,
          forward.isArray() ? Forward.LISTED : constant(forward, or.forwardHeaders()),
          names,
          node.path("signing").path("enabled").asBoolean(or.signingEnabled()),
          secrets,
          AuthJson.storedAuth(node.path("auth")),
          AuthJson.storedTls(node.path("tls")));
    }

    private static <E extends Enum<E>> E constant(JsonNode node, E otherwise) {
      if (!node.isTextual()) return otherwise;
      return Enum.valueOf(otherwise.getDeclaringClass(), node.asText().toUpperCase(Locale.ROOT));
    }
  }
}
