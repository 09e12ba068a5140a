package io.kapsel.simulation.run;

import io.kapsel.simulation.report.ScenarioFile;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Observation;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.scenario.Violation;
import io.kapsel.simulation.world.Trace;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Seeds from a command line, for working on the simulator itself. */
public final class Seeds {
  private static final PrintStream out = System.out;

  private Seeds() {}

  /**
   * Arguments: profile, first seed, number of seeds, then {@code key=value} options, {@code
   * mutant=NAME}, {@code stop} to stop at the first violation, {@code for=SECONDS} at most, {@code
   * trace=FILE}, {@code save=FILE} for the scenario, {@code full} for all observations.
   */
  public static void main(String[] args) throws IOException {
    Profile profile = Profile.valueOf(args[0]);
    long first = Long.parseLong(args[1]);
    int count = Integer.parseInt(args[2]);
    Map<String, String> overrides = new TreeMap<>();
    String mutant = "";
    String trace = "";
    String save = "";
    long budget = Long.MAX_VALUE;
    boolean stop = false;
    boolean full = false;
    for (int i = 3; i < args.length; i++) {
      if (args[i].equals("stop")) stop = true;
      else if (args[i].equals("full")) full = true;
      else if (args[i].startsWith("mutant=")) mutant = args[i].substring(7);
      else if (args[i].startsWith("trace=")) trace = args[i].substring(6);
      else if (args[i].startsWith("for=")) budget = Long.parseLong(args[i].substring(4));
      else if (args[i].startsWith("save=")) save = args[i].substring(5);
      else overrides.put(args[i].split("=", 2)[0], args[i].split("=", 2)[1]);
    }
    long began = System.nanoTime();
    long cpu = 0;
    long steps = 0;
    long virtual = 0;
    int failed = 0;
    Map<String, Long> sometimes = new TreeMap<>();
    Map<String, List<Long>> broken = new TreeMap<>();
    for (long seed = first; seed < first + count; seed++) {
      if ((System.nanoTime() - began) / 1_000_000_000 >= budget) {
        out.println("out of time at seed " + seed);
        break;
      }
      Scenario scenario = new Scenario(seed, "", profile, overrides, null, mutant);
      Result result;
      if (trace.isEmpty()) result = Run.play(scenario, new Trace());
      else
        try (BufferedWriter writer = Files.newBufferedWriter(Path.of(trace))) {
          result = Run.play(scenario, new Trace(writer));
        }
      if (!save.isEmpty()) ScenarioFile.of(result, "").write(Path.of(save));
      cpu += result.cpuNanos();
      steps += result.steps();
      virtual += result.virtualNanos();
      result.sometimes().forEach((what, times) -> sometimes.merge(what, times, Long::sum));
      if (full || !result.isClean()) print(result, full);
      else if (count <= 20) line(result);
      if (!result.isClean()) {
        failed++;
        for (Violation violation : result.violations())
          broken.computeIfAbsent(violation.invariant(), id -> new ArrayList<>()).add(seed);
        if (stop) break;
      }
    }
    out.printf(
        "%d failed, cpu %.1f s, virtual/cpu %.0f, steps/cpu %.0f%n",
        failed, cpu / 1e9, virtual / (double) cpu, steps / (cpu / 1e9));
    broken.forEach((id, seeds) -> out.println(id + " " + seeds.stream().distinct().toList()));
    if (count > 1) out.println(sometimes);
  }

  private static void line(Result result) {
    out.printf(
        "seed %d %s steps=%d virtual=%.0fs cpu=%.2fs observations=%d faults=%s%n",
        result.scenario().seed(),
        result.hash(),
        result.steps(),
        result.virtualNanos() / 1e9,
        result.cpuNanos() / 1e9,
        result.observations().size(),
        result.faults());
  }

  private static void print(Result result, boolean full) {
    line(result);
    if (full) out.println(result.options().byKey());
    for (Fault fault : result.plan().faults())
      if (result.faults().contains(fault.id())) out.println("  " + fault);
    for (Violation violation : result.violations()) {
      out.println(
          "  "
              + violation.invariant()
              + " "
              + violation.endpoint()
              + " "
              + violation.webhook()
              + ": "
              + violation.sentence());
      for (int cause : violation.causes())
        if (cause < result.observations().size())
          out.println("      " + text(cause, result.observations().get(cause)));
    }
    if (full)
      for (int i = 0; i < result.observations().size(); i++)
        out.println(text(i, result.observations().get(i)));
  }

  private static String text(int index, Observation observation) {
    String line = index + " " + observation.atNanos() / 1_000_000 + " " + observation;
    return line.length() > 600 ? line.substring(0, 600) + "…" : line;
  }
}
