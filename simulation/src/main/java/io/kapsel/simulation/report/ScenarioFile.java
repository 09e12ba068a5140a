package io.kapsel.simulation.report;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kapsel.config.Suggestion;
import io.kapsel.simulation.fault.PlanRules;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
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
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A scenario as JSON. A file holds every option and the whole plan, not only what differs from the
 * seed's: what a seed means changes with the tables it draws from, a file stays what it was.
 *
 * @param violated what was broken when it was written, for the reader
 */
public record ScenarioFile(Scenario scenario, List<String> violated) {
  private static final ObjectMapper JSON = JsonMapper.builder().build();
  private static final String REFUSED = "not a scenario: ";

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

  /**
   * @throws IOException when it is no scenario; a line for each problem
   */
  public static ScenarioFile parse(String text) throws IOException {
    ScenarioFile read;
    try {
      read = parse(JSON.readTree(text));
    } catch (IllegalArgumentException e) {
      throw new IOException(REFUSED + e.getMessage(), e);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String place =
          at == null ? "" : "line %d, column %d: ".formatted(at.getLineNr(), at.getColumnNr());
      throw new IOException(REFUSED + place + e.getOriginalMessage(), e);
    }
    List<String> problems = problems(read.scenario);
    if (!problems.isEmpty())
      throw new IOException(
          problems.stream().map(REFUSED::concat).collect(Collectors.joining("\n")));
    return read;
  }

  /** Everything that a run could not make sense of; one line each. */
  public static List<String> problems(Scenario scenario) {
    List<String> problems = new ArrayList<>();
    scenario
        .overrides()
        .forEach(
            (key, value) -> problem(key, value).ifPresent(it -> problems.add("options: " + it)));
    Plan plan = scenario.plan();
    if (plan != null && problems.isEmpty()) {
      Options options = Options.of(scenario.seed(), scenario.profile(), scenario.overrides());
      for (String problem : PlanRules.problems(plan, options)) problems.add("plan: " + problem);
    }
    return problems;
  }

  private static Optional<String> problem(String key, String value) {
    Optional<Option> option = Option.named(key);
    if (option.isEmpty()) return Optional.of(unknown(key));
    return option
        .filter(it -> !it.allows(value))
        .map(it -> "%s needs %s, not '%s'".formatted(key, it.needs(), value));
  }

  /** What to say of an option that is none. */
  public static String unknown(String key) {
    List<String> keys = Arrays.stream(Option.values()).map(Option::key).toList();
    String near =
        Suggestion.nearest(key, keys)
            .map(name -> "did you mean " + name + "?")
            .orElse("'kapsel simulate options' lists them");
    return "there is no option '%s'; %s".formatted(key, near);
  }

  private static ScenarioFile parse(JsonNode tree) {
    Map<String, String> options = new TreeMap<>();
    required(tree, "options")
        .properties()
        .forEach(option -> options.put(option.getKey(), option.getValue().asText()));
    List<Fault> faults = new ArrayList<>();
    for (JsonNode fault : tree.path("plan")) faults.add(fault(fault, faults.size() + 1));
    List<String> violated = new ArrayList<>();
    tree.path("violated").forEach(id -> violated.add(id.asText()));
    required(tree, "seed");
    Scenario scenario =
        new Scenario(
            whole(tree, "seed"),
            tree.path("commit").asText(""),
            constant(Profile.class, tree, "profile"),
            options,
            tree.has("plan") ? new Plan(faults) : null,
            tree.path("mutant").asText(""));
    return new ScenarioFile(scenario, List.copyOf(violated));
  }

  private static Fault fault(JsonNode tree, int place) {
    try {
      required(tree, "id");
      JsonNode trigger = required(tree, "trigger");
      return new Fault(
          count(tree, "id"),
          constant(Fault.Kind.class, tree, "kind"),
          new Trigger(
              constant(Trigger.On.class, trigger, "on"),
              trigger.path("node").asText(""),
              count(trigger, "nth"),
              whole(trigger, "atMillis")),
          tree.path("target").asText(""),
          number(tree, "amount").asDouble(),
          whole(tree, "forMillis"),
          tree.path("detail").asText(""));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "plan: the fault at place %d: %s".formatted(place, e.getMessage()), e);
    }
  }

  private static JsonNode required(JsonNode tree, String name) {
    JsonNode value = tree.path(name);
    if (value.isMissingNode()) throw new IllegalArgumentException("it has no " + name);
    return value;
  }

  /** 0 when it is left out. */
  private static JsonNode number(JsonNode tree, String name) {
    JsonNode value = tree.path(name);
    if (value.isMissingNode()) return IntNode.valueOf(0);
    if (!value.isNumber())
      throw new IllegalArgumentException("%s needs a number, not %s".formatted(name, value));
    return value;
  }

  private static long whole(JsonNode tree, String name) {
    JsonNode value = number(tree, name);
    if (!value.isIntegralNumber() || !value.canConvertToLong())
      throw new IllegalArgumentException("%s needs a whole number, not %s".formatted(name, value));
    return value.asLong();
  }

  private static int count(JsonNode tree, String name) {
    long value = whole(tree, name);
    if (value != (int) value)
      throw new IllegalArgumentException("%s may not be %d".formatted(name, value));
    return (int) value;
  }

  private static <E extends Enum<E>> E constant(Class<E> type, JsonNode tree, String name) {
    String text = required(tree, name).asText();
    for (E each : type.getEnumConstants()) if (each.name().equalsIgnoreCase(text)) return each;
    String known =
        Arrays.stream(type.getEnumConstants()).map(Enum::name).collect(Collectors.joining(", "));
    throw new IllegalArgumentException("%s needs one of %s, not '%s'".formatted(name, known, text));
  }
}
