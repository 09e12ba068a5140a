package io.kapsel.simulation.cli;

import io.kapsel.simulation.picture.Drawing;
import io.kapsel.simulation.picture.TimelinePage;
import io.kapsel.simulation.report.Failure;
import io.kapsel.simulation.report.ScenarioFile;
import io.kapsel.simulation.scenario.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Where pictures and scenarios are written. */
record Places(Path folder) {
  /** Of the checkout that the launcher belongs to. */
  static Path home() {
    return Path.of(System.getProperty("kapsel.home", ""));
  }

  static Path regressions() {
    return home().resolve("simulation/regressions");
  }

  /** As the reader may type it: relative when it is below the working directory. */
  static String shown(Path file) {
    Path here = Path.of("").toAbsolutePath();
    Path absolute = file.toAbsolutePath().normalize();
    return absolute.startsWith(here) ? here.relativize(absolute).toString() : absolute.toString();
  }

  /** {@code seed-7}, {@code seed-7-mutant}. */
  static String stem(Result result) {
    String mutant = result.scenario().mutant();
    return "seed-" + result.scenario().seed() + (mutant.isEmpty() ? "" : "-" + mutant);
  }

  /** As another process, in whatever directory, understands it. */
  String absolute() {
    return folder.toAbsolutePath().toString();
  }

  Path picture(String stem) {
    return folder.resolve(stem + ".html");
  }

  /** Draws the run; answers what to print of a failure, nothing of a clean run. */
  List<String> keep(Result result, String commit, Optional<String> again) throws IOException {
    return keepAs(stem(result), result, commit, again);
  }

  List<String> keepAs(String stem, Result result, String commit, Optional<String> again)
      throws IOException {
    Path picture = picture(stem);
    List<String> commands = Failure.commands(result, again);
    String page = TimelinePage.of(Drawing.of(result, commit, commands));
    if (result.isClean()) {
      write(picture, page);
      return List.of();
    }
    try {
      write(picture, page);
      ScenarioFile.of(result, commit).write(folder.resolve(stem + ".json"));
      return Failure.lines(result, commit, again, shown(picture));
    } catch (IOException full) {
      // What was found is told all the same.
      return Failure.lines(result, commit, again, "none: " + full);
    }
  }

  static void write(Path file, String text) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (parent != null) Files.createDirectories(parent);
    Files.writeString(file, text);
  }
}
