package io.kapsel.endpoint;

import com.google.protobuf.CodedInputStream;
import io.kapsel.core.endpoint.Attempt;
import io.kapsel.core.endpoint.Circuit;
import io.kapsel.core.endpoint.Ended;
import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Endpoint.Offered;
import io.kapsel.core.endpoint.EndpointConfig;
import io.kapsel.core.endpoint.KeyHash;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Status;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.core.webhook.ErrorCode;
import io.kapsel.core.webhook.TenantId;
import io.kapsel.core.webhook.WebhookId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The journal's form of the endpoint's events. Field numbers and manifests are for ever; what was
 * written by any released version stays readable, and the golden files in the tests hold us to it.
 */
final class EventCodec {
  static final String CREATED = "created";
  static final String CONFIGURED = "configured";
  static final String STATUS_CHANGED = "status-changed";
  static final String ACCEPTED = "accepted";
  static final String ENDED = "ended";
  static final String RETRIED = "retried";
  static final String CIRCUIT_RESET = "circuit-reset";
  static final String HISTORY_CONFIRMED = "history-confirmed";

  /** Fields that hold a configuration. */
  static final int CREATED_CONFIG = 4;

  static final int CONFIGURED_CONFIG = 2;

  private static final Map<String, ErrorCode> ERROR_CODES = errorCodes();

  private EventCodec() {}

  static String manifest(Endpoint.Event event) {
    return switch (event) {
      case Endpoint.Created created -> CREATED;
      case Endpoint.Configured configured -> CONFIGURED;
      case Endpoint.StatusChanged changed -> STATUS_CHANGED;
      case Endpoint.WebhooksAccepted accepted -> ACCEPTED;
      case Endpoint.AttemptsEnded ended -> ENDED;
      case Endpoint.Retried retried -> RETRIED;
      case Endpoint.CircuitReset reset -> CIRCUIT_RESET;
      case Endpoint.HistoryConfirmed confirmed -> HISTORY_CONFIRMED;
    };
  }

  static byte[] encode(Endpoint.Event event) {
    return encode(event, ConfigJson::toJournal);
  }

  /**
   * @param config how a configuration is written
   */
  static byte[] encode(Endpoint.Event event, Function<EndpointConfig, byte[]> config) {
    return Wire.write(
        out -> {
          switch (event) {
            case Endpoint.Created created -> {
              out.number(1, created.atMillis());
              out.fixed(2, created.tenant().high());
              out.fixed(3, created.tenant().low());
              out.bytes(CREATED_CONFIG, config.apply(created.config()));
            }
            case Endpoint.Configured configured -> {
              out.number(1, configured.atMillis());
              out.bytes(CONFIGURED_CONFIG, config.apply(configured.config()));
            }
            case Endpoint.StatusChanged changed -> {
              out.number(1, changed.atMillis());
              out.text(2, changed.status().name());
              out.text(3, changed.reason());
            }
            case Endpoint.WebhooksAccepted accepted -> {
              out.number(1, accepted.atMillis());
              out.signed(2, accepted.windowFloorMillis());
              for (Offered offered : accepted.webhooks())
                out.message(3, item -> writeOffered(item, offered));
            }
            case Endpoint.AttemptsEnded ended -> writeEnded(out, ended);
            case Endpoint.Retried retried -> {
              out.number(1, retried.atMillis());
              out.fixed(2, retried.id().high());
              out.fixed(3, retried.id().low());
              out.fixed(4, retried.laneKey());
              out.number(5, retried.attempts());
            }
            case Endpoint.CircuitReset reset -> out.number(1, reset.atMillis());
            case Endpoint.HistoryConfirmed confirmed -> out.signed(1, confirmed.batch());
          }
        });
  }

  static Endpoint.Event decode(String manifest, byte[] bytes) {
    Fields fields = new Fields();
    return switch (manifest) {
      case CREATED -> {
        Wire.read(bytes, fields.numbers(1).fixed(2, 3).blob(CREATED_CONFIG));
        yield new Endpoint.Created(
            fields.at(1),
            new TenantId(fields.at(2), fields.at(3)),
            ConfigJson.fromJournal(fields.blob()));
      }
      case CONFIGURED -> {
        Wire.read(bytes, fields.numbers(1).blob(CONFIGURED_CONFIG));
        yield new Endpoint.Configured(fields.at(1), ConfigJson.fromJournal(fields.blob()));
      }
      case STATUS_CHANGED -> {
        Wire.read(bytes, fields.numbers(1).texts(2, 3));
        yield new Endpoint.StatusChanged(
            fields.at(1), Status.valueOf(fields.text(2)), fields.text(3));
      }
      case ACCEPTED -> decodeAccepted(bytes);
      case ENDED -> decodeEnded(bytes);
      case RETRIED -> {
        Wire.read(bytes, fields.numbers(1, 5).fixed(2, 3, 4));
        yield new Endpoint.Retried(
            fields.at(1),
            new WebhookId(fields.at(2), fields.at(3)),
            fields.at(4),
            (int) fields.at(5));
      }
      case CIRCUIT_RESET -> {
        Wire.read(bytes, fields.numbers(1));
        yield new Endpoint.CircuitReset(fields.at(1));
      }
      case HISTORY_CONFIRMED -> {
        Wire.read(bytes, fields.signed(1));
        yield new Endpoint.HistoryConfirmed(fields.at(1));
      }
      default -> throw new IllegalArgumentException("Unknown event: " + manifest);
    };
  }

  // ----------------------------------------------------------------------------- parts of events

  static void writeOffered(Wire.Writer out, Offered offered) throws IOException {
    out.fixed(1, offered.id().high());
    out.fixed(2, offered.id().low());
    KeyHash key = offered.key();
    if (key != null) {
      out.flag(3, true);
      out.fixed(4, key.high());
      out.fixed(5, key.low());
    }
    out.fixed(6, offered.bodyHash());
    out.fixed(7, offered.laneKey());
  }

  static Offered readOffered(byte[] bytes) {
    Fields fields = new Fields();
    Wire.read(bytes, fields.numbers(3).fixed(1, 2, 4, 5, 6, 7));
    KeyHash key = fields.at(3) == 0 ? null : new KeyHash(fields.at(4), fields.at(5));
    return new Offered(new WebhookId(fields.at(1), fields.at(2)), key, fields.at(6), fields.at(7));
  }

  private static Endpoint.WebhooksAccepted decodeAccepted(byte[] bytes) {
    Fields fields = new Fields().numbers(1).signed(2);
    List<Offered> webhooks = new ArrayList<>();
    Wire.read(
        bytes,
        (field, in) -> {
          if (field != 3) return fields.read(field, in);
          webhooks.add(readOffered(in.readByteArray()));
          return true;
        });
    return new Endpoint.WebhooksAccepted(fields.at(1), fields.at(2), webhooks);
  }

  static void writeEnded(Wire.Writer out, Endpoint.AttemptsEnded event) throws IOException {
    out.number(1, event.atMillis());
    out.number(2, event.batch());
    out.signed(3, event.confirmedBatch());
    out.message(4, circuit -> writeCircuit(circuit, event.circuit()));
    for (Ended ended : event.ended()) out.message(5, item -> writeEnded(item, ended));
  }

  static Endpoint.AttemptsEnded decodeEnded(byte[] bytes) {
    Fields fields = new Fields().numbers(1, 2).signed(3).blob(4);
    List<Ended> ended = new ArrayList<>();
    Wire.read(
        bytes,
        (field, in) -> {
          if (field != 5) return fields.read(field, in);
          ended.add(readEnded(in.readByteArray()));
          return true;
        });
    return new Endpoint.AttemptsEnded(
        fields.at(1), fields.at(2), fields.at(3), ended, readCircuit(fields.blob()));
  }

  private static void writeEnded(Wire.Writer out, Ended ended) throws IOException {
    Attempt attempt = ended.attempt();
    Outcome outcome = attempt.outcome();
    out.number(1, ended.sequence());
    out.fixed(2, attempt.webhook().high());
    out.fixed(3, attempt.webhook().low());
    out.number(4, attempt.number());
    out.number(5, attempt.startedAtMillis());
    out.number(6, attempt.durationMillis());
    out.number(7, number(ended.verdict()));
    out.number(8, ended.nextAttemptAtMillis());
    out.number(9, number(outcome.kind()));
    out.number(10, outcome.status());
    ErrorCode error = outcome.error();
    if (error != null) out.text(11, error.code());
    out.text(12, outcome.message());
    out.text(13, outcome.responseExcerpt());
    out.signed(14, outcome.retryAfterMillis());
  }

  private static Ended readEnded(byte[] bytes) {
    Fields fields = new Fields();
    Wire.read(
        bytes, fields.numbers(1, 4, 5, 6, 7, 8, 9, 10).fixed(2, 3).texts(11, 12, 13).signed(14));
    Outcome outcome =
        new Outcome(
            kind(fields.at(9)),
            (int) fields.at(10),
            ERROR_CODES.get(fields.text(11)),
            fields.text(12),
            fields.text(13),
            fields.at(14));
    Attempt attempt =
        new Attempt(
            new WebhookId(fields.at(2), fields.at(3)),
            (int) fields.at(4),
            fields.at(5),
            (int) fields.at(6),
            outcome);
    return new Ended(fields.at(1), attempt, verdict(fields.at(7)), fields.at(8));
  }

  static void writeCircuit(Wire.Writer out, Circuit circuit) throws IOException {
    out.text(1, circuit.phase() == Circuit.Phase.CLOSED ? "" : circuit.phase().name());
    out.number(2, circuit.consecutiveFailures());
    out.fixed(3, circuit.recent());
    out.number(4, circuit.recentCount());
    out.number(5, circuit.openUntilMillis());
    out.number(6, circuit.probesSucceeded());
    out.number(7, circuit.ramp());
  }

  static Circuit readCircuit(byte[] bytes) {
    Fields fields = new Fields();
    Wire.read(bytes, fields.texts(1).numbers(2, 4, 5, 6, 7).fixed(3));
    String phase = fields.text(1);
    return new Circuit(
        phase.isEmpty() ? Circuit.Phase.CLOSED : Circuit.Phase.valueOf(phase),
        (int) fields.at(2),
        fields.at(3),
        (int) fields.at(4),
        fields.at(5),
        (int) fields.at(6),
        (int) fields.at(7));
  }

  private static int number(Verdict verdict) {
    return switch (verdict) {
      case DELIVERED -> 0;
      case RETRY -> 1;
      case FAILED -> 2;
      case DEAD_LETTER -> 3;
    };
  }

  private static Verdict verdict(long number) {
    for (Verdict verdict : Verdict.values()) if (number(verdict) == number) return verdict;
    throw new IllegalArgumentException("Unknown verdict: " + number);
  }

  private static int number(Outcome.Kind kind) {
    return switch (kind) {
      case DELIVERED -> 0;
      case REFUSED -> 1;
      case GONE -> 2;
      case FAILED -> 3;
      case RATE_LIMITED -> 4;
      case UNKNOWN -> 5;
    };
  }

  private static Outcome.Kind kind(long number) {
    for (Outcome.Kind kind : Outcome.Kind.values()) if (number(kind) == number) return kind;
    throw new IllegalArgumentException("Unknown kind of outcome: " + number);
  }

  private static Map<String, ErrorCode> errorCodes() {
    Map<String, ErrorCode> codes = new TreeMap<>();
    for (ErrorCode code : ErrorCode.values()) codes.put(code.code(), code);
    return codes;
  }

  /** Reads the plain fields of one message into slots. */
  static final class Fields implements Wire.FieldReader {
    private enum Type {
      NUMBER,
      SIGNED,
      FIXED,
      TEXT,
      BLOB
    }

    private static final int SLOTS = 24;
    private final @Nullable Type[] types = new Type[SLOTS];
    private final long[] longs = new long[SLOTS];
    private final @Nullable String[] texts = new String[SLOTS];
    private byte[] blob = new byte[0];

    Fields numbers(int... fields) {
      return declare(Type.NUMBER, fields);
    }

    Fields signed(int... fields) {
      return declare(Type.SIGNED, fields);
    }

    Fields fixed(int... fields) {
      return declare(Type.FIXED, fields);
    }

    Fields texts(int... fields) {
      return declare(Type.TEXT, fields);
    }

    Fields blob(int field) {
      return declare(Type.BLOB, field);
    }

    private Fields declare(Type type, int... fields) {
      for (int field : fields) types[field] = type;
      return this;
    }

    @Override
    public boolean read(int field, CodedInputStream in) throws IOException {
      Type type = field < SLOTS ? types[field] : null;
      if (type == null) return false;
      switch (type) {
        case NUMBER -> longs[field] = in.readUInt64();
        case SIGNED -> longs[field] = in.readSInt64();
        case FIXED -> longs[field] = in.readFixed64();
        case TEXT -> texts[field] = in.readString();
        case BLOB -> blob = in.readByteArray();
      }
      return true;
    }

    long at(int field) {
      return longs[field];
    }

    String text(int field) {
      String text = texts[field];
      return text == null ? "" : text;
    }

    byte[] blob() {
      return blob;
    }
  }
}
