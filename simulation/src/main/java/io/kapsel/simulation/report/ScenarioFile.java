package io.kapsel.simulation.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.scenario.Trigger;
import io.kapsel.simulation.scenario.Violation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A scenario as JSON. A file holds every option and the whole plan, not only what differs from the
 * seed's: what a seed means changes with the tables it draws from, a file stays what it was.
 *
 * @param violated what was broken when it was written, for the reader
 */
public record ScenarioFile(Scenario scenario, List<String> violated) {
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  /** The scenario of a run that has ended, with everything spelled out. */
  public static ScenarioFile of(Result result, String commit) {
    Scenario played = result.scenario();
    Scenario whole =
        new Scenario(
            played.seed(),
            commit,
            played.profile(),
            result.options().byKey(),
            result.plan(),
            played.mutant());
    return new ScenarioFile(
        whole, result.violations().stream().map(Violation::invariant).distinct().toList());
  }

  public void write(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) Files.createDirectories(folder);
    Files.writeString(file, text());
  }

  /**
   * @throws IOException when it cannot be read or is no scenario
   */
  public static ScenarioFile read(Path file) throws IOException {
    return parse(Files.readString(file));
  }

  /** For files: one option, one fault a line. */
  public String text() {
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    DefaultIndenter lines = new DefaultIndenter("  ", "\n");
    printer.indentObjectsWith(lines);
    printer.indentArraysWith(lines);
    try {
      return JSON.writer(printer).writeValueAsString(tree()) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** For pipes. */
  public String line() {
    return tree().toString();
  }

  private ObjectNode tree() {
    ObjectNode tree = JSON.createObjectNode();
    tree.put("seed", scenario.seed());
    tree.put("commit", scenario.commit());
    tree.put("profile", scenario.profile().name().toLowerCase(Locale.ROOT));
    ArrayNode broken = tree.putArray("violated");
    violated.forEach(broken::add);
    if (!scenario.mutant().isEmpty()) tree.put("mutant", scenario.mutant());
    ObjectNode options = tree.putObject("options");
    scenario.overrides().forEach(options::put);
    Plan plan = scenario.plan();
    if (plan != null) {
      ArrayNode faults = tree.putArray("plan");
      for (Fault fault : plan.faults()) faults.add(tree(fault));
    }
    return tree;
  }

  private static ObjectNode tree(Fault fault) {
    ObjectNode tree = JSON.createObjectNode();
    tree.put("id", fault.id());
    tree.put("kind", fault.kind().name());
    tree.put("target", fault.target());
    tree.put("amount", fault.amount());
    tree.put("forMillis", fault.forMillis());
    tree.put("detail", fault.detail());
    ObjectNode trigger = tree.putObject("trigger");
    trigger.put("on", fault.trigger().on().name());
    trigger.put("node", fault.trigger().node());
    trigger.put("nth", fault.trigger().nth());
    trigger.put("atMillis", fault.trigger().atMillis());
    return tree;
  }

  public static ScenarioFile parse(String text) throws IOException {
    try {
      return parse(JSON.readTree(text));
    } catch (IllegalArgumentException | JsonProcessingException e) {
      throw new IOException("not a scenario: " + e.getMessage(), e);
    }
  }

  private static ScenarioFile parse(JsonNode tree) {
    Map<String, String> options = new TreeMap<>();
    required(tree, "options")
        .properties()
        .forEach(option -> options.put(option.getKey(), option.getValue().asText()));
    List<Fault> faults = new ArrayList<>();
    tree.path("plan").forEach(fault -> faults.add(fault(fault)));
    List<String> violated = new ArrayList<>();
    tree.path("violated").forEach(id -> violated.add(id.asText()));
    Scenario scenario =
        new Scenario(
            required(tree, "seed").asLong(),
            tree.path("commit").asText(""),
            constant(Profile.class, required(tree, "profile").asText()),
            options,
            tree.has("plan") ? new Plan(faults) : null,
            tree.path("mutant").asText(""));
    return new ScenarioFile(scenario, List.copyOf(violated));
  }

  private static Fault fault(JsonNode tree) {
    JsonNode trigger = required(tree, "trigger");
    return new Fault(
        required(tree, "id").asInt(),
        constant(Fault.Kind.class, required(tree, "kind").asText()),
        new Trigger(
            constant(Trigger.On.class, required(trigger, "on").asText()),
            trigger.path("node").asText(""),
            trigger.path("nth").asInt(),
            trigger.path("atMillis").asLong()),
        tree.path("target").asText(""),
        tree.path("amount").asDouble(),
        tree.path("forMillis").asLong(),
        tree.path("detail").asText(""));
  }

  private static JsonNode required(JsonNode tree, String name) {
    JsonNode value = tree.path(name);
    if (value.isMissingNode()) throw new IllegalArgumentException("it has no " + name);
    return value;
  }

  private static <E extends Enum<E>> E constant(Class<E> type, String name) {
    return Enum.valueOf(type, name.toUpperCase(Locale.ROOT));
  }
}
