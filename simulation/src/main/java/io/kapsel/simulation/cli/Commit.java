package io.kapsel.simulation.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Which sources these are, as far as Git can tell. */
final class Commit {
  static final String UNKNOWN = "unknown";

  private Commit() {}

  /** The short hash, with a plus when the sources differ from it. */
  static String current() {
    String given = System.getProperty("kapsel.commit", "");
    if (!given.isEmpty()) return given;
    String hash = git(List.of("rev-parse", "--short=10", "HEAD"));
    if (hash.isEmpty()) return UNKNOWN;
    String changed =
        git(List.of("status", "--porcelain", "--untracked-files=no", "--", "src", "simulation"));
    return changed.isEmpty() ? hash : hash + "+";
  }

  private static String git(List<String> arguments) {
    List<String> command =
        new java.util.ArrayList<>(List.of("git", "-C", Places.home().toAbsolutePath().toString()));
    command.addAll(arguments);
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      boolean ended = process.waitFor(5, TimeUnit.SECONDS);
      return ended && process.exitValue() == 0 ? output : "";
    } catch (IOException noGit) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
