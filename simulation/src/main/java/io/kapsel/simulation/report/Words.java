package io.kapsel.simulation.report;

import io.kapsel.core.endpoint.Endpoint;
import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.core.webhook.WebhookId;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Trigger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Observations and faults in words. Knows the names that webhooks have at their senders. */
public final class Words {
  private static final int LISTED_MAX = 4;
  private static final int MESSAGE_CHARS_MAX = 90;
  private static final Pattern STATUS = Pattern.compile("_([1-5][0-9]{2})$");

  /** From the identifier that Kapsel gave to the sender's name. */
  private final Map<String, String> names = new TreeMap<>();

  private final Map<Integer, Fault> faults = new TreeMap<>();

  public Words(Result result) {
    for (Fault fault : result.plan().faults()) faults.put(fault.id(), fault);
    for (Observation seen : result.observations()) {
      switch (seen) {
        case Observation.ContentStored stored -> names.put(stored.event(), stored.webhook());
        case Observation.AttemptSent sent -> names.put(sent.event(), sent.webhook());
        case Observation.Answered answered -> {
          if (!answered.event().isEmpty()) names.put(answered.event(), answered.webhook());
        }
        default -> {}
      }
    }
  }

  private String name(WebhookId event) {
    return name(event.toString());
  }

  private String name(String event) {
    return names.getOrDefault(event, event);
  }

  /** The webhooks that it is about, by their senders' names. */
  public List<String> webhooks(Observation seen) {
    return switch (seen) {
      case Observation.Requested o -> List.of(o.webhook());
      case Observation.Answered o -> List.of(o.webhook());
      case Observation.Unanswered o -> List.of(o.webhook());
      case Observation.SenderGaveUp o -> List.of(o.webhook());
      case Observation.ContentStored o -> List.of(o.webhook());
      case Observation.ContentRemoved o -> List.of(name(o.event()));
      case Observation.ContentRequested o ->
          o.events().stream().map(this::name).distinct().toList();
      case Observation.Journaled o -> inEvents(o.events());
      case Observation.HistoryRecorded o -> List.of(name(o.event()));
      case Observation.AttemptSent o -> List.of(o.webhook());
      case Observation.AttemptSeen o -> List.of(o.webhook());
      case Observation.AttemptEnded o -> List.of(o.webhook());
      default -> List.of();
    };
  }

  private List<String> inEvents(List<Endpoint.Event> events) {
    List<String> found = new ArrayList<>();
    for (Endpoint.Event event : events) {
      switch (event) {
        case Endpoint.WebhooksAccepted accepted ->
            accepted.webhooks().forEach(each -> found.add(name(each.id())));
        case Endpoint.AttemptsEnded ended ->
            ended.ended().forEach(each -> found.add(name(each.attempt().webhook())));
        case Endpoint.Retried retried -> found.add(name(retried.id()));
        default -> {}
      }
    }
    return found.stream().distinct().toList();
  }

  /** One clause without its time. */
  public String tell(Observation seen) {
    return switch (seen) {
      case Observation.NodeBooted o -> o.node() + " starts";
      case Observation.NodeCrashed o -> o.node() + " crashes";
      case Observation.NodeExited o -> o.node() + " has exited";
      case Observation.NodeLeaving o -> o.node() + " begins to leave";
      case Observation.FoundAlive o -> o.node() + " joins: by the register " + o.alive() + " lives";
      case Observation.NodeServes o -> o.node() + " serves";
      case Observation.EndpointStarted o -> o.endpoint() + " starts on " + o.node();
      case Observation.EndpointStopped o -> o.endpoint() + " stops on " + o.node();
      case Observation.ErrorLogged o ->
          o.node() + " logs an ERROR, " + simple(o.logger()) + ": " + beginning(o.message());
      case Observation.Requested o ->
          "the sender posts "
              + o.webhook()
              + " to "
              + o.endpoint()
              + " through "
              + o.node()
              + (o.attempt() > 1 ? ", " + ordinal(o.attempt()) + " time" : "")
              + (o.valid() ? "" : ", not acceptable");
      case Observation.Answered o -> answer(o);
      case Observation.Unanswered o -> "no answer for " + o.webhook() + ": " + o.why();
      case Observation.SenderGaveUp o -> "the sender of " + o.webhook() + " gives up";
      case Observation.ContentStored o -> "the content of " + o.webhook() + " is stored";
      case Observation.ContentRemoved o -> "the content of " + name(o.event()) + " is removed";
      case Observation.ContentRequested o ->
          o.node() + " fetches the content of " + some(webhooks(o));
      case Observation.Journaled o -> o.endpoint() + " journals " + events(o.events());
      case Observation.JournalRefused o ->
          "a journal write of " + o.endpoint() + " fails on " + o.node() + ": " + o.why();
      case Observation.JournalConfirmed o ->
          o.endpoint()
              + " on "
              + o.node()
              + " learns that number "
              + o.firstSequenceNr()
              + " is stored";
      case Observation.Recovering o -> o.endpoint() + " recovers on " + o.node();
      case Observation.SnapshotStored o ->
          o.endpoint() + " saves a snapshot at number " + o.sequenceNr();
      case Observation.HistoryRecorded o ->
          "history has attempt "
              + o.number()
              + " of "
              + name(o.event())
              + ": "
              + words(o.kind())
              + consequence(o.verdict());
      case Observation.AttemptSent o ->
          o.node()
              + " sends "
              + o.webhook()
              + " to the destination of "
              + o.endpoint()
              + ", attempt "
              + o.number();
      case Observation.AttemptSeen o ->
          "the destination of "
              + o.endpoint()
              + (o.processed() ? " processes" : " sees")
              + " attempt "
              + o.number()
              + " of "
              + o.webhook()
              + " and "
              + behaviour(o.behaviour());
      case Observation.AttemptEnded o ->
          "attempt "
              + o.number()
              + " of "
              + o.webhook()
              + " ended on "
              + o.node()
              + ": "
              + words(o.kind())
              + (o.status() > 0 ? ", status " + o.status() : "")
              + (o.retryAfterMillis() >= 0
                  ? ", come back in " + Clock.span(o.retryAfterMillis() * 1_000_000)
                  : "");
      case Observation.CircuitChanged o ->
          "the circuit of "
              + o.endpoint()
              + " is "
              + o.phase().name().toLowerCase(Locale.ROOT).replace('_', '-')
              + (o.why().isEmpty() ? "" : " (" + o.why() + ")");
      case Observation.Ordered o ->
          "the operator asks " + o.endpoint() + " through " + o.node() + ": " + o.what();
      case Observation.OrderAnswered o ->
          "the operator's answer from " + o.endpoint() + " to " + o.what() + ": " + o.answer();
      case Observation.Admitted o -> o.node() + " admits a webhook of " + o.account();
      case Observation.LimitsShared o ->
          o.node()
              + (o.shared()
                  ? " leases its limits from the bank"
                  : " grants its own share of the limits: " + o.why());
      case Observation.FaultBegan o -> "fault #" + o.fault() + ": " + fault(o.fault(), o.what());
      case Observation.FaultEnded o ->
          "fault #" + o.fault() + " is over: " + fault(o.fault(), o.what());
      case Observation.PhaseBegan o -> "phase " + o.phase();
    };
  }

  private String fault(int id, String otherwise) {
    Fault fault = faults.get(id);
    return fault == null ? otherwise : tell(fault);
  }

  private static String answer(Observation.Answered o) {
    String status = o.status() + (o.code().isEmpty() ? "" : " " + o.code());
    return o.status() == 200
        ? o.webhook() + " is acknowledged"
        : o.webhook() + " is answered with " + status;
  }

  private String events(List<Endpoint.Event> events) {
    List<String> told = new ArrayList<>();
    for (Endpoint.Event event : events) {
      told.add(
          switch (event) {
            case Endpoint.Created created -> "its creation";
            case Endpoint.Configured configured -> "a configuration";
            case Endpoint.StatusChanged changed ->
                "that it is " + changed.status().name().toLowerCase(Locale.ROOT);
            case Endpoint.WebhooksAccepted accepted ->
                "the acceptance of "
                    + some(accepted.webhooks().stream().map(each -> name(each.id())).toList());
            case Endpoint.AttemptsEnded ended ->
                "the outcome of "
                    + some(
                        ended.ended().stream()
                            .map(
                                each ->
                                    name(each.attempt().webhook()) + "#" + each.attempt().number())
                            .toList());
            case Endpoint.Retried retried -> "a manual retry of " + name(retried.id());
            case Endpoint.CircuitReset reset -> "that its circuit is reset";
            case Endpoint.HistoryConfirmed confirmed ->
                "that history holds batch " + confirmed.batch();
          });
    }
    return String.join(", ", told);
  }

  /** What befalls whom, without its number. */
  public static String tell(Fault fault) {
    String target = fault.target().isEmpty() ? "all" : fault.target();
    String amount = number(fault.amount());
    String share = percent(fault.amount());
    String all =
        fault.target().isEmpty() ? "the database" : fault.target().toLowerCase(Locale.ROOT);
    return switch (fault.kind()) {
      case CRASH -> "crash of " + target;
      case BOOT_LOOP -> target + " crashes at every start, " + amount + " times";
      case PAUSE -> target + " pauses";
      case SLOW -> target + " is slow, " + amount + " ms a task";
      case LEAVE ->
          target + " leaves" + (fault.amount() > 0 ? ", outcomes come " + amount + " ms late" : "");
      case POWER_CUT -> "every node is killed, and the database is down";
      case ROLLING_RESTART -> "rolling restart";
      case STORE_DOWN -> all + " is down";
      case STORE_REFUSES -> all + " refuses " + share + " of writes";
      case STORE_LOSES_ANSWERS -> all + " loses " + share + " of answers";
      case STORE_LATE -> all + " is late, " + share;
      case STORE_SLOW -> all + " is " + amount + " times slower";
      case STORE_READS_FAIL -> all + " fails " + share + " of reads";
      case PARTITION -> "partition of " + target;
      case ONE_WAY -> target + " is heard by nobody";
      case FRAME_LOSS -> share + " of frames are lost";
      case NETWORK_SLOW -> "network " + amount + " times slower";
      case DESTINATION -> "destination of " + target + " " + behaviour(fault.detail());
      case CLOCK_STEP -> "wall clock of " + target + " jumps " + amount + " ms";
      case SWIZZLE_CLOG -> "links stall one after the other";
      case JOINS_ALONE -> target + " restarts and reaches one other node only";
      case BANK_DOWN -> "the bank of limits is down";
      case BANK_SLOW -> "the bank of limits is " + amount + " times slower";
      case BANK_FLUSHED -> "the bank of limits forgets its buckets";
      case OUTCOMES_LATE -> "outcomes reach " + target + " " + amount + " ms late";
      case WRITE_OUTLIVES ->
          "crash of " + target + " in a write to its journal, which lands " + amount + " ms later";
      case CLOCK_DRIFT -> "wall clock of " + target + " drifts " + share;
    };
  }

  /** When it begins. */
  public static String tell(Trigger trigger) {
    if (trigger.on() == Trigger.On.TIME) return "at " + Clock.span(trigger.atMillis() * 1_000_000);
    String what = trigger.on().name().toLowerCase(Locale.ROOT).replace('_', ' ');
    String where = trigger.node().isEmpty() ? "" : " on " + trigger.node();
    return "at "
        + what
        + " no. "
        + trigger.nth()
        + where
        + " after "
        + Clock.span(trigger.atMillis() * 1_000_000);
  }

  private static String behaviour(String name) {
    return switch (name) {
      case "OK" -> "answers 200";
      case "SLOW_OK" -> "answers just in time";
      case "LATE_OK" -> "answers too late";
      case "RESET_AFTER" -> "breaks the connection afterwards";
      case "CUT_OFF_200" -> "breaks off its answer";
      case "SILENCE" -> "never answers";
      case "RESET_BEFORE" -> "breaks the connection";
      case "CONNECTION_REFUSED" -> "refuses connections";
      case "CONNECT_TIMEOUT" -> "cannot be reached";
      case "DNS_FAILURE" -> "has no address";
      case "TLS_FAILURE" -> "fails the TLS handshake";
      case "FLAPPING" -> "works and fails by turns";
      case "GARBAGE" -> "answers garbage";
      default -> {
        Matcher status = STATUS.matcher(name);
        yield status.find()
            ? "answers " + status.group(1)
            : "is " + name.toLowerCase(Locale.ROOT).replace('_', ' ');
      }
    };
  }

  private static String words(Outcome.Kind kind) {
    return switch (kind) {
      case DELIVERED -> "delivered";
      case REFUSED -> "refused for good";
      case GONE -> "gone for good";
      case FAILED -> "failed";
      case RATE_LIMITED -> "rate limited";
      case UNKNOWN -> "outcome unknown";
    };
  }

  private static String consequence(Verdict verdict) {
    return switch (verdict) {
      case DELIVERED -> "";
      case RETRY -> ", to be retried";
      case FAILED -> ", the webhook has failed";
      case DEAD_LETTER -> ", a dead letter";
    };
  }

  private static String some(List<String> names) {
    List<String> distinct = List.copyOf(new TreeSet<>(names));
    if (distinct.size() <= LISTED_MAX) return String.join(", ", distinct);
    return String.join(", ", distinct.subList(0, LISTED_MAX - 1))
        + " and "
        + (distinct.size() - LISTED_MAX + 1)
        + " more";
  }

  private static String ordinal(int number) {
    return switch (number) {
      case 2 -> "second";
      case 3 -> "third";
      default -> number + "th";
    };
  }

  /** A class, or an actor. */
  private static String simple(String logger) {
    return logger.substring(Math.max(logger.lastIndexOf('.'), logger.lastIndexOf('/')) + 1);
  }

  /** The violation has all of it. */
  private static String beginning(String message) {
    return message.length() <= MESSAGE_CHARS_MAX
        ? message
        : message.substring(0, MESSAGE_CHARS_MAX - 1) + "…";
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, "%.2f", value);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, share < 0.1 ? "%.1f %%" : "%.0f %%", share * 100);
  }
}
