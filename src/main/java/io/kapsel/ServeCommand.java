package io.kapsel;

import io.kapsel.config.Configuration;
import io.kapsel.config.Problem;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(name = "serve", description = "Runs the service.", mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
  /** EX_CONFIG of sysexits.h. */
  static final int EXIT_CONFIG = 78;

  private final Map<String, String> environment;
  private final ToIntFunction<Configuration.Effective<Settings>> service;

  @Mixin private final SettingsOptions options = new SettingsOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  /**
   * @param service runs until it is told to stop; answers the exit code
   */
  ServeCommand(
      Map<String, String> environment, ToIntFunction<Configuration.Effective<Settings>> service) {
    this.environment = environment;
    this.service = service;
  }

  @Override
  public Integer call() {
    return switch (Settings.read(options.sources(environment))) {
      case Configuration.Refused<Settings> refused -> refuse(spec, refused.problems());
      case Configuration.Effective<Settings> effective -> {
        report(spec, effective.warnings());
        logBy(effective.settings().log());
        yield service.applyAsInt(effective);
      }
    };
  }

  static int refuse(CommandSpec spec, List<Problem> problems) {
    report(spec, problems);
    return EXIT_CONFIG;
  }

  static void report(CommandSpec spec, List<Problem> problems) {
    PrintWriter err = spec.commandLine().getErr();
    problems.forEach(err::println);
    err.flush();
  }

  /** Before the first logger exists, because logback.xml reads these once. */
  private static void logBy(Settings.Log log) {
    System.setProperty("kapsel.log.level", log.level().name());
    System.setProperty("kapsel.log.format", log.format().name());
  }
}
