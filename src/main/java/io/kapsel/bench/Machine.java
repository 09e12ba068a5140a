package io.kapsel.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** On what, with what and when it was measured. */
record Machine(
    String processor,
    int cores,
    long memoryMib,
    String system,
    String jdk,
    String kapsel,
    String commit,
    String measuredAt) {

  static Machine here(String kapselVersion, Path home) {
    return new Machine(
        firstLine(Path.of("/proc/cpuinfo"), "model name"),
        Runtime.getRuntime().availableProcessors(),
        mebibytes(firstLine(Path.of("/proc/meminfo"), "MemTotal")),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vendor") + " " + Runtime.version(),
        kapselVersion,
        commit(home),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
  }

  private static String firstLine(Path file, String name) {
    try {
      for (String line : Files.readAllLines(file))
        if (line.startsWith(name)) return line.substring(line.indexOf(':') + 1).strip();
    } catch (IOException notLinux) {
      return "unknown";
    }
    return "unknown";
  }

  private static long mebibytes(String kibibytes) {
    String digits = kibibytes.replaceAll("[^0-9]", "");
    return digits.isEmpty() ? 0 : Long.parseLong(digits) / 1_024;
  }

  /** With a plus when there are changes that are in no commit. */
  private static String commit(Path home) {
    String commit = git(home, "rev-parse", "--short", "HEAD");
    if (commit.isEmpty()) return "unknown";
    return git(home, "status", "--porcelain", "-uno").isEmpty() ? commit : commit + "+";
  }

  private static String git(Path home, String... arguments) {
    var command = new ArrayList<String>();
    command.add("git");
    command.addAll(List.of(arguments));
    try {
      Process git =
          new ProcessBuilder(command)
              .directory(home.toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String output = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return git.waitFor(5, TimeUnit.SECONDS) && git.exitValue() == 0 ? output.strip() : "";
    } catch (IOException none) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
