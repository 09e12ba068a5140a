package io.kapsel.endpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.kapsel.core.endpoint.CircuitPolicy;
import io.kapsel.core.endpoint.DeliverySettings;
import io.kapsel.core.endpoint.DeliverySettings.Forward;
import io.kapsel.core.endpoint.DeliverySettings.Ordering;
import io.kapsel.core.endpoint.DeliverySettings.SigningSecret;
import io.kapsel.core.endpoint.DestinationAuth;
import io.kapsel.core.endpoint.DestinationTls;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.RetryPolicy;
import io.kapsel.core.webhook.BodyPath;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.ForwardedHeaders;
import io.kapsel.core.webhook.Header;
import io.kapsel.core.webhook.HeaderName;
import io.kapsel.core.webhook.IdempotencySettings;
import io.kapsel.core.webhook.IntakeSettings;
import io.kapsel.core.webhook.OrderingKey;
import io.kapsel.core.webhook.Secret;
import io.kapsel.core.webhook.SignatureSettings;
import io.kapsel.core.webhook.SignatureVerifier;
import io.kapsel.core.webhook.StandardWebhooksSigner;
import io.kapsel.json.Fields;
import io.kapsel.json.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Reads a configuration that a tenant wrote, and finds everything that is wrong with it. */
final class ConfigReader {
  private static final int NAME_CHARS_MAX = 200;
  private static final int TEXT_CHARS_MAX = 1_000;
  private static final int SECRETS_MAX = 10;
  private static final int SECRET_CHARS_MAX = 1_000;
  private static final int HEADERS_MAX = 50;
  private static final int HEADER_VALUE_CHARS_MAX = 4_096;
  private static final int INTAKE_ITEMS_MAX = 50;
  private static final int INTAKE_ITEM_CHARS_MAX = 255;
  private static final int SCHEDULE_ITEMS_MAX = 50;
  private static final int ATTEMPTS_MAX = 50;
  private static final int IN_FLIGHT_MAX = 1_000;
  private static final double RATE_PER_SECOND_MIN = 0.001;
  private static final double RATE_PER_SECOND_MAX = 100_000;
  private static final int INGEST_BURST_MAX = 1_000_000;
  private static final long TIMEOUT_MILLIS_MAX = 120_000;
  private static final long DAY_MILLIS = 86_400_000;
  private static final String PRESET_STANDARD_WEBHOOKS = "standard_webhooks";

  private static final Pattern MEDIA_TYPE =
      Pattern.compile("[!#$&^_.+0-9A-Za-z-]+/([!#$&^_.+0-9A-Za-z-]+|[*])");
  private static final Pattern ORIGIN =
      Pattern.compile("[*]|[0-9A-Za-z_-]+([.][0-9A-Za-z_-]+)*(:[0-9]{1,5})?");
  private static final Pattern FIELD_VALUE = Pattern.compile("[\\t\\x20-\\x7e\\x80-\\xff]*");

  private static final List<String> READ_ONLY =
      List.of("id", "ingest_url", "status", "status_reason", "version", "created_at", "updated_at");

  private final List<Problem> problems = new ArrayList<>();
  private final ConfigRules rules;

  private ConfigReader(ConfigRules rules) {
    this.rules = rules;
  }

  static ConfigJson.Read read(
      JsonNode document,
      List<SigningSecret> keptSecrets,
      ConfigRules rules,
      boolean privateConsented) {
    var reader = new ConfigReader(rules);
    EndpointConfig config =
        reader.config(Fields.of(document, "", reader.problems), keptSecrets, privateConsented);
    return reader.problems.isEmpty()
        ? new ConfigJson.Read.Valid(config)
        : new ConfigJson.Read.Invalid(List.copyOf(reader.problems));
  }

  private EndpointConfig config(
      Fields fields, List<SigningSecret> keptSecrets, boolean privateConsented) {
    String name = fields.requiredText("name", NAME_CHARS_MAX);
    boolean allowPrivate = fields.flag("allow_private_destination", false);
    if (allowPrivate && !privateConsented) {
      fields.problem(
          "allow_private_destination",
          ErrorCode.INVALID_CONFIGURATION,
          "The operator has not allowed private destinations for this tenant.");
    }
    String url = url(fields, allowPrivate && privateConsented);
    IntakeSettings intake = intake(fields);
    SignatureSettings signature = signature(fields.object("signature"));
    IdempotencySettings idempotency = idempotency(fields.object("idempotency"));
    RetryPolicy retry = retry(fields.object("retry"));
    CircuitPolicy circuit = circuit(fields.object("circuit"));
    DeliverySettings delivery =
        delivery(fields.object("delivery"), keptSecrets, url, allowPrivate && privateConsented);
    for (String readOnly : READ_ONLY) {
      if (fields.any(readOnly).isPresent()) {
        fields.problem(readOnly, ErrorCode.INVALID_FIELD, "Cannot be set.");
      }
    }
    fields.end();
    return new EndpointConfig(
        name, url, intake, signature, idempotency, retry, circuit, delivery, allowPrivate);
  }

  private String url(Fields fields, boolean allowPrivate) {
    Optional<JsonNode> value = fields.required("url");
    if (value.isEmpty()) return "";
    String url = fields.string("url", "");
    if (value.get().isTextual()) {
      rules
          .url()
          .apply(url, allowPrivate)
          .ifPresent(wrong -> fields.problem("url", wrong.code(), wrong.detail()));
    }
    return url;
  }

  private IntakeSettings intake(Fields fields) {
    IntakeSettings or = IntakeSettings.DEFAULT;
    double rate =
        fields.decimal(
            "ingest_rate_per_second", or.ratePerSecond(), RATE_PER_SECOND_MIN, RATE_PER_SECOND_MAX);
    if (fields.has("ingest_burst") && !fields.has("ingest_rate_per_second")) {
      fields.problem(
          "ingest_burst", ErrorCode.INVALID_FIELD, "Needs ingest_rate_per_second beside it.");
    }
    return new IntakeSettings(
        matching(fields, "content_types", MEDIA_TYPE, "Must be type/subtype or type/*."),
        fields.flag("validate_json", or.validateJson()),
        fields.flag("reject_empty", or.rejectEmpty()),
        matching(fields, "cloud_events_origins", ORIGIN, "Must be a host name, or *."),
        rate,
        (int) fields.integer("ingest_burst", or.burst(), 1, INGEST_BURST_MAX));
  }

  private List<String> matching(Fields fields, String name, Pattern pattern, String otherwise) {
    List<String> texts = new ArrayList<>();
    int index = 0;
    for (JsonNode item : fields.items(name, INTAKE_ITEMS_MAX)) {
      String at = fields.pointerTo(name) + "/" + index++;
      String text = item.isTextual() ? item.textValue() : "";
      if (!item.isTextual()) {
        problems.add(new Problem(at, ErrorCode.INVALID_FIELD, "Must be a string."));
      } else if (text.length() > INTAKE_ITEM_CHARS_MAX || !pattern.matcher(text).matches()) {
        problems.add(new Problem(at, ErrorCode.INVALID_CONFIGURATION, otherwise));
      } else {
        texts.add(text.toLowerCase(Locale.ROOT));
      }
    }
    return texts;
  }

  private SignatureSettings signature(Fields fields) {
    var scheme =
        fields.choice("scheme", SignatureSettings.Scheme.class, SignatureSettings.NONE.scheme());
    SignatureSettings or = SignatureSettings.of(scheme, List.of());
    List<Secret> secrets = new ArrayList<>();
    for (String secret : secrets(fields, secret -> SignatureVerifier.secretProblem(scheme, secret)))
      secrets.add(new Secret(secret));
    var settings =
        new SignatureSettings(
            scheme,
            secrets,
            headerName(fields, "header", or.header(), false),
            fields.choice("algorithm", SignatureSettings.Algorithm.class, or.algorithm()),
            fields.choice("encoding", SignatureSettings.Encoding.class, or.encoding()),
            configuration(fields, "prefix", or.prefix()),
            headerName(fields, "timestamp_header", or.timestampHeader(), true),
            configuration(fields, "template", or.template()),
            (int)
                fields.duration("tolerance_seconds", or.toleranceSeconds(), 1, DAY_MILLIS / 1_000),
            fields.flag("allow_sha1", or.allowSha1()),
            configuration(fields, "signature_field", or.signatureField()),
            configuration(fields, "timestamp_field", or.timestampField()),
            fields.choice(
                "timestamp_unit", SignatureSettings.TimestampUnit.class, or.timestampUnit()),
            fields.choice(
                "secret_encoding", SignatureSettings.SecretEncoding.class, or.secretEncoding()));
    SignatureVerifier.templateProblem(settings)
        .ifPresent(wrong -> fields.problem("template", ErrorCode.INVALID_CONFIGURATION, wrong));
    rules
        .signature()
        .apply(settings)
        .ifPresent(wrong -> fields.problem("scheme", ErrorCode.INVALID_CONFIGURATION, wrong));
    if (!SignatureVerifier.allSecretsUsable(settings)) {
      fields.problem(
          "secrets",
          ErrorCode.INVALID_CONFIGURATION,
          "Must all fit the algorithm and secret_encoding.");
    }
    fields.end();
    return settings;
  }

  private List<String> secrets(Fields fields, Function<String, Optional<String>> rule) {
    List<String> secrets = new ArrayList<>();
    int index = 0;
    for (JsonNode item : fields.items("secrets", SECRETS_MAX)) {
      String at = fields.pointerTo("secrets") + "/" + index++;
      if (!item.isTextual()) {
        problems.add(new Problem(at, ErrorCode.INVALID_FIELD, "Must be a string."));
        continue;
      }
      Optional<String> wrong =
          item.textValue().isEmpty() || item.textValue().length() > SECRET_CHARS_MAX
              ? Optional.of("Must have 1 to " + SECRET_CHARS_MAX + " characters.")
              : rule.apply(item.textValue());
      if (wrong.isEmpty()) secrets.add(item.textValue());
      else problems.add(new Problem(at, ErrorCode.INVALID_CONFIGURATION, wrong.get()));
    }
    return secrets;
  }

  private static String headerName(Fields fields, String name, String or, boolean mayBeEmpty) {
    String value = fields.string(name, or);
    if (!(mayBeEmpty && value.isEmpty()) && !HeaderName.isValid(value)) {
      fields.problem(name, ErrorCode.INVALID_CONFIGURATION, "Must be a header name.");
    }
    return value;
  }

  private static String configuration(Fields fields, String name, String or) {
    String value = fields.string(name, or);
    if (value.length() > TEXT_CHARS_MAX || !Fields.isPrintable(value)) {
      fields.problem(
          name,
          ErrorCode.INVALID_CONFIGURATION,
          "Must have at most " + TEXT_CHARS_MAX + " characters and no control characters.");
    }
    return value;
  }

  private IdempotencySettings idempotency(Fields fields) {
    IdempotencySettings or = IdempotencySettings.DEFAULT;
    var settings =
        new IdempotencySettings(
            fields.choice("strategy", IdempotencySettings.Strategy.class, or.strategy()),
            configuration(fields, "json_path", or.jsonPath()),
            fields.flag("required", or.required()));
    boolean needed = settings.strategy() == IdempotencySettings.Strategy.SOURCE_ID;
    if (needed || !settings.jsonPath().isEmpty()) {
      BodyPath.problem(settings.jsonPath())
          .ifPresent(wrong -> fields.problem("json_path", ErrorCode.INVALID_CONFIGURATION, wrong));
    }
    fields.end();
    return settings;
  }

  private RetryPolicy retry(Fields fields) {
    RetryPolicy or = fields.has("preset") ? preset(fields) : RetryPolicy.DEFAULT;
    var strategy = fields.choice("strategy", RetryPolicy.Strategy.class, or.strategy());
    long base = fields.duration("base_delay_ms", or.baseDelayMillis(), 1, DAY_MILLIS);
    long max = fields.duration("max_delay_ms", or.maxDelayMillis(), 1, DAY_MILLIS);
    List<Long> schedule =
        fields.has("schedule_ms")
            ? fields.durations("schedule_ms", SCHEDULE_ITEMS_MAX, 0, DAY_MILLIS)
            : or.scheduleMillis();
    if (strategy == RetryPolicy.Strategy.EXPONENTIAL && max < base) {
      fields.problem(
          "max_delay_ms", ErrorCode.INVALID_DURATION, "Must not be less than base_delay_ms.");
    }
    if (strategy == RetryPolicy.Strategy.SCHEDULE && schedule.isEmpty()) {
      fields.problem(
          "schedule_ms", ErrorCode.INVALID_FIELD, "Is required when the strategy is schedule.");
    }
    var policy =
        new RetryPolicy(
            strategy,
            base,
            fields.decimal("multiplier", or.multiplier(), 1, 100),
            max,
            fields.decimal("jitter", or.jitter(), 0, 1),
            (int) fields.integer("max_attempts", or.maxAttempts(), 1, ATTEMPTS_MAX),
            schedule);
    fields.end();
    return policy;
  }

  private static RetryPolicy preset(Fields fields) {
    if (!fields.string("preset", PRESET_STANDARD_WEBHOOKS).equals(PRESET_STANDARD_WEBHOOKS)) {
      fields.problem(
          "preset", ErrorCode.INVALID_FIELD, "Must be " + PRESET_STANDARD_WEBHOOKS + ".");
    }
    for (String name :
        List.of("strategy", "base_delay_ms", "multiplier", "max_delay_ms", "schedule_ms")) {
      if (fields.has(name)) {
        fields.problem(name, ErrorCode.INVALID_FIELD, "Is given by the preset.");
      }
    }
    return RetryPolicy.STANDARD_WEBHOOKS;
  }

  private static CircuitPolicy circuit(Fields fields) {
    CircuitPolicy or = CircuitPolicy.DEFAULT;
    var policy =
        new CircuitPolicy(
            (int) fields.integer("consecutive_failures", or.consecutiveFailures(), 1, 1_000),
            fields.decimal("failure_rate", or.failureRate(), 0.01, 1),
            (int) fields.integer("window", or.window(), 1, CircuitPolicy.WINDOW_MAX),
            fields.duration("open_ms", or.openMillis(), 1, DAY_MILLIS),
            (int) fields.integer("half_open_successes", or.halfOpenSuccesses(), 1, 100));
    fields.end();
    return policy;
  }

  private DeliverySettings delivery(
      Fields fields, List<SigningSecret> keptSecrets, String url, boolean allowPrivate) {
    DeliverySettings or = DeliverySettings.DEFAULT;
    Ordering ordering = fields.choice("ordering", Ordering.class, or.ordering());
    List<String> forwardNames = forwardHeaderNames(fields);
    Fields signing = fields.object("signing");
    var settings =
        new DeliverySettings(
            (int) fields.duration("timeout_ms", or.timeoutMillis(), 1, TIMEOUT_MILLIS_MAX),
            (int) fields.integer("max_in_flight", or.maxInFlight(), 1, IN_FLIGHT_MAX),
            fields.decimal(
                "rate_per_second", or.ratePerSecond(), RATE_PER_SECOND_MIN, RATE_PER_SECOND_MAX),
            ordering,
            orderingKey(fields, ordering),
            addedHeaders(fields),
            forward(fields),
            forwardNames,
            signing.flag("enabled", or.signingEnabled()),
            signingSecrets(signing, keptSecrets),
            AuthJson.auth(
                fields.object("auth"), tokenUrl -> rules.url().apply(tokenUrl, allowPrivate)),
            AuthJson.tls(fields.object("tls")));
    signing.end();
    requireFit(fields, settings, url);
    fields.end();
    return settings;
  }

  private static void requireFit(Fields fields, DeliverySettings settings, String url) {
    if (!(settings.auth() instanceof DestinationAuth.None))
      for (Header header : settings.headers())
        if (header.isNamed("Authorization"))
          fields
              .object("headers")
              .problem(header.name(), ErrorCode.INVALID_HEADER, "Is written by delivery.auth.");
    if (!settings.tls().equals(DestinationTls.NONE) && url.regionMatches(true, 0, "http:", 0, 5))
      fields.problem("tls", ErrorCode.INVALID_CONFIGURATION, "Needs a URL that begins with https.");
  }

  private List<SigningSecret> signingSecrets(Fields signing, List<SigningSecret> kept) {
    if (!signing.has("secrets")) return kept;
    List<SigningSecret> secrets = new ArrayList<>();
    for (String secret : secrets(signing, ConfigReader::signingSecretProblem)) {
      secrets.add(new SigningSecret(new Secret(secret), 0));
    }
    return secrets;
  }

  private static Optional<String> signingSecretProblem(String secret) {
    return StandardWebhooksSigner.secretProblem(new Secret(secret));
  }

  private static String orderingKey(Fields fields, Ordering ordering) {
    String key = configuration(fields, "ordering_key", "");
    if (key.isEmpty() && ordering != Ordering.KEYED) return key;
    OrderingKey.problem(key)
        .ifPresent(wrong -> fields.problem("ordering_key", ErrorCode.INVALID_CONFIGURATION, wrong));
    return key;
  }

  private static Forward forward(Fields fields) {
    Optional<JsonNode> value = fields.any("forward_headers");
    if (value.isPresent() && value.get().isArray()) return Forward.LISTED;
    return value.isPresent() && value.get().asText().equals("none") ? Forward.NONE : Forward.ALL;
  }

  private List<String> forwardHeaderNames(Fields fields) {
    Optional<JsonNode> value = fields.any("forward_headers");
    if (value.isEmpty()) return List.of();
    if (!value.get().isArray()) {
      if (!List.of("all", "none").contains(value.get().asText())) {
        fields.problem(
            "forward_headers", ErrorCode.INVALID_FIELD, "Must be all, none or a list of names.");
      }
      return List.of();
    }
    List<String> names = new ArrayList<>();
    int index = 0;
    for (JsonNode item : fields.items("forward_headers", HEADERS_MAX)) {
      String at = fields.pointerTo("forward_headers") + "/" + index++;
      if (item.isTextual() && HeaderName.isValid(item.textValue())) names.add(item.textValue());
      else problems.add(new Problem(at, ErrorCode.INVALID_HEADER, "Must be a header name."));
    }
    return names;
  }

  private List<Header> addedHeaders(Fields fields) {
    List<Header> headers = new ArrayList<>();
    Optional<JsonNode> lines = fields.any("headers");
    if (lines.isEmpty()) return headers;
    if (!lines.get().isObject() || lines.get().size() > HEADERS_MAX) {
      fields.problem(
          "headers", ErrorCode.INVALID_FIELD, "Must be an object of at most " + HEADERS_MAX + ".");
      return headers;
    }
    Fields members = fields.object("headers");
    for (var line : lines.get().properties()) {
      String name = line.getKey();
      if (!HeaderName.isValid(name)) {
        members.problem(name, ErrorCode.INVALID_HEADER, "Is not a header name.");
      } else if (ForwardedHeaders.isReserved(name)) {
        members.problem(name, ErrorCode.INVALID_HEADER, "Is written by the delivery itself.");
      }
      JsonNode value = line.getValue();
      Iterable<JsonNode> values = value.isArray() ? value : List.of(value);
      if (value.size() > HEADERS_MAX) {
        members.problem(name, ErrorCode.INVALID_HEADER, "Has too many values.");
        continue;
      }
      for (JsonNode one : values) headers.add(new Header(name, headerValue(members, name, one)));
    }
    return headers;
  }

  private static String headerValue(Fields members, String name, JsonNode value) {
    String text = value.isTextual() ? value.textValue() : "";
    if (!value.isTextual()) {
      members.problem(name, ErrorCode.INVALID_FIELD, "Must be a string or a list of strings.");
    } else if (text.length() > HEADER_VALUE_CHARS_MAX
        || !FIELD_VALUE.matcher(text).matches()
        || !text.strip().equals(text)) {
      members.problem(name, ErrorCode.INVALID_HEADER, "Is not a header value.");
    }
    return text;
  }
}
