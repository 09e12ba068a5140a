package io.kapsel.simulation.picture;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The timeline as a page. Marks go as columns and webhooks by number: there may be many. */
public final class TimelinePage {
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  private TimelinePage() {}

  public static String of(Timeline timeline) {
    return Page.of("timeline", timeline.title(), data(timeline));
  }

  static ObjectNode data(Timeline timeline) {
    ObjectNode data = JSON.createObjectNode();
    data.put("verdict", timeline.verdict());
    data.put("title", timeline.title());
    data.put("headline", timeline.headline());
    facts(data.putArray("facts"), timeline.facts());
    facts(data.putArray("options"), timeline.options());
    timeline.commands().forEach(data.putArray("commands")::add);
    data.put("start", 0);
    data.put("end", millis(timeline.endNanos()));
    ArrayNode rules = data.putArray("rules");
    for (Timeline.Rule rule : timeline.rules())
      rules.addObject().put("at", millis(rule.atNanos())).put("label", rule.label());
    ArrayNode lanes = data.putArray("lanes");
    for (Timeline.Lane lane : timeline.lanes())
      lanes.addObject().put("group", word(lane.group())).put("name", lane.name());
    ArrayNode bands = data.putArray("bands");
    for (Timeline.Band band : timeline.bands())
      bands
          .addObject()
          .put("lane", band.lane())
          .put("from", millis(band.fromNanos()))
          .put("until", millis(band.untilNanos()))
          .put("kind", word(band.kind()))
          .put("row", band.row())
          .put("thin", band.thin())
          .put("label", band.label());
    ArrayNode faults = data.putArray("faults");
    for (Timeline.Hatch fault : timeline.faults()) {
      ObjectNode node = faults.addObject();
      node.put("from", millis(fault.fromNanos())).put("until", millis(fault.untilNanos()));
      node.put("label", fault.label());
      fault.lanes().forEach(node.putArray("lanes")::add);
    }
    marks(data, timeline.marks());
    violations(data.putArray("violations"), timeline.violations());
    return data;
  }

  private static void facts(ArrayNode to, List<Timeline.Fact> facts) {
    for (Timeline.Fact fact : facts) to.addArray().add(fact.name()).add(fact.value());
  }

  private static void marks(ObjectNode data, List<Timeline.Mark> marks) {
    Map<Timeline.Kind, Integer> places = new EnumMap<>(Timeline.Kind.class);
    ArrayNode kinds = data.putArray("kinds");
    for (Timeline.Kind each : Timeline.Kind.values()) {
      places.put(each, kinds.size());
      kinds.add(word(each));
    }
    Map<String, Integer> numbers = new LinkedHashMap<>();
    ObjectNode columns = data.putObject("marks");
    ArrayNode lane = columns.putArray("lane");
    ArrayNode at = columns.putArray("at");
    ArrayNode until = columns.putArray("until");
    ArrayNode kind = columns.putArray("kind");
    ArrayNode webhooks = columns.putArray("webhooks");
    ArrayNode text = columns.putArray("text");
    for (Timeline.Mark mark : marks) {
      lane.add(mark.lane());
      at.add(millis(mark.fromNanos()));
      until.add(millis(mark.untilNanos()));
      kind.add(places.get(mark.kind()));
      ArrayNode own = webhooks.addArray();
      for (String webhook : mark.webhooks()) {
        int next = numbers.size();
        own.add((int) numbers.computeIfAbsent(webhook, name -> next));
      }
      text.add(mark.text());
    }
    numbers.keySet().forEach(data.putArray("webhooks")::add);
  }

  private static void violations(ArrayNode to, List<Timeline.Broken> violations) {
    for (Timeline.Broken broken : violations) {
      ObjectNode node = to.addObject();
      node.put("invariant", broken.invariant()).put("promise", broken.promise());
      node.put("sentence", broken.sentence()).put("at", millis(broken.atNanos()));
      ArrayNode chain = node.putArray("chain");
      for (Timeline.Step step : broken.chain())
        chain
            .addObject()
            .put("at", millis(step.atNanos()))
            .put("lane", step.lane())
            .put("mark", step.mark())
            .put("text", step.text());
    }
  }

  /** To the microsecond. */
  private static double millis(long nanos) {
    return Math.round(nanos / 1e3) / 1e3;
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
