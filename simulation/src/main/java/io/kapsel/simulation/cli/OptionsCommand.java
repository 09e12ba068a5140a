package io.kapsel.simulation.cli;

import io.kapsel.simulation.scenario.Options;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Scenario;
import java.io.PrintWriter;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "options",
    description = {
      "Lists the options of --set.",
      "For each: what a seed draws, and what is usual in production. One that 'varies' is drawn for each",
      "endpoint on its own."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class OptionsCommand implements Callable<Integer> {
  private static final String ROW = "%-37s %-28s %s";
  private static final int VALUE_CHARS_MAX = 28;

  @Parameters(
      paramLabel = "SEED",
      arity = "0..1",
      description = "The seed to draw with (default: 1).")
  private long seed = 1;

  @Mixin private final ScenarioOptions options = new ScenarioOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  private static String shown(String value) {
    return value.length() <= VALUE_CHARS_MAX
        ? value
        : value.substring(0, VALUE_CHARS_MAX - 1) + "…";
  }

  @Override
  public Integer call() {
    options.checkValues();
    Scenario scenario = options.scenario(seed, "");
    Map<String, String> drawn = Options.of(seed, scenario.profile(), scenario.overrides()).byKey();
    Map<String, String> usual = Options.of(seed, Profile.DESTINATION, new TreeMap<>()).byKey();
    PrintWriter out = spec.commandLine().getOut();
    out.println(ROW.formatted("option", "seed " + seed, "usual"));
    drawn.forEach(
        (key, value) ->
            out.println(ROW.formatted(key, shown(value), shown(usual.getOrDefault(key, "")))));
    out.flush();
    return Exit.CLEAN;
  }
}
