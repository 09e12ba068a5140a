package io.kapsel.simulation.report;

import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Scenario;
import java.util.Locale;

/** What to type to play a scenario again. */
final class CommandLineFor {
  private CommandLineFor() {}

  /**
   * @param verb replay, shrink, …
   */
  static String seed(String verb, Scenario scenario) {
    StringBuilder line = new StringBuilder("./kapsel simulate " + verb + " " + scenario.seed());
    if (scenario.profile() != Profile.of(scenario.seed()))
      line.append(" --profile ").append(scenario.profile().name().toLowerCase(Locale.ROOT));
    scenario.overrides().forEach((key, value) -> line.append(" --set ").append(key + "=" + value));
    if (!scenario.mutant().isEmpty()) line.append(" --mutant ").append(scenario.mutant());
    return line.toString();
  }
}
