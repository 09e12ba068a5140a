package io.kapsel.simulation.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a campaign keeps of a run; goes from a child's JVM to its parent as one line.
 *
 * @param isRepeatable false when a second run in the same JVM differed
 * @param report the lines of the failure, empty when clean
 */
record Summary(
    long seed,
    String hash,
    long steps,
    long virtualNanos,
    long cpuNanos,
    int faults,
    List<Broken> broken,
    SortedMap<String, Long> sometimes,
    boolean isRepeatable,
    List<String> report) {
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  record Broken(String invariant, Violation.Severity severity, String sentence) {}

  static Summary of(Result result, boolean isRepeatable, List<String> report) {
    return new Summary(
        result.scenario().seed(),
        result.hash(),
        result.steps(),
        result.virtualNanos(),
        result.cpuNanos(),
        result.faults().size(),
        result.violations().stream()
            .map(each -> new Broken(each.invariant(), each.severity(), each.sentence()))
            .toList(),
        result.sometimes(),
        isRepeatable,
        report);
  }

  /** Of a run that took its JVM with it. */
  static Summary crashed(long seed, String why) {
    return new Summary(
        seed,
        "",
        0,
        0,
        0,
        0,
        List.of(new Broken("CRASH", Violation.Severity.CRASH, why)),
        new TreeMap<>(),
        true,
        List.of());
  }

  boolean isClean() {
    return broken.isEmpty();
  }

  int exit() {
    return broken.stream().map(each -> Exit.of(each.severity())).reduce(Exit.CLEAN, Exit::worse);
  }

  String line() {
    ObjectNode tree = JSON.createObjectNode();
    tree.put("seed", seed).put("hash", hash).put("steps", steps);
    tree.put("virtual", virtualNanos).put("cpu", cpuNanos).put("faults", faults);
    ArrayNode violations = tree.putArray("broken");
    for (Broken each : broken)
      violations
          .addObject()
          .put("invariant", each.invariant)
          .put("severity", each.severity.name())
          .put("sentence", each.sentence);
    ObjectNode met = tree.putObject("sometimes");
    sometimes.forEach(met::put);
    tree.put("repeatable", isRepeatable);
    report.forEach(tree.putArray("report")::add);
    return tree.toString();
  }

  static Summary parse(String line) {
    JsonNode tree;
    try {
      tree = JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("not a summary: " + line, e);
    }
    List<Broken> broken = new ArrayList<>();
    for (JsonNode each : tree.path("broken"))
      broken.add(
          new Broken(
              each.path("invariant").asText(),
              Violation.Severity.valueOf(each.path("severity").asText()),
              each.path("sentence").asText()));
    SortedMap<String, Long> sometimes = new TreeMap<>();
    tree.path("sometimes")
        .properties()
        .forEach(each -> sometimes.put(each.getKey(), each.getValue().asLong()));
    List<String> report = new ArrayList<>();
    tree.path("report").forEach(each -> report.add(each.asText()));
    return new Summary(
        tree.path("seed").asLong(),
        tree.path("hash").asText(),
        tree.path("steps").asLong(),
        tree.path("virtual").asLong(),
        tree.path("cpu").asLong(),
        tree.path("faults").asInt(),
        List.copyOf(broken),
        sometimes,
        tree.path("repeatable").asBoolean(),
        List.copyOf(report));
  }
}
