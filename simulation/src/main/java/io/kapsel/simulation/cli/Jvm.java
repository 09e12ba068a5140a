package io.kapsel.simulation.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Another JVM like this one: the same agent, flags and classes. */
final class Jvm {
  private Jvm() {}

  static Process start(Class<?> main, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments())
      if (!isOfThisJvmAlone(flag)) command.add(flag);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(arguments);
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** A debugger listens once. */
  private static boolean isOfThisJvmAlone(String flag) {
    return flag.startsWith("-agentlib:jdwp") || flag.startsWith("-Xrunjdwp");
  }
}
