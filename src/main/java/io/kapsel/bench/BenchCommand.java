package io.kapsel.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

@Command(
    name = "bench",
    description = "Measures a Kapsel that it starts for that, or one that runs.",
    footer = {
      "",
      "The exit code is 0 when every acknowledged webhook was accounted for, 1 when not or when",
      "something could not be measured, 2 for a wrong use. A missed target does not fail."
    },
    mixinStandardHelpOptions = true)
public final class BenchCommand implements Callable<Integer> {
  /** Where the launcher says that it is. */
  private static final String LAUNCHER = "kapsel.launcher";

  private static final int EXIT_WRONG = 1;

  /** A service takes 4,096, and its management needs some. */
  private static final int CONNECTIONS_MAX = 4_000;

  @Parameters(
      paramLabel = "SCENARIO",
      arity = "0..*",
      description = "What to measure, see --list (default: ingest end-to-end deliveries).",
      converter = ScenarioName.class)
  private List<Scenario> scenarios = List.of();

  @Option(names = "--list", description = "List the scenarios and do nothing else.")
  private boolean list;

  @Option(
      names = "--url",
      description = "Measure the service there instead of starting one. Needs --api-key.")
  private Optional<URI> url = Optional.empty();

  @Option(names = "--api-key", paramLabel = "kps_…", description = "For the service at --url.")
  private Optional<String> apiKey = Optional.empty();

  @Option(
      names = "--rate",
      paramLabel = "PER_SECOND",
      description = "Of open loops (default: the scenario's own).")
  private double rate = 0;

  @Option(names = "--connections", description = "To the service (default: ${DEFAULT-VALUE}).")
  private int connections = 256;

  @Option(names = "--endpoints", description = "How many (default: the scenario's own).")
  private int endpoints = 0;

  @Option(
      names = "--warm-up",
      paramLabel = "SECONDS",
      description = "Under load and not measured (default: ${DEFAULT-VALUE}).")
  private int warmUpSeconds = 25;

  @Option(
      names = "--measure",
      paramLabel = "SECONDS",
      description = "Of each measured load (default: 15, for soak until a million webhooks).")
  private Optional<Integer> measureSeconds = Optional.empty();

  @Option(
      names = "--runs",
      paramLabel = "N",
      description = "Run each scenario so often, and show medians (default: ${DEFAULT-VALUE}).")
  private int runs = 1;

  @Option(
      names = "--output",
      paramLabel = "DIRECTORY",
      description = "Where bench.json and bench.html go (default: none are written).")
  private Optional<Path> output = Optional.empty();

  @Option(
      names = "--check",
      description =
          "Measure shortly how ingest compares with akka-http doing nothing, and fail when it has"
              + " become a fifth slower than docs/bench-ratios.properties says.")
  private boolean check;

  @Option(names = "--store", description = "With --check: store what is measured.")
  private boolean store;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final String version;
  private final PrintStream screen;

  /**
   * @param version Kapsel's
   * @param screen for progress
   */
  public BenchCommand(String version, PrintStream screen) {
    this.version = version;
    this.screen = screen;
  }

  /** Names as they are listed. */
  static final class ScenarioName implements ITypeConverter<Scenario> {
    @Override
    public Scenario convert(String text) {
      for (Scenario scenario : Scenario.values())
        if (scenario.title().equals(text.toLowerCase(Locale.ROOT))) return scenario;
      throw new TypeConversionException(
          "'"
              + text
              + "' is no scenario; there are "
              + Arrays.stream(Scenario.values())
                  .map(Scenario::title)
                  .collect(Collectors.joining(", ")));
    }
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (list) {
      for (Scenario scenario : Scenario.values())
        out.printf("%-18s %s%n", scenario.title(), scenario.description());
      return 0;
    }
    checkUse();
    Path launcher = launcher();
    var bench = new Bench(options(), remote(), launcher, screen);
    Path home = Optional.ofNullable(launcher.toAbsolutePath().getParent()).orElse(launcher);
    Machine machine = Machine.here(version, home);
    if (check) return check(bench, home, machine);
    List<Scenario> chosen =
        scenarios.isEmpty()
            ? List.of(Scenario.INGEST, Scenario.END_TO_END, Scenario.DELIVERIES)
            : scenarios;
    List<Result> results = new ArrayList<>();
    boolean failed = false;
    for (Scenario scenario : chosen) {
      try {
        Result result = repeated(procedure(scenario), bench);
        TextReport.print(out, machine, result);
        results.add(result);
        failed |= !result.isCorrect();
      } catch (IOException | UncheckedIOException | SQLException unable) {
        spec.commandLine().getErr().println(scenario.title() + ": " + unable.getMessage());
        failed = true;
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        return EXIT_WRONG;
      }
    }
    write(machine, results);
    return failed ? EXIT_WRONG : 0;
  }

  private Result repeated(Bench.Procedure procedure, Bench bench)
      throws IOException, InterruptedException, SQLException {
    List<Result> results = new ArrayList<>();
    for (int run = 0; run < runs; run++) results.add(procedure.run(bench));
    return Result.medianOf(results);
  }

  private int check(Bench bench, Path home, Machine machine) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    double measured;
    try {
      measured = RegressionCheck.measure(bench);
    } catch (IOException | UncheckedIOException unable) {
      err.println("check: " + unable.getMessage());
      return EXIT_WRONG;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return EXIT_WRONG;
    }
    out.printf("ingest: %.3f of akka-http doing nothing%n", measured);
    if (store) {
      RegressionCheck.store(home, measured, machine);
      return 0;
    }
    Optional<Double> stored = RegressionCheck.stored(home);
    if (stored.isEmpty()) {
      err.println("No ratio is stored yet: kapsel bench --check --store");
      return EXIT_WRONG;
    }
    out.printf("stored: %.3f%n", stored.get());
    if (!RegressionCheck.isRegression(stored.get(), measured)) return 0;
    err.println("That is more than a fifth slower. If it is meant, store it: --check --store");
    return EXIT_WRONG;
  }

  private static Bench.Procedure procedure(Scenario scenario) {
    return switch (scenario) {
      case INGEST, INGEST_HOT, INGEST_KEYS, INGEST_64K, INGEST_10M -> IngestScenarios.of(scenario);
      case END_TO_END -> DeliveryScenarios.endToEnd(5, 4_000);
      case END_TO_END_SLOW -> DeliveryScenarios.endToEnd(200, 3_000);
      case DELIVERIES -> DeliveryScenarios.deliveries();
      case NOISY_NEIGHBOUR -> TroubleScenarios.noisyNeighbour();
      case CIRCUIT_STORM -> TroubleScenarios.circuitStorm();
      case SATURATION -> TroubleScenarios.saturation();
      case SOAK -> EnduranceScenarios.soak();
      case MEMORY -> EnduranceScenarios.memory();
      case RECOVERY -> LifeScenarios.recovery();
      case MANY_ENDPOINTS -> LifeScenarios.manyEndpoints();
      case START -> LifeScenarios.start();
    };
  }

  private void write(Machine machine, List<Result> results) throws IOException {
    if (output.isEmpty() || results.isEmpty()) return;
    Path directory = output.get();
    JsonReport.write(directory.resolve("bench.json"), machine, results);
    HtmlReport.write(directory.resolve("bench.html"), machine, results);
    spec.commandLine().getOut().println("\nSee " + directory.resolve("bench.html"));
  }

  private Bench.Options options() {
    return new Bench.Options(
        rate, connections, endpoints, 1_000L * warmUpSeconds, 1_000L * measureSeconds.orElse(0));
  }

  private void checkUse() {
    List<String> problems = new ArrayList<>();
    if (connections < 1 || connections > CONNECTIONS_MAX)
      problems.add("--connections must be from 1 to " + CONNECTIONS_MAX);
    if (!(rate >= 0) || rate > 1e6) problems.add("--rate must be from 0 to 1000000");
    if (endpoints < 0 || endpoints > 1_000_000)
      problems.add("--endpoints must be from 0 to 1000000");
    if (warmUpSeconds < 0 || warmUpSeconds > 3_600)
      problems.add("--warm-up must be from 0 to 3600 seconds");
    measureSeconds
        .filter(seconds -> seconds < 1 || seconds > 86_400)
        .ifPresent(wrong -> problems.add("--measure must be from 1 to 86400 seconds"));
    if (runs < 1 || runs > 100) problems.add("--runs must be from 1 to 100");
    url.ifPresent(
        given -> {
          if (!"http".equals(given.getScheme()) || given.getHost() == null)
            problems.add("--url must look like http://127.0.0.1:8080");
          if (apiKey.isEmpty()) problems.add("--url needs --api-key");
        });
    if (store && !check) problems.add("--store goes with --check");
    if (check && !scenarios.isEmpty()) problems.add("--check has a scenario of its own");
    if (check && url.isPresent()) problems.add("--check starts a service itself: no --url");
    if (endpoints == 1 && scenarios.contains(Scenario.NOISY_NEIGHBOUR))
      problems.add("noisy-neighbour needs at least 2 --endpoints");
    if (url.isEmpty() && apiKey.isPresent()) problems.add("--api-key goes with --url");
    if (problems.isEmpty()) output.flatMap(BenchCommand::notWritable).ifPresent(problems::add);
    if (!problems.isEmpty())
      throw new ParameterException(spec.commandLine(), String.join("\n", problems));
  }

  /** Found out before it is needed after an hour. */
  private static Optional<String> notWritable(Path directory) {
    try {
      Files.createDirectories(directory);
      if (Files.isWritable(directory)) return Optional.empty();
    } catch (IOException impossible) {
      // Said below.
    }
    return Optional.of("--output: nothing can be written to " + directory);
  }

  private Service.@Nullable Remote remote() {
    if (url.isEmpty()) return null;
    URI given = url.get();
    int port = given.getPort() < 0 ? 80 : given.getPort();
    return new Service.Remote(given.getHost() + ":" + port, apiKey.orElseThrow());
  }

  private Path launcher() {
    return Path.of(System.getProperty(LAUNCHER, "kapsel"));
  }
}
