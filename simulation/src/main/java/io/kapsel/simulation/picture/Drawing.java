package io.kapsel.simulation.picture;

import io.kapsel.core.endpoint.Outcome;
import io.kapsel.core.endpoint.Verdict;
import io.kapsel.simulation.picture.Timeline.Band;
import io.kapsel.simulation.picture.Timeline.Broken;
import io.kapsel.simulation.picture.Timeline.Condition;
import io.kapsel.simulation.picture.Timeline.Fact;
import io.kapsel.simulation.picture.Timeline.Group;
import io.kapsel.simulation.picture.Timeline.Hatch;
import io.kapsel.simulation.picture.Timeline.Kind;
import io.kapsel.simulation.picture.Timeline.Lane;
import io.kapsel.simulation.picture.Timeline.Mark;
import io.kapsel.simulation.picture.Timeline.Rule;
import io.kapsel.simulation.picture.Timeline.Step;
import io.kapsel.simulation.report.Clock;
import io.kapsel.simulation.report.Guarantees;
import io.kapsel.simulation.report.Words;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Violation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** From what was seen in a run to what is drawn of it. */
public final class Drawing {
  private static final int VIOLATIONS_MAX = 50;

  private final Result result;
  private final Words words;
  private final List<Observation> seen;
  private final long endNanos;
  private final List<Lane> lanes = new ArrayList<>();
  private final Map<String, Integer> laneOf = new TreeMap<>();
  private final List<Band> bands = new ArrayList<>();
  private final List<Mark> marks = new ArrayList<>();
  private final List<Rule> rules = new ArrayList<>();

  /** The mark that shows an observation. */
  private final int[] markOf;

  /** What has begun and not ended, with the index of the observation that began it. */
  private final Map<String, Integer> begun = new TreeMap<>();

  /** Ends of the bands on each row of a lane. */
  private final Map<Integer, List<Long>> rows = new TreeMap<>();

  private final Set<String> acknowledged = new TreeSet<>();

  private Drawing(Result result) {
    this.result = result;
    this.words = new Words(result);
    this.seen = result.observations();
    this.endNanos =
        seen.isEmpty()
            ? result.virtualNanos()
            : Math.max(result.virtualNanos(), seen.getLast().atNanos());
    this.markOf = new int[seen.size()];
    Arrays.fill(markOf, -1);
  }

  /**
   * @param commands what to type to see this again
   */
  public static Timeline of(Result result, String commit, List<String> commands) {
    return new Drawing(result).timeline(commit, commands);
  }

  private Timeline timeline(String commit, List<String> commands) {
    makeLanes();
    for (int i = 0; i < seen.size(); i++) draw(i);
    endOpenBands();
    List<Hatch> faults = faults();
    List<Broken> broken =
        result.violations().stream()
            .sorted(Comparator.comparing(Violation::severity))
            .limit(VIOLATIONS_MAX)
            .map(this::broken)
            .toList();
    String profile = result.scenario().profile().name().toLowerCase(Locale.ROOT);
    return new Timeline(
        broken.isEmpty() ? "passed" : "failed",
        "Seed %d, %s world".formatted(result.scenario().seed(), profile),
        broken.isEmpty() ? "every invariant held" : headline(broken.getFirst()),
        facts(commit),
        result.options().byKey().entrySet().stream()
            .map(option -> new Fact(option.getKey(), option.getValue()))
            .toList(),
        commands,
        endNanos,
        rules,
        lanes,
        bands,
        faults,
        marks,
        broken);
  }

  private static String headline(Broken broken) {
    return broken.invariant() + ": " + broken.sentence();
  }

  private List<Fact> facts(String commit) {
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact("seed", Long.toString(result.scenario().seed())));
    facts.add(new Fact("commit", commit));
    if (!result.scenario().mutant().isEmpty())
      facts.add(new Fact("mutant", result.scenario().mutant()));
    facts.add(new Fact("virtual time", Clock.span(result.virtualNanos())));
    facts.add(new Fact("steps", "%,d".formatted(result.steps())));
    facts.add(new Fact("processor time", Clock.span(result.cpuNanos())));
    facts.add(
        new Fact(
            "observations",
            "%,d".formatted(seen.size())
                + (result.observationsDropped() > 0
                    ? ", %,d left out".formatted(result.observationsDropped())
                    : "")));
    facts.add(new Fact("trace hash", result.hash()));
    return facts;
  }

  // ------------------------------------------------------------------------------------- lanes

  private void makeLanes() {
    Set<String> nodes = new TreeSet<>(Drawing::byNumber);
    Set<String> endpoints = new TreeSet<>(Drawing::byNumber);
    for (Observation each : seen) {
      switch (each) {
        case Observation.NodeBooted o -> nodes.add(place(o.node()));
        case Observation.Requested o -> endpoints.add(o.endpoint());
        case Observation.EndpointStarted o -> endpoints.add(o.endpoint());
        case Observation.Journaled o -> endpoints.add(o.endpoint());
        default -> {}
      }
    }
    add(Group.FAULTS, "");
    for (String endpoint : endpoints) add(Group.SENDERS, endpoint);
    for (String node : nodes) add(Group.NODES, node);
    for (String endpoint : endpoints) add(Group.ENDPOINTS, endpoint);
    for (String endpoint : endpoints) add(Group.DESTINATIONS, endpoint);
    for (String table : List.of("journal", "content", "history")) add(Group.STORAGE, table);
  }

  private void add(Group group, String name) {
    laneOf.put(group + name, lanes.size());
    lanes.add(new Lane(group, name));
  }

  private int lane(Group group, String name) {
    return laneOf.getOrDefault(group + name, 0);
  }

  private static int byNumber(String a, String b) {
    int byLength = Integer.compare(a.length(), b.length());
    return byLength != 0 ? byLength : a.compareTo(b);
  }

  private static String place(String node) {
    int dot = node.indexOf('.');
    return dot < 0 ? node : node.substring(0, dot);
  }

  // ------------------------------------------------------------------------------ what happened

  private void draw(int i) {
    Observation each = seen.get(i);
    switch (each) {
      case Observation.NodeBooted o -> begun.put("node " + o.node(), i);
      case Observation.NodeCrashed o -> nodeEnded(i, o.node(), Kind.ERROR);
      case Observation.NodeExited o -> nodeEnded(i, o.node(), Kind.NOTE);
      case Observation.NodeLeaving o -> mark(i, nodeLane(o.node()), Kind.OPERATOR);
      case Observation.FoundAlive o -> mark(i, nodeLane(o.node()), Kind.NOTE);
      case Observation.NodeServes o -> mark(i, nodeLane(o.node()), Kind.RECOVERED);
      case Observation.ErrorLogged o -> mark(i, nodeLane(o.node()), Kind.ERROR);
      case Observation.EndpointStarted o -> endpointStarted(i, o);
      case Observation.EndpointStopped o -> endpointStopped(o.atNanos(), o.node(), o.endpoint());
      case Observation.Requested o -> begun.put(request(o.webhook(), o.attempt()), i);
      case Observation.Answered o -> answered(i, o);
      case Observation.Unanswered o ->
          span(i, senderLane(o.endpoint()), request(o.webhook(), o.attempt()), Kind.UNANSWERED);
      case Observation.SenderGaveUp o -> mark(i, senderLane(o.endpoint()), Kind.NOTE);
      case Observation.ContentStored o -> mark(i, lane(Group.STORAGE, "content"), Kind.WRITE);
      case Observation.ContentRemoved o -> {}
      case Observation.ContentRequested o -> {}
      case Observation.Journaled o -> mark(i, lane(Group.STORAGE, "journal"), Kind.WRITE);
      case Observation.JournalRefused o ->
          mark(i, lane(Group.STORAGE, "journal"), Kind.WRITE_FAILED);
      case Observation.JournalConfirmed o -> {}
      case Observation.Recovering o -> mark(i, endpointLane(o.endpoint()), Kind.RECOVERED);
      case Observation.SnapshotStored o -> mark(i, endpointLane(o.endpoint()), Kind.SNAPSHOT);
      case Observation.HistoryRecorded o -> history(i, o);
      case Observation.AttemptSent o -> begun.put(attempt(o.node(), o.event(), o.number()), i);
      case Observation.AttemptSeen o -> {}
      case Observation.AttemptEnded o ->
          span(
              i,
              destinationLane(o.endpoint()),
              attempt(o.node(), o.event(), o.number()),
              kind(o.kind()));
      case Observation.CircuitChanged o -> circuit(i, o);
      case Observation.Ordered o -> mark(i, endpointLane(o.endpoint()), Kind.OPERATOR);
      case Observation.OrderAnswered o -> mark(i, endpointLane(o.endpoint()), Kind.OPERATOR);
      case Observation.Admitted o -> {}
      case Observation.LimitsShared o -> mark(i, nodeLane(o.node()), Kind.NOTE);
      case Observation.FaultBegan o -> {}
      case Observation.FaultEnded o -> {}
      case Observation.PhaseBegan o -> rules.add(new Rule(o.atNanos(), o.phase()));
    }
  }

  private int nodeLane(String node) {
    return lane(Group.NODES, place(node));
  }

  private int senderLane(String endpoint) {
    return lane(Group.SENDERS, endpoint);
  }

  private int endpointLane(String endpoint) {
    return lane(Group.ENDPOINTS, endpoint);
  }

  private int destinationLane(String endpoint) {
    return lane(Group.DESTINATIONS, endpoint);
  }

  private static String request(String webhook, int attempt) {
    return "request " + webhook + " " + attempt;
  }

  private static String attempt(String node, String event, int number) {
    return "attempt " + node + " " + event + " " + number;
  }

  private void mark(int i, int lane, Kind kind) {
    Observation each = seen.get(i);
    markOf[i] = marks.size();
    marks.add(
        new Mark(
            lane, each.atNanos(), each.atNanos(), kind, words.webhooks(each), words.tell(each)));
  }

  /** A mark that began with an earlier observation. */
  private void span(int i, int lane, String key, Kind kind) {
    Observation each = seen.get(i);
    Integer from = begun.remove(key);
    markOf[i] = marks.size();
    if (from != null) markOf[from] = marks.size();
    marks.add(
        new Mark(
            lane,
            from == null ? each.atNanos() : seen.get(from).atNanos(),
            each.atNanos(),
            kind,
            words.webhooks(each),
            words.tell(each)));
  }

  private void answered(int i, Observation.Answered o) {
    Kind kind = Kind.REJECTED;
    if (o.status() == 200) {
      kind = acknowledged.add(o.event()) ? Kind.ACCEPTED : Kind.DUPLICATE;
    } else if (o.status() == 429 || o.status() >= 500) {
      kind = Kind.UNAVAILABLE;
    }
    span(i, senderLane(o.endpoint()), request(o.webhook(), o.attempt()), kind);
  }

  private static Kind kind(Outcome.Kind outcome) {
    return switch (outcome) {
      case DELIVERED -> Kind.DELIVERED;
      case REFUSED, GONE -> Kind.REFUSED;
      case FAILED -> Kind.FAILED;
      case RATE_LIMITED -> Kind.LIMITED;
      case UNKNOWN -> Kind.UNKNOWN;
    };
  }

  private void history(int i, Observation.HistoryRecorded o) {
    mark(i, lane(Group.STORAGE, "history"), Kind.WRITE);
    if (o.verdict() == Verdict.DEAD_LETTER || o.verdict() == Verdict.FAILED)
      mark(i, endpointLane(o.endpoint()), Kind.DEAD);
  }

  // ------------------------------------------------------------------------- conditions that last

  private void nodeEnded(int i, String node, Kind kind) {
    mark(i, nodeLane(node), kind);
    long at = seen.get(i).atNanos();
    Integer from = begun.remove("node " + node);
    band(nodeLane(node), from, at, Condition.INCARNATION, node);
    // What lived there is gone with it.
    List<String> owned =
        begun.keySet().stream().filter(key -> key.startsWith("owner " + node + " ")).toList();
    for (String key : owned) endpointStopped(at, node, key.substring(key.lastIndexOf(' ') + 1));
    List<String> inFlight =
        begun.keySet().stream().filter(key -> key.startsWith("attempt " + node + " ")).toList();
    for (String key : inFlight) lost(key, at);
  }

  /** An attempt of which nobody knows the end. */
  private void lost(String key, long at) {
    Integer from = begun.remove(key);
    if (from == null || !(seen.get(from) instanceof Observation.AttemptSent sent)) return;
    markOf[from] = marks.size();
    marks.add(
        new Mark(
            destinationLane(sent.endpoint()),
            sent.atNanos(),
            at,
            Kind.UNKNOWN,
            List.of(sent.webhook()),
            "attempt %d of %s: its node %s is gone, nobody knows"
                .formatted(sent.number(), sent.webhook(), sent.node())));
  }

  private void endpointStarted(int i, Observation.EndpointStarted o) {
    begun.put("owner " + o.node() + " " + o.endpoint(), i);
    begun.putIfAbsent("circuit " + o.endpoint(), i);
  }

  private void endpointStopped(long at, String node, String endpoint) {
    Integer from = begun.remove("owner " + node + " " + endpoint);
    band(endpointLane(endpoint), from, at, Condition.OWNER, node);
  }

  private void circuit(int i, Observation.CircuitChanged o) {
    String key = "circuit " + o.endpoint();
    Integer before = begun.put(key, i);
    if (before != null) circuitBand(o.endpoint(), before, o.atNanos());
    mark(i, endpointLane(o.endpoint()), Kind.NOTE);
  }

  private void circuitBand(String endpoint, int since, long until) {
    Condition condition = Condition.CLOSED;
    if (seen.get(since) instanceof Observation.CircuitChanged changed) {
      condition =
          switch (changed.phase()) {
            case CLOSED -> Condition.CLOSED;
            case OPEN -> Condition.OPEN;
            case HALF_OPEN -> Condition.HALF_OPEN;
          };
    }
    bands.add(
        new Band(
            endpointLane(endpoint),
            seen.get(since).atNanos(),
            until,
            condition,
            0,
            true,
            "circuit " + condition.name().toLowerCase(Locale.ROOT).replace('_', '-')));
  }

  private void band(
      int lane, @Nullable Integer from, long until, Condition condition, String label) {
    if (from == null) return;
    long since = seen.get(from).atNanos();
    List<Long> ends = rows.computeIfAbsent(lane, key -> new ArrayList<>());
    int row = 0;
    while (row < ends.size() && ends.get(row) > since) row++;
    if (row == ends.size()) ends.add(until);
    else ends.set(row, until);
    bands.add(new Band(lane, since, until, condition, row, false, label));
  }

  private void endOpenBands() {
    for (String key : List.copyOf(begun.keySet())) {
      Integer from = begun.get(key);
      if (from == null) continue;
      switch (seen.get(from)) {
        case Observation.NodeBooted o ->
            band(nodeLane(o.node()), from, endNanos, Condition.INCARNATION, o.node());
        case Observation.EndpointStarted o -> {
          if (key.startsWith("owner "))
            band(endpointLane(o.endpoint()), from, endNanos, Condition.OWNER, o.node());
          else circuitBand(o.endpoint(), from, endNanos);
        }
        case Observation.CircuitChanged o -> circuitBand(o.endpoint(), from, endNanos);
        case Observation.AttemptSent o -> lost(key, endNanos);
        case Observation.Requested o -> mark(from, senderLane(o.endpoint()), Kind.UNANSWERED);
        default -> {}
      }
    }
  }

  // ------------------------------------------------------------------------------------ faults

  private List<Hatch> faults() {
    Map<Integer, Fault> planned = new TreeMap<>();
    for (Fault fault : result.plan().faults()) planned.put(fault.id(), fault);
    Map<Integer, Long> since = new TreeMap<>();
    List<Hatch> hatches = new ArrayList<>();
    for (Observation each : seen) {
      if (each instanceof Observation.FaultBegan began) {
        since.putIfAbsent(began.fault(), began.atNanos());
      } else if (each instanceof Observation.FaultEnded ended) {
        Long from = since.remove(ended.fault());
        if (from != null) hatches.add(hatch(ended.fault(), from, ended.atNanos(), planned));
      }
    }
    since.forEach(
        (id, from) -> {
          Fault fault = planned.get(id);
          long length = fault == null ? 0 : fault.forMillis() * 1_000_000;
          hatches.add(hatch(id, from, Math.min(endNanos, from + length), planned));
        });
    hatches.sort(Comparator.comparingLong(Hatch::fromNanos));
    return hatches;
  }

  private Hatch hatch(int id, long from, long until, Map<Integer, Fault> planned) {
    Fault fault = planned.get(id);
    String label = fault == null ? "fault " + id : Words.tell(fault);
    return new Hatch(id, from, until, fault == null ? List.of() : lanes(fault), label);
  }

  private List<Integer> lanes(Fault fault) {
    List<String> targets = List.of(fault.target().split(","));
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < lanes.size(); i++) {
      Lane lane = lanes.get(i);
      boolean all = fault.target().isEmpty();
      boolean befalls =
          switch (fault.kind()) {
            case CRASH,
                BOOT_LOOP,
                PAUSE,
                SLOW,
                LEAVE,
                ROLLING_RESTART,
                PARTITION,
                ONE_WAY,
                FRAME_LOSS,
                NETWORK_SLOW,
                CLOCK_STEP,
                CLOCK_DRIFT,
                SWIZZLE_CLOG,
                JOINS_ALONE,
                BANK_DOWN,
                BANK_SLOW,
                BANK_FLUSHED,
                OUTCOMES_LATE,
                WRITE_OUTLIVES,
                POWER_CUT ->
                lane.group() == Group.NODES && (all || targets.contains(lane.name()));
            case STORE_DOWN,
                STORE_REFUSES,
                STORE_LOSES_ANSWERS,
                STORE_LATE,
                STORE_SLOW,
                STORE_READS_FAIL ->
                lane.group() == Group.STORAGE
                    && (all || targets.contains(lane.name().toUpperCase(Locale.ROOT)));
            case DESTINATION ->
                lane.group() == Group.DESTINATIONS && (all || targets.contains(lane.name()));
          };
      if (befalls) found.add(i);
    }
    return found;
  }

  // -------------------------------------------------------------------------------- violations

  private Broken broken(Violation violation) {
    List<Step> chain = new ArrayList<>();
    long at = 0;
    for (int cause : violation.causes()) {
      if (cause < 0 || cause >= seen.size()) continue;
      Observation each = seen.get(cause);
      int mark = markOf[cause];
      int lane = mark >= 0 ? marks.get(mark).lane() : laneFor(each);
      chain.add(new Step(each.atNanos(), lane, mark, words.tell(each)));
      at = Math.max(at, each.atNanos());
    }
    return new Broken(
        violation.invariant(),
        Guarantees.shortly(violation.invariant()),
        violation.sentence(),
        chain.isEmpty() ? endNanos : at,
        chain);
  }

  /** For what has no mark of its own. */
  private int laneFor(Observation each) {
    return switch (each) {
      case Observation.NodeBooted o -> nodeLane(o.node());
      case Observation.EndpointStarted o -> endpointLane(o.endpoint());
      case Observation.EndpointStopped o -> endpointLane(o.endpoint());
      case Observation.ContentRemoved o -> lane(Group.STORAGE, "content");
      case Observation.ContentRequested o -> lane(Group.STORAGE, "content");
      case Observation.JournalConfirmed o -> lane(Group.STORAGE, "journal");
      case Observation.AttemptSeen o -> destinationLane(o.endpoint());
      default -> 0;
    };
  }
}
