package io.kapsel.simulation.cli;

import io.kapsel.config.Quantity;
import io.kapsel.simulation.mutant.Mutants;
import io.kapsel.simulation.report.Clock;
import io.kapsel.simulation.report.ScenarioFile;
import io.kapsel.simulation.scenario.Option;
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

  /** Refuses everything that is wrong with the options, all at once. */
  void check() {
    check(profile.orElse(nodes.isPresent() ? Profile.CLUSTER : Profile.ENDPOINT));
  }

  /**
   * @param played where the scenario plays: options that say nothing there are refused as well
   */
  void check(Profile played) {
    List<String> problems = problems();
    for (String key : set.keySet())
      Option.named(key)
          .filter(option -> !option.isOf(played))
          .ifPresent(option -> problems.add("--set " + key + " " + without(played)));
    refuse(problems);
  }

  /** For showing what they say, wherever it would be played. */
  void checkValues() {
    refuse(problems());
  }

  private static String without(Profile played) {
    return played == Profile.DESTINATION
        ? "says nothing in --profile destination: one endpoint on one node, and one outage"
        : "needs --profile destination";
  }

  private List<String> problems() {
    List<String> problems = new ArrayList<>();
    nodes.filter(n -> n < 1 || n > 9).ifPresent(n -> problems.add("--nodes must be from 1 to 9"));
    if (nodes.isPresent() && profile.isPresent() && profile.get() != Profile.CLUSTER)
      problems.add("--nodes needs --profile cluster");
    set.forEach((key, value) -> problem(key, value).ifPresent(problems::add));
    unknownMutant(mutant).ifPresent(problems::add);
    return problems;
  }

  private void refuse(List<String> problems) {
    if (!problems.isEmpty())
      throw new ParameterException(spec.commandLine(), String.join("\n", problems));
  }

  static Optional<String> unknownMutant(String name) {
    return name.isEmpty() || Mutants.names().contains(name)
        ? Optional.empty()
        : Optional.of(
            "there is no mutant '" + name + "'; known: " + String.join(", ", Mutants.names()));
  }

  private static Optional<String> problem(String key, String value) {
    Optional<Option> option = Option.named(key);
    if (option.isEmpty()) return Optional.of(ScenarioFile.unknown(key));
    return option
        .filter(it -> !it.allows(converted(key, value)))
        .map(it -> "--set %s needs %s, not '%s'".formatted(key, it.needs(), value));
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
