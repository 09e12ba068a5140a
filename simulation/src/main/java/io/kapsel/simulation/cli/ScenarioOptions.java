package io.kapsel.simulation.cli;

import io.kapsel.config.Quantity;
import io.kapsel.config.Suggestion;
import io.kapsel.simulation.mutant.Mutants;
import io.kapsel.simulation.report.Clock;
import io.kapsel.simulation.scenario.Option;
import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Scenario;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What a scenario is made of besides its seed. */
final class ScenarioOptions {
  private static final String NUMBER = "-?[0-9]+(\\.[0-9]+)?";
  private static final String NUMBERS = NUMBER + "(," + NUMBER + ")*";

  @CommandLine.Option(
      names = "--profile",
      paramLabel = "WORLD",
      description = {
        "endpoint: one node, fast;",
        "cluster: three to five nodes, partitions, hand-overs;",
        "destination: one endpoint and one outage, to try a policy.",
        "Default: by the seed, cluster for one in eight."
      })
  private Optional<Profile> profile = Optional.empty();

  @CommandLine.Option(
      names = "--nodes",
      paramLabel = "N",
      description = "Nodes of the cluster, 1 to 9; implies --profile cluster.")
  private Optional<Integer> nodes = Optional.empty();

  @CommandLine.Option(
      names = "--set",
      paramLabel = "OPTION=VALUE",
      description = {
        "Overrule what the seed says; may be repeated.",
        "'kapsel simulate options' lists the options.",
        "Durations may have a unit: destination.down.seconds=20m."
      })
  private Map<String, String> set = new LinkedHashMap<>();

  @CommandLine.Option(
      names = "--mutant",
      paramLabel = "NAME",
      description = "Plant this bug; 'kapsel simulate mutants --list' names them.")
  private String mutant = "";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  boolean isDestination() {
    return profile.equals(Optional.of(Profile.DESTINATION));
  }

  Optional<String> mutant() {
    return mutant.isEmpty() ? Optional.empty() : Optional.of(mutant);
  }

  /** Everything that is wrong with the options, all at once. */
  void check() {
    List<String> problems = new ArrayList<>();
    nodes.filter(n -> n < 1 || n > 9).ifPresent(n -> problems.add("--nodes must be from 1 to 9"));
    if (nodes.isPresent() && profile.isPresent() && profile.get() != Profile.CLUSTER)
      problems.add("--nodes needs --profile cluster");
    set.forEach((key, value) -> problem(key, value).ifPresent(problems::add));
    if (!mutant.isEmpty() && !Mutants.names().contains(mutant))
      problems.add(
          "there is no mutant '" + mutant + "'; known: " + String.join(", ", Mutants.names()));
    if (!problems.isEmpty())
      throw new ParameterException(spec.commandLine(), String.join("\n", problems));
  }

  private static Optional<String> problem(String key, String value) {
    Optional<Option> option = option(key);
    if (option.isEmpty()) return Optional.of("there is no option '" + key + "'" + suggestion(key));
    String usual = usual().getOrDefault(key, "");
    if (!usual.matches(NUMBERS) || value.equals(Option.VARIES)) return Optional.empty();
    boolean isList = usual.contains(",");
    if (converted(key, value).matches(isList ? NUMBERS : NUMBER)) return Optional.empty();
    return Optional.of(
        "--set %s needs %s, not '%s'".formatted(key, isList ? "numbers" : "a number", value));
  }

  private static Map<String, String> usual() {
    return Options.of(1, Profile.DESTINATION, new TreeMap<>()).byKey();
  }

  private static Optional<Option> option(String key) {
    return Arrays.stream(Option.values()).filter(each -> each.key().equals(key)).findFirst();
  }

  private static String suggestion(String key) {
    List<String> keys = Arrays.stream(Option.values()).map(Option::key).toList();
    return Suggestion.nearest(key, keys)
        .map(near -> "; did you mean " + near + "?")
        .orElse("; 'kapsel simulate options' lists them");
  }

  /** Durations with a unit become numbers of the option's own unit, names become upper case. */
  private static String converted(String key, String value) {
    if (value.equals(Option.VARIES)) return value;
    long unitMillis = unitMillis(key);
    if (unitMillis == 0)
      return value.matches("[a-z][a-z_0-9,]*") ? value.toUpperCase(Locale.ROOT) : value;
    return Arrays.stream(value.split(",", -1))
        .map(each -> inUnit(each.strip(), unitMillis))
        .collect(Collectors.joining(","));
  }

  /** The unit of an option's value, as its name says; 0 for none. */
  private static long unitMillis(String key) {
    return key.contains("seconds") ? 1_000 : key.contains("millis") ? 1 : 0;
  }

  /** The other way round: as a reader would say it. */
  static String inWords(String key, String value) {
    long unitMillis = unitMillis(key);
    if (unitMillis == 0 || !value.matches("\\d+(,\\d+)*"))
      return value.toLowerCase(Locale.ROOT).replace('_', ' ');
    return Arrays.stream(value.split(",", -1))
        .map(each -> Clock.span(Long.parseLong(each) * unitMillis * 1_000_000))
        .collect(Collectors.joining(", "));
  }

  private static String inUnit(String value, long unitMillis) {
    if (value.matches(NUMBER)) return value;
    return Quantity.duration(value, 1_000_000)
        .map(millis -> Long.toString(millis / unitMillis))
        .orElse(value);
  }

  Scenario scenario(long seed, String commit) {
    Map<String, String> overrides = new TreeMap<>();
    set.forEach((key, value) -> overrides.put(key, converted(key, value)));
    nodes.ifPresent(n -> overrides.put(Option.NODES.key(), Integer.toString(n)));
    return new Scenario(seed, commit, profile(seed), overrides, null, mutant);
  }

  /** The same scenario with what was given on the command line over it. */
  Scenario over(Scenario read) {
    Scenario scenario = mutant.isEmpty() ? read : read.withMutant(mutant);
    for (Map.Entry<String, String> each : set.entrySet())
      scenario = scenario.with(each.getKey(), converted(each.getKey(), each.getValue()));
    return scenario;
  }

  private Profile profile(long seed) {
    return profile.orElseGet(() -> nodes.isPresent() ? Profile.CLUSTER : Profile.of(seed));
  }
}
