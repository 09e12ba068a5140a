package io.kapsel.simulation.picture;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.simulation.report.Outage;
import java.util.List;
import java.util.Locale;

/** An outage as a page: attempts over time, the backlog, and how late each webhook was. */
public final class OutagePage {
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  private OutagePage() {}

  /**
   * @param policy the settings that were tried, and whether each is the default
   * @param command what to type to see this again
   */
  public static String of(Outage outage, List<Setting> policy, String command) {
    return Page.of("outage", "Outage rehearsal", data(outage, policy, command));
  }

  public record Setting(String name, String value, boolean isUsual) {}

  private static ObjectNode data(Outage outage, List<Setting> policy, String command) {
    ObjectNode data = JSON.createObjectNode();
    data.put("sentence", outage.sentence());
    data.put("command", command);
    data.put("slot", seconds(outage.slotNanos()));
    data.put("end", seconds(outage.endNanos()));
    data.put("downFrom", seconds(outage.downFromNanos()));
    data.put("downUntil", seconds(outage.downUntilNanos()));
    ArrayNode slots = data.putArray("slots");
    for (Outage.Slot slot : outage.slots())
      slots
          .addArray()
          .add(slot.accepted())
          .add(slot.refused())
          .add(slot.delivered())
          .add(slot.failed())
          .add(slot.limited())
          .add(slot.unknown())
          .add(slot.backlog());
    ArrayNode journeys = data.putArray("journeys");
    for (Outage.Journey journey : outage.journeys())
      journeys
          .addArray()
          .add(seconds(journey.acceptedNanos()))
          .add(journey.endedNanos() < 0 ? -1 : seconds(journey.delayNanos()))
          .add(journey.attempts())
          .add(journey.isDelivered() ? 1 : 0);
    ArrayNode circuit = data.putArray("circuit");
    for (Outage.Phase phase : outage.circuit())
      circuit
          .addArray()
          .add(seconds(phase.fromNanos()))
          .add(phase.phase().name().toLowerCase(Locale.ROOT).replace('_', '-'));
    ArrayNode table = data.putArray("table");
    for (Outage.Row row : outage.table()) table.addArray().add(row.name()).add(row.value());
    ArrayNode settings = data.putArray("policy");
    for (Setting setting : policy)
      settings.addArray().add(setting.name()).add(setting.value()).add(setting.isUsual());
    return data;
  }

  private static double seconds(long nanos) {
    return Math.round(nanos / 1e6) / 1e3;
  }
}
