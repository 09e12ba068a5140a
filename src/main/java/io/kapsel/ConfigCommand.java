package io.kapsel;

import io.kapsel.config.Configuration;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "config",
    description = "Prints the effective configuration and where each value comes from.",
    mixinStandardHelpOptions = true)
final class ConfigCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Mixin private final SettingsOptions options = new SettingsOptions();

  @Option(
      names = "--reference",
      description = "Prints all settings with their meaning instead: docs/configuration.md.")
  private boolean reference = false;

  @Spec private CommandSpec spec = CommandSpec.create();

  ConfigCommand(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (reference) {
      out.print(SettingsPage.text());
      out.flush();
      return 0;
    }
    return switch (Settings.read(options.sources(environment))) {
      case Configuration.Refused<Settings> refused -> ServeCommand.refuse(spec, refused.problems());
      case Configuration.Effective<Settings> effective -> {
        ServeCommand.report(spec, effective.warnings());
        print(effective.values(), out);
        yield 0;
      }
    };
  }

  /** Itself a configuration file, apart from the masked secrets. */
  private static void print(List<Configuration.Value> values, PrintWriter out) {
    int width =
        values.stream()
            .mapToInt(value -> assignment(value).length())
            .filter(n -> n <= 80)
            .max()
            .orElse(0);
    for (var value : values)
      out.printf("%-" + width + "s  # %s%n", assignment(value), value.origin());
    out.flush();
  }

  private static String assignment(Configuration.Value value) {
    return value.path() + " = " + value.shown();
  }
}
