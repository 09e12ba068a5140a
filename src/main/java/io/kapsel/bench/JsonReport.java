package io.kapsel.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The results for other programs. */
final class JsonReport {
  private static final ObjectMapper JSON = new ObjectMapper();

  private JsonReport() {}

  static void write(Path file, Machine machine, List<Result> results) throws IOException {
    JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), document(machine, results));
  }

  static ObjectNode document(Machine machine, List<Result> results) {
    ObjectNode document = JSON.createObjectNode();
    document
        .putObject("machine")
        .put("processor", machine.processor())
        .put("cores", machine.cores())
        .put("memory_mib", machine.memoryMib())
        .put("system", machine.system())
        .put("jdk", machine.jdk())
        .put("kapsel", machine.kapsel())
        .put("commit", machine.commit())
        .put("measured_at", machine.measuredAt());
    ArrayNode all = document.putArray("scenarios");
    for (Result result : results) add(all.addObject(), result);
    return document;
  }

  private static void add(ObjectNode node, Result result) {
    node.put("scenario", result.scenario()).put("description", result.description());
    ObjectNode settings = node.putObject("settings");
    result.settings().forEach(settings::put);
    ArrayNode figures = node.putArray("figures");
    for (Result.Figure figure : result.figures()) {
      ObjectNode one = figures.addObject();
      one.put("name", figure.name()).put("value", figure.value()).put("unit", figure.unit());
      if (!(figure.target() instanceof Result.Target.None))
        one.put("target", figure.target().toString()).put("met", !figure.isMissed());
      ArrayNode runs = one.putArray("runs");
      figure.runs().forEach(runs::add);
    }
    ArrayNode checks = node.putArray("checks");
    for (Result.Check check : result.checks())
      checks
          .addObject()
          .put("what", check.what())
          .put("holds", check.holds())
          .put("detail", check.detail());
    ArrayNode charts = node.putArray("charts");
    for (Result.Chart chart : result.charts()) {
      ObjectNode one = charts.addObject().put("title", chart.title()).put("unit", chart.unit());
      ArrayNode lines = one.putArray("lines");
      for (Result.Line line : chart.lines()) {
        ArrayNode values = lines.addObject().put("label", line.label()).putArray("values");
        line.values().forEach(values::add);
      }
    }
  }
}
