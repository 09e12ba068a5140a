package io.kapsel;

import io.kapsel.config.Configuration;
import io.kapsel.secrets.Keyring;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "rotate-keys",
    description = {
      "Puts a new key in front of the key file. Started again, the service encrypts under it, and"
          + " brings what it has stored under it within minutes.",
      "Several nodes must know a key before one of them uses it: distribute the file and restart the"
          + " nodes after --prepare and again after --complete. docs/secrets.md says more."
    },
    mixinStandardHelpOptions = true)
final class RotateKeysCommand implements Callable<Integer> {
  /** At most one of them. */
  static final class Step {
    @Option(names = "--prepare", description = "First step with several nodes: a key to read with.")
    private boolean prepare = false;

    @Option(names = "--complete", description = "Second step: the key to write with.")
    private boolean complete = false;
  }

  private final Map<String, String> environment;
  private final RandomGenerator secureRandom;

  @Mixin private final SettingsOptions options = new SettingsOptions();

  @ArgGroup private Step step = new Step();

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "The key file; " + SecretKeys.FILE + " in the data directory otherwise.")
  private Optional<Path> file = Optional.empty();

  @Spec private CommandSpec spec = CommandSpec.create();

  RotateKeysCommand(Map<String, String> environment, RandomGenerator secureRandom) {
    this.environment = environment;
    this.secureRandom = secureRandom;
  }

  @Override
  public Integer call() {
    return switch (Settings.read(options.sources(environment))) {
      case Configuration.Refused<Settings> refused -> ServeCommand.refuse(spec, refused.problems());
      case Configuration.Effective<Settings> effective -> {
        Path data = effective.settings().data();
        yield rotate(new KeyFile(file.orElse(data.resolve(SecretKeys.FILE))));
      }
    };
  }

  private int rotate(KeyFile keys) {
    PrintWriter out = spec.commandLine().getOut();
    try {
      keys.read();
      List<String> lines = new ArrayList<>(keys.lines());
      if (step.complete && lines.size() < 2)
        return refuse(keys.path() + " holds no prepared key; use --prepare first");
      if (step.complete) Collections.swap(lines, 0, 1);
      else lines.add(step.prepare ? 1 : 0, Keyring.newKey(secureRandom));
      keys.write(lines);
      String ids =
          keys.read().keys().stream().map(Keyring.Key::id).collect(Collectors.joining(", "));
      out.println(keys.path() + " now holds the keys " + ids + ", the current one first.");
      out.println("Keep a copy of it, and restart every node that uses it.");
      out.flush();
      return 0;
    } catch (StartFailed refused) {
      return refuse(String.valueOf(refused.getMessage()));
    }
  }

  private int refuse(String message) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(message);
    err.flush();
    return ServeCommand.EXIT_CONFIG;
  }
}
