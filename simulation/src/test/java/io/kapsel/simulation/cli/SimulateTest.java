package io.kapsel.simulation.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kapsel.simulation.report.Outage;
import io.kapsel.simulation.report.ScenarioFile;
import io.kapsel.simulation.run.Run;
import io.kapsel.simulation.scenario.Fault;
import io.kapsel.simulation.scenario.Plan;
import io.kapsel.simulation.scenario.Profile;
import io.kapsel.simulation.scenario.Result;
import io.kapsel.simulation.scenario.Scenario;
import io.kapsel.simulation.scenario.Trigger;
import io.kapsel.simulation.world.Trace;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The commands as they are typed, over real runs of a few small seeds. */
class SimulateTest {
  /** A run of a second or two. */
  private static final List<String> SMALL =
      List.of(
          "--profile",
          "endpoint",
          "--set",
          "webhooks=6",
          "--set",
          "load.seconds=10",
          "--set",
          "faults=1",
          "--set",
          "operator.orders=0");

  @TempDir Path folder;

  private record Ran(int exit, String out, String err) {
    List<String> lines() {
      return out.lines().toList();
    }
  }

  private static Ran run(List<String> arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int exit =
        Simulate.run(arguments.toArray(String[]::new), new PrintWriter(out), new PrintWriter(err));
    return new Ran(exit, out.toString(), err.toString());
  }

  private static Ran run(String... arguments) {
    return run(List.of(arguments));
  }

  private static Ran runSmall(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(SMALL);
    return run(all);
  }

  @Nested
  class ACampaign {
    @Test
    void plays_its_seeds_in_other_jvms_and_plays_some_again() throws IOException {
      Ran ran =
          runSmall("--seeds", "1..3", "--jobs", "1", "--recheck", "2", "--out", folder.toString());
      assertEquals(Exit.CLEAN, ran.exit, ran.out + ran.err);
      assertTrue(ran.lines().getFirst().startsWith("seeds 1..3 of commit "), ran.out);
      assertTrue(ran.lines().get(1).startsWith("3 seeds in "), ran.out);
      assertTrue(ran.out.contains("2 seeds were played again"), ran.out);
      assertEquals("CLEAN", ran.lines().getLast());
      try (Stream<Path> files = Files.list(folder)) {
        assertEquals(0, files.count(), "clean runs leave nothing");
      }
    }
  }

  @Nested
  class OneSeed {
    @Test
    void is_replayed_with_its_picture() throws IOException {
      Ran ran = runSmall("replay", "3", "--out", folder.toString());
      assertEquals(Exit.CLEAN, ran.exit, ran.out + ran.err);
      assertTrue(ran.lines().getFirst().startsWith("CLEAN: seed 3, profile endpoint"), ran.out);
      assertTrue(
          Files.readString(folder.resolve("seed-3.html")).contains("Seed 3, endpoint world"));
    }

    @Test
    void is_replayed_from_a_file_to_the_same_hash() throws IOException {
      Ran seed = runSmall("replay", "3", "--out", folder.toString());
      Scenario scenario =
          Scenario.of(3, Profile.ENDPOINT)
              .with("webhooks", "6")
              .with("load.seconds", "10")
              .with("faults", "1")
              .with("operator.orders", "0");
      Path file = folder.resolve("s.json");
      new ScenarioFile(scenario, List.of()).write(file);
      Ran again = run("replay", file.toString(), "--out", folder.toString());
      assertEquals(hash(seed), hash(again));
      new ScenarioFile(scenario.with("webhooks", "5").with(Plan.NONE), List.of()).write(file);
      assertTrue(
          !hash(seed).equals(hash(run("replay", file.toString(), "--out", folder.toString()))));
    }

    private static String hash(Ran ran) {
      return ran.out.substring(ran.out.indexOf("hash "));
    }

    @Test
    void is_the_same_in_another_jvm() {
      Ran ran = runSmall("determinism", "3");
      assertEquals(Exit.CLEAN, ran.exit, ran.out + ran.err);
      assertTrue(ran.lines().getLast().matches("IDENTICAL: [0-9,]+ events"), ran.out);
    }

    @Test
    void is_explained_webhook_by_webhook() {
      Ran ran = runSmall("explain", "3", "--webhook", "w1");
      assertEquals(Exit.CLEAN, ran.exit, ran.out + ran.err);
      assertTrue(ran.lines().getFirst().startsWith("w1 of seed 3"), ran.out);
      assertTrue(ran.out.contains("the sender posts w1 to "), ran.out);
      Ran unknown = runSmall("explain", "3", "--webhook", "w77");
      assertEquals(Exit.USAGE, unknown.exit);
      assertTrue(
          unknown.err.startsWith("there is no webhook 'w77' in this run; there are w"),
          unknown.err);
    }

    @Test
    void that_is_clean_cannot_be_shrunk() {
      Ran ran = runSmall("shrink", "3", "--to", folder.resolve("s.json").toString());
      assertEquals(Exit.CLEAN, ran.exit, ran.err);
      assertEquals("CLEAN: there is nothing to shrink.", ran.out.strip());
      assertTrue(Files.notExists(folder.resolve("s.json")));
    }
  }

  @Test
  void an_outage_is_rehearsed() throws IOException {
    Ran ran =
        run(
            "--profile",
            "destination",
            "--set",
            "webhooks=60",
            "--set",
            "load.seconds=10m",
            "--set",
            "destination.down.after.seconds=1m",
            "--set",
            "destination.down.seconds=2m",
            "--set",
            "retry.attempts.max=3",
            "--set",
            "circuit.failures=1000",
            "--set",
            "circuit.rate=1",
            "--out",
            folder.toString());
    assertEquals(Exit.CLEAN, ran.exit, ran.out + ran.err);
    assertTrue(ran.lines().getFirst().startsWith("An outage of 2 m: "), ran.out);
    assertTrue(ran.out.contains("  webhooks accepted                      60\n"), ran.out);
    assertTrue(Files.readString(folder.resolve("outage.html")).contains("An outage of 2 m"));
  }

  /** Sends 30 in ten minutes; the outage begins after one and outlasts them by two hours. */
  private Outage outlastingTheLoad(String... policy) {
    var options = new ScenarioOptions();
    List<String> all =
        new ArrayList<>(
            List.of(
                "--profile",
                "destination",
                "--set",
                "webhooks=30",
                "--set",
                "load.seconds=10m",
                "--set",
                "destination.down.after.seconds=1m",
                "--set",
                "destination.down.seconds=129m"));
    for (String each : policy) all.addAll(List.of("--set", each));
    new CommandLine(options)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .parseArgs(all.toArray(String[]::new));
    Result result = Run.play(options.scenario(1, ""), new Trace());
    assertEquals(List.of(), result.violations());
    return Outage.of(result);
  }

  @Nested
  class AnOutageThatOutlastsTheLoad {
    private static final long HOUR = 3_600_000_000_000L;

    @Test
    void keeps_webhooks_waiting_until_it_is_over() {
      Outage outage = outlastingTheLoad("retry.attempts.max=50");
      assertEquals(30, outage.delivered());
      assertTrue(outage.delayNanos(1) >= 2 * HOUR, outage.sentence());
      assertTrue(outage.firstDeliveryNanos() >= 0, outage.sentence());
      assertTrue(outage.waitingAtItsEnd() > 20, outage.sentence());
      assertTrue(outage.endNanos() > outage.downUntilNanos(), "the picture shows all of it");
    }

    @Test
    void makes_dead_letters_of_those_whose_attempts_end_before_it() {
      Outage outage =
          outlastingTheLoad("retry.attempts.max=3", "circuit.failures=1000", "circuit.rate=1");
      assertTrue(outage.deadLetters() > 20, outage.sentence());
      assertEquals(0, outage.waitingAtItsEnd());
      assertEquals(-1, outage.drainNanos());
      assertTrue(
          outage.sentence().endsWith(" become dead letters; none waited when it was over."),
          outage.sentence());
    }
  }

  @Nested
  class AWrongCommandLine {
    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        value = {
          "--seeds 9..1 | Invalid value for option '--seeds': the first seed is after the last: '9..1'",
          "--seeds all | Invalid value for option '--seeds': seeds look like 7 or 1..500, not 'all'",
          "--for 10 | Invalid value for option '--for': needs a unit: 90s, 10m, 8h, not '10'",
          "--nodes 12 | --nodes must be from 1 to 9",
          "--jobs 0 | --jobs must be from 1 to 256",
          "--set retry.atempts.max=3 | there is no option 'retry.atempts.max'; did you mean retry.attempts.max?",
          "--set webhooks=many | --set webhooks needs a whole number from 0 to 100000, not 'many'",
          "--set queue.max=-5 | --set queue.max needs a whole number from 1 to 10000000, not '-5'",
          "--set destination.trouble=7 | --set destination.trouble needs a number from 0 to 1, not '7'",
          "--set retry.attempts.max=0 | --set retry.attempts.max needs a whole number from 1 to 50, or varies, not '0'",
          "--set retry.schedule.millis=5s,soon | --set retry.schedule.millis needs up to 50 whole numbers from 0 to 86400000, with commas, or varies, not '5s,soon'",
          "--set interleaving=foo | --set interleaving needs one of UNIFORM, PRIORITIES, NEAR_FIFO, FIFO, STARVE, not 'foo'",
          "--set faults.kinds=crash,foo | --set faults.kinds needs some of CRASH, BOOT_LOOP, ",
          "--profile destination --set destination.down.behaviour=foo | --set destination.down.behaviour needs one of OK, OK_204, ",
          "--profile destination --set destination.down.seconds=100d | --set destination.down.seconds needs a whole number from 1 to 2592000, not '100d'",
          "--profile destination --set faults=3 | --set faults says nothing in --profile destination: ",
          "--set destination.down.seconds=20m | --set destination.down.seconds needs --profile destination",
          "replay 7 --set destination.down.seconds=20m | --set destination.down.seconds needs --profile destination",
          "--mutant none-such | there is no mutant 'none-such'",
          "replay here.json | 'here.json' is neither a seed nor a scenario file",
          "replay | Missing required parameter: 'SEED|FILE'",
          "sherlock 4 | Unmatched arguments"
        })
    void has_an_exit_code_of_its_own(String arguments, String message) {
      Ran ran = run(arguments.split(" "));
      assertEquals(Exit.USAGE, ran.exit, ran.err);
      assertTrue(ran.err.startsWith(message), ran.err);
      assertTrue(ran.err.contains("--help'."), ran.err);
      assertEquals("", ran.out);
    }

    @Test
    void names_a_place_that_cannot_be_written() throws IOException {
      Path file = Files.writeString(folder.resolve("file"), "");
      Ran ran = run("--seeds", "1", "--out", file.resolve("pictures").toString());
      assertEquals(Exit.USAGE, ran.exit, ran.err);
      assertTrue(ran.err.startsWith("cannot make the directory "), ran.err);
      Ran replay = runSmall("replay", "3", "--trace", file.resolve("t").toString());
      assertEquals(Exit.SOFTWARE, replay.exit, replay.err);
      assertTrue(replay.err.startsWith("failed: java.nio.file."), replay.err);
    }

    @Test
    void is_told_everything_at_once() {
      Ran ran = run("--set", "a=1", "--set", "b=2", "--nodes", "0");
      assertEquals(4, ran.err.lines().count(), ran.err);
    }
  }

  @Nested
  class AWrongScenarioFile {
    private Ran replay(Scenario scenario, String... more) throws IOException {
      Path file = folder.resolve("s.json");
      new ScenarioFile(scenario, List.of()).write(file);
      List<String> all = new ArrayList<>(List.of("replay", file.toString()));
      all.addAll(List.of(more));
      Ran ran = run(all);
      assertEquals(Exit.USAGE, ran.exit, ran.out + ran.err);
      assertEquals("", ran.out);
      assertTrue(ran.err.startsWith(file + ": "), ran.err);
      return ran;
    }

    @Test
    void is_refused_with_a_line_for_each_problem() throws IOException {
      Ran ran = replay(Scenario.of(3, Profile.ENDPOINT).with("nodez", "5").with("webhooks", "-1"));
      assertEquals(3, ran.err.lines().count(), ran.err);
      assertTrue(ran.err.contains("there is no option 'nodez'; did you mean nodes?\n"), ran.err);
    }

    @Test
    void may_become_wrong_by_what_is_set_over_it() throws IOException {
      Fault pause = new Fault(1, Fault.Kind.PAUSE, Trigger.at(9), "n2", 0, 9, "");
      Scenario scenario =
          Scenario.of(3, Profile.CLUSTER).with("nodes", "3").with(new Plan(List.of(pause)));
      Ran ran = replay(scenario, "--set", "nodes=1");
      assertTrue(
          ran.err.contains("plan: fault 1 (PAUSE): the target needs one of n1, not 'n2'"), ran.err);
    }

    @Test
    void names_a_mutant_that_there_is_not() throws IOException {
      Ran ran = replay(Scenario.of(3, Profile.ENDPOINT).withMutant("none-such"));
      assertTrue(ran.err.contains("there is no mutant 'none-such'"), ran.err);
    }
  }

  @Nested
  class APlantedBug {
    private final List<String> bug = List.of("--mutant", "timeout-is-success");

    private Ran runWithBug(String... arguments) {
      List<String> all = new ArrayList<>(List.of(arguments));
      all.addAll(bug);
      return run(all);
    }

    @Test
    void is_reported_kept_and_has_its_exit_code() throws IOException {
      Ran ran = runWithBug("replay", "1", "--out", folder.toString());
      assertEquals(Exit.SAFETY, ran.exit, ran.out + ran.err);
      assertTrue(ran.lines().getFirst().startsWith("S3 BROKEN: recorded as delivered"), ran.out);
      assertTrue(
          ran.lines().get(4).startsWith("  again    ./kapsel simulate replay 1 --mutant"), ran.out);
      assertTrue(Files.exists(folder.resolve("seed-1-timeout-is-success.html")));
      Path kept = folder.resolve("seed-1-timeout-is-success.json");
      assertEquals("S3", ScenarioFile.read(kept).violated().getFirst());
      assertEquals(Exit.SAFETY, run("replay", kept.toString(), "--out", folder.toString()).exit);
    }

    @Test
    void is_shrunk_beside_its_picture_and_not_into_the_regressions() throws IOException {
      String name = "s3-seed-1-timeout-is-success.json";
      Ran ran = runWithBug("shrink", "1", "--budget", "1s", "--out", folder.toString());
      assertEquals(Exit.SAFETY, ran.exit, ran.out + ran.err);
      ScenarioFile kept = ScenarioFile.read(folder.resolve(name));
      assertEquals("timeout-is-success", kept.scenario().mutant());
      assertTrue(Files.notExists(Places.regressions().resolve(name)));
    }

    @Test
    void is_found_by_the_hunt() {
      Ran ran = runWithBug("mutants", "--within", "60", "--searches", "1", "--jobs", "1");
      assertEquals(Exit.CLEAN, ran.exit, ran.out + ran.err);
      assertTrue(ran.lines().get(1).matches("timeout-is-success +(\\d+)  S3 \\1"), ran.out);
    }
  }

  @Test
  void options_shows_what_a_seed_draws() {
    Ran ran =
        run(
            "options",
            "7",
            "--set",
            "destination.down.seconds=20m",
            "--set",
            "interleaving=fifo",
            "--set",
            "retry.schedule.millis=5s,1m");
    assertEquals(Exit.CLEAN, ran.exit, ran.err);
    assertTrue(
        ran.out.lines().anyMatch(line -> line.matches("destination\\.down\\.seconds +1200 +1200")),
        ran.out);
    assertTrue(ran.out.lines().anyMatch(line -> line.matches("interleaving +FIFO .*")), ran.out);
    assertTrue(
        ran.out.lines().anyMatch(line -> line.matches("retry\\.schedule\\.millis +5000,60000 .*")),
        ran.out);
  }

  @Test
  void help_lists_the_commands_and_the_exit_codes() {
    Ran ran = run("--help");
    assertEquals(Exit.CLEAN, ran.exit);
    for (String command :
        List.of("replay", "shrink", "explain", "determinism", "coverage", "mutants", "options"))
      assertTrue(ran.out.contains("\n  " + command + " "), ran.out);
    assertTrue(ran.out.contains("\n  64   the command line is wrong"), ran.out);
    assertTrue(ran.out.lines().allMatch(line -> line.length() <= 100), ran.out);
  }
}
