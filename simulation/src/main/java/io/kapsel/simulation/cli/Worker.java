package io.kapsel.simulation.cli;

import io.kapsel.simulation.report.ScenarioFile;
import io.kapsel.simulation.run.Run;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.world.Trace;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The child: plays the scenarios that come as lines on its standard input, one at a time, and
 * answers each with a line. Ends when its input ends, so that it never outlives its parent.
 */
final class Worker {
  private Worker() {}

  /** What a line asks for; each is followed by a space and a scenario. */
  enum Order {
    PLAY,
    PLAY_TWICE,
    /** Plays and keeps the trace in the file that the worker was given. */
    TRACE
  }

  /** Arguments: where to keep what failed, and the commit; with {@link Order#TRACE} the file. */
  public static void main(String[] args) throws IOException {
    PrintStream answers =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    Path place = Path.of(args[0]);
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      int space = line.indexOf(' ');
      Order order = Order.valueOf(line.substring(0, space));
      Scenario scenario = ScenarioFile.parse(line.substring(space + 1)).scenario();
      answers.println(answerOrCrash(order, scenario, place, args[1]).line());
    }
    // The actor systems of crashed nodes leave nothing that runs, but nothing may keep this alive.
    System.exit(0);
  }

  /** A run that breaks outside its own world says nothing about the next one. */
  private static Summary answerOrCrash(Order order, Scenario scenario, Path place, String commit)
      throws IOException {
    try {
      return answer(order, scenario, place, commit);
    } catch (RuntimeException broken) {
      broken.printStackTrace();
      return Summary.crashed(scenario.seed(), broken.toString());
    }
  }

  private static Summary answer(Order order, Scenario scenario, Path place, String commit)
      throws IOException {
    if (order == Order.TRACE) {
      try (var sink = Files.newBufferedWriter(place)) {
        return Summary.of(Run.play(scenario, new Trace(sink)), true, List.of());
      }
    }
    Result result = Run.play(scenario, new Trace());
    boolean repeatable =
        order != Order.PLAY_TWICE || Run.play(scenario, new Trace()).hash().equals(result.hash());
    List<String> report =
        result.isClean() ? List.of() : new Places(place).keep(result, commit, Optional.empty());
    return Summary.of(result, repeatable, report);
  }
}
